"""What a training changes, and how one step changes it."""

from collections.abc import Mapping
from typing import NamedTuple, final

import torch
from torch import Tensor

from echoic.config import TrainSettings
from echoic.distributed.gradients import add_up, same_weights
from echoic.distributed.ranks import ALONE, Ranks
from echoic.model import Loss, SequenceModel
from echoic.tensors import Batch, State
from echoic.training.averaging import EMA
from echoic.training.evaluating import EvalResult, evaluate
from echoic.training.optimizer import Optimizer
from echoic.training.records import Batches
from echoic.training.restored import like


class Outcome(NamedTuple):
    """The loss of a step summed over `num_values` values, and how many predictions were correct, as in `Loss`."""

    total: float
    num_values: int
    correct: int | None


@final
class Learner:
    """A model in training: its weights and their average, the optimizer, and the state carried to the next batch.

    Each of several `ranks` learns from its share of the rows of every batch; weights and random numbers are the same in
    all of them.
    """

    def __init__(self, model: SequenceModel, settings: TrainSettings, ranks: Ranks = ALONE) -> None:
        self.model = model
        self.settings = settings
        self.ranks = ranks
        self.device = torch.device(settings.device)
        model.to(self.device)
        same_weights(ranks, model)
        self.optimizer = Optimizer(model.parameters(), settings.optimizer, settings.weight_decay)
        self.ema = EMA(model, settings.ema_decay) if settings.ema_decay else None
        self.carried: Tensor | None = None
        self._share = ranks.share(0)

    def step(self, batch: Batch, lr: float, progress: float) -> Outcome | None:
        """One update with learning rate `lr`; None, without an update, if the loss or the gradient is not finite.

        `progress` is the completed fraction of the training.
        """
        batch = batch.to(self.device)
        if self.settings.input_noise_std:
            noise = self.settings.input_noise_std * torch.randn_like(batch.inputs)
            batch = batch._replace(inputs=batch.inputs + noise)
        num_values = int(batch.mask.sum())
        self._share = self.ranks.share(len(batch.inputs))
        self.optimizer.zero_grad()
        loss = self._loss(batch, progress)
        torch.autograd.backward(loss.total / max(num_values, 1))
        numbers = torch.stack([loss.total.detach(), loss.total.new_tensor(loss.correct or 0)])
        numbers = add_up(self.ranks, self._share, self.optimizer.parameters, numbers)
        norm = torch.nn.utils.clip_grad_norm_(self.optimizer.parameters, self.settings.grad_clip_norm)
        total, correct = numbers.tolist()
        if not (torch.isfinite(norm).item() and abs(total) < float("inf")):
            self.carried = None
            return None
        self.optimizer.step(lr)
        if self.ema:
            self.ema.update()
        self.carried = self.model.pack(loss.state).detach()
        return Outcome(total, num_values, None if loss.correct is None else int(correct))

    def _loss(self, batch: Batch, progress: float) -> Loss:
        """The loss of this process's share of a batch."""
        part, state = self._share.of(batch), self._state_before(batch)
        prob = self.settings.scheduled_sampling * min(progress, 1.0)
        with self.ranks.splitting(self._share):
            if self.settings.scheduled_sampling:
                part = self.model.scheduled_sampling(part, prob, state, torch.default_generator)
            with torch.autocast(self.device.type, torch.bfloat16, enabled=self.settings.precision == "bf16"):
                return self.model.loss(part, state, progress)

    def _state_before(self, batch: Batch) -> State | None:
        return self.model.unpack(self.carried) if batch.carry and self.carried is not None else None

    def weights(self) -> dict[str, Tensor]:
        """A copy of the weights to evaluate: the averaged ones, with an EMA."""
        current = self.ema.weights if self.ema else dict(self.model.named_parameters())
        return {name: weight.detach().clone() for name, weight in current.items()}

    def evaluate(self, weights: Mapping[str, Tensor], batches: Batches) -> EvalResult:
        """Evaluates the model with `weights`; it has its own again afterwards, and is no longer in training mode."""
        current = {name: weight.detach().clone() for name, weight in self.model.named_parameters()}
        self.model.load_state_dict(weights, strict=False)
        try:
            return evaluate(self.model, batches, self.ranks)
        finally:
            self.model.load_state_dict(current, strict=False)

    def tensors(self) -> dict[str, Tensor]:
        """All of it and the random state under flat names, for a checkpoint: that of a single process."""
        tensors = {f"model.{name}": weight for name, weight in self.model.state_dict().items()}
        tensors |= {f"optimizer.{name}": tensor for name, tensor in self.optimizer.tensors().items()}
        tensors["random"] = torch.get_rng_state()
        if self.device.type == "cuda":
            tensors["random_cuda"] = torch.cuda.get_rng_state(self.device)
        if self.ema:
            tensors |= {f"ema.{name}": weight for name, weight in self.ema.weights.items()}
        if self.carried is not None:
            tensors["carried"] = self.carried if self._share.is_whole else self.ranks.gather(self.carried)
        return tensors

    def load(self, groups: Mapping[str, Mapping[str, Tensor]], ema_steps: int, next_batch: Batch | None) -> None:
        """Restores what `tensors` returned, grouped by the first part of the names.

        Args:
            groups: the tensors; that of a name of one part has the name "".
            ema_steps: number of steps that the average has seen.
            next_batch: the batch that a carried state is for; None at the end of an epoch.

        Raises:
            ValueError: the tensors are those of another network or optimizer, or of other batches.
        """
        self.model.load_state_dict(groups["model"])
        self.optimizer.load(groups.get("optimizer", {}))
        if self.ema:
            self.ema.steps = ema_steps
            # In the order of the model: `update` pairs by position, and a file has its own order.
            self.ema.weights = like(dict(self.model.named_parameters()), groups["ema"], "ema")
        self.carried = self._own_share(groups["carried"][""], next_batch) if "carried" in groups else None
        torch.set_rng_state(groups["random"][""])
        if "random_cuda" in groups:
            torch.cuda.set_rng_state(groups["random_cuda"][""], self.device)

    def _own_share(self, state: Tensor, next_batch: Batch | None) -> Tensor:
        """This process's rows of the packed state at the end of the last batch.

        Raises:
            ValueError: the state is not one of the next batch's rows.
        """
        if next_batch is not None and next_batch.carry:
            rows = len(next_batch.inputs)
            like({"": self.model.pack(self.model.initial_state(rows))}, {"": state}, "carried")
        self._share = self.ranks.share(len(state))
        return state[self._share.begin : self._share.end].to(self.device)
