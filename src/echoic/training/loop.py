"""The one training loop of every job."""

import contextlib
import time
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from typing import Any, NamedTuple, Protocol, final

import torch
from torch import Tensor

from echoic.config import TrainSettings
from echoic.errors import Interrupted, TrainingError
from echoic.model import SequenceModel
from echoic.run import Checkpoint, RunFolder
from echoic.tensors import Batch
from echoic.training.optimizer import (
    AveragedWeights,
    learning_rate,
    load_optimizer_tensors,
    make_optimizer,
    optimizer_tensors,
)
from echoic.training.stopping import Stop, stop_on_signals

MOST_SKIPPED = 20
"""Steps in a row that may have a non-finite loss or gradient before training gives up."""


class Batches(Protocol):
    """The batches of an epoch, the same for the same seed and epoch."""

    def __len__(self) -> int:
        """Batches in an epoch."""

    def epoch(self, seed: int, epoch: int, skip: int = 0) -> Iterator[Batch]:
        """The batches of an epoch from number `skip` on."""


class Progress(NamedTuple):
    """Where training stands: `done` is the share of the run that is over; losses are means per value."""

    epoch: int
    step: int
    done: float
    train_loss: float
    dev_loss: float | None
    best_dev_loss: float | None
    batches_per_s: float


class Outcome(NamedTuple):
    """What training came to."""

    steps: int
    epochs: int
    best_dev_loss: float
    best_step: int
    skipped_steps: int
    seconds: float
    stopped: str


@dataclass
class Position:
    """Where the loop stands; with the tensors of a checkpoint, all that the future depends on."""

    epoch: int = 0
    batch: int = 0
    step: int = 0
    seconds: float = 0.0
    loss_total: float = 0.0
    loss_values: int = 0
    best_dev_loss: float | None = None
    best_step: int = 0
    epochs_since_best: int = 0
    skipped: int = 0
    skipped_in_a_row: int = 0
    metrics_rows: int = 0


@contextlib.contextmanager
def isolated_randomness(seed: int) -> Iterator[None]:
    """Seeds torch's generator for the block and puts its state back after it: the caller's draws are not disturbed."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        yield


@contextlib.contextmanager
def thread_count(threads: int | None) -> Iterator[None]:
    """Sets torch's CPU threads for the block."""
    before = torch.get_num_threads()
    torch.set_num_threads(threads or before)
    try:
        yield
    finally:
        torch.set_num_threads(before)


@final
class Trainer:
    """Fits a model to batches, watched on dev, and keeps the run folder able to go on from any instant.

    With `settings.minutes` the run lasts that long, counted from `began` (`time.monotonic()`; by default now);
    otherwise it takes `settings.epochs` epochs at most.
    """

    def __init__(
        self,
        model: SequenceModel,
        train: Batches,
        dev: Batches | None,
        settings: TrainSettings,
        folder: RunFolder,
        on_progress: Callable[[Progress], None] = lambda _: None,
        began: float | None = None,
    ) -> None:
        self.model = model
        self.train = train
        self.dev = dev
        self.settings = settings
        self.folder = folder
        self.on_progress = on_progress
        self.budget_s = settings.minutes * 60 if settings.minutes else None
        self.optimizer = make_optimizer(model.parameters(), settings)
        self.average = AveragedWeights(model, settings.average) if settings.average else None
        self.at = Position()
        self.best: dict[str, Tensor] = {}
        self.rows: list[dict[str, Any]] = []
        self.carried: Tensor | None = None
        self.dev_seconds = 0.0
        self.dev_loss: float | None = None
        self._began = time.monotonic() if began is None else began
        self._session_steps = 0
        self._first_step = self._last_checkpoint = time.monotonic()

    def run(self) -> Outcome:
        """Trains to the end, from wherever the trainer stands.

        Raises:
            Interrupted: SIGINT or SIGTERM came; a checkpoint was written first.
            TrainingError: losses or gradients stay non-finite; the best weights so far are kept.
            RunError: the run folder cannot be written.
        """
        with thread_count(self.settings.threads), stop_on_signals() as stop:
            while (why := self._finished()) is None:
                if self.at.batch == len(self.train):
                    self._end_epoch()
                else:
                    self._train_epoch(stop)
                if stop.signal is not None:
                    self._interrupted(stop)
            if self.at.batch or not self.best:
                self._end_epoch()
            self.write_checkpoint()
        return Outcome(
            self.at.step,
            self.at.epoch,
            self.at.best_dev_loss if self.at.best_dev_loss is not None else float("nan"),
            self.at.best_step,
            self.at.skipped,
            self._elapsed(),
            why,
        )

    def write_checkpoint(self) -> None:
        """Saves metrics, best model and then everything that `restore` needs, so that the three always agree."""
        self.at.seconds = self._elapsed()
        self.folder.append_metrics(self.rows)
        self.at.metrics_rows += len(self.rows)
        self.rows = []
        self._write_best()
        tensors = {f"model.{name}": weight for name, weight in self.model.state_dict().items()}
        tensors |= {f"optimizer.{name}": tensor for name, tensor in optimizer_tensors(self.optimizer).items()}
        tensors |= {f"best.{name}": weight for name, weight in self.best.items()}
        tensors["random"] = torch.get_rng_state()
        if self.average:
            tensors |= {f"average.{name}": weight for name, weight in self.average.weights.items()}
        if self.carried is not None:
            tensors["carried"] = self.carried
        notes = asdict(self.at) | {"average_steps": self.average.steps if self.average else 0}
        self.folder.write_checkpoint(self.at.step, Checkpoint(tensors, notes))
        self._last_checkpoint = time.monotonic()

    def restore(self, checkpoint: Checkpoint) -> None:
        """Puts the trainer where it stood when `checkpoint` was written, the run folder included."""
        groups: dict[str, dict[str, Tensor]] = {}
        for name, tensor in checkpoint.tensors.items():
            group, _, rest = name.partition(".")
            groups.setdefault(group, {})[rest] = tensor
        notes: dict[str, Any] = dict(checkpoint.notes)
        average_steps = notes.pop("average_steps")
        self.at = Position(**notes)
        self.model.load_state_dict(groups["model"])
        load_optimizer_tensors(self.optimizer, groups.get("optimizer", {}))
        self.best = groups.get("best", {})
        if self.average:
            self.average.steps = average_steps
            self.average.weights = groups["average"]
        self.carried = groups["carried"][""] if "carried" in groups else None
        torch.set_rng_state(groups["random"][""])
        self.folder.keep_metrics(self.at.metrics_rows)
        self._write_best()
        self._began -= self.at.seconds

    def _write_best(self) -> None:
        if self.best:
            self.folder.write_model(self.best, {"step": self.at.best_step, "dev_loss": self.at.best_dev_loss})

    def _elapsed(self) -> float:
        return time.monotonic() - self._began

    def _done(self) -> float:
        """The share of the run that is over."""
        if self.budget_s is not None:
            return self._elapsed() / self.budget_s
        return self.at.step / (self.settings.epochs * len(self.train))

    def _finished(self) -> str | None:
        if self.budget_s is not None:
            # The last look at dev has to fit in as well.
            return "time is up" if self._elapsed() + self.dev_seconds >= self.budget_s else None
        if self.at.epoch >= self.settings.epochs:
            return "all epochs done"
        if self.at.epochs_since_best >= self.settings.patience:
            return f"no better dev loss for {self.settings.patience} epochs"
        return None

    def _train_epoch(self, stop: Stop) -> None:
        """Steps to the end of the epoch, or until something asks for a stop."""
        self.model.train()
        for batch in self.train.epoch(self.settings.seed, self.at.epoch, self.at.batch):
            self._step(batch)
            self.at.batch += 1
            self.at.step += 1
            self._session_steps += 1
            self.on_progress(self._progress())
            if stop.signal is not None or (self.budget_s is not None and self._finished()):
                return
            self._checkpoint_when_due()

    def _step(self, batch: Batch) -> None:
        """One update; if loss or gradient is not finite, none, and it is counted."""
        settings = self.settings
        done = self._done()
        for group in self.optimizer.param_groups:
            group["lr"] = learning_rate(settings, done)
        state = self.model.unpack(self.carried) if batch.carry and self.carried is not None else None
        if settings.input_noise:
            batch = batch._replace(inputs=batch.inputs + settings.input_noise * torch.randn_like(batch.inputs))
        if settings.feed_back:
            batch = self.model.fed_back(batch, settings.feed_back * min(done, 1.0), state, torch.default_generator)
        self.optimizer.zero_grad()
        loss = self.model.loss(batch, state)
        torch.autograd.backward(loss.total / max(loss.values, 1))
        norm = torch.nn.utils.clip_grad_norm_(self.model.parameters(), settings.clip)
        total = loss.total.item()
        if not (torch.isfinite(norm).item() and abs(total) < float("inf")):
            self._skip()
            return
        self.optimizer.step()
        if self.average:
            self.average.update()
        self.carried = self.model.pack(loss.state).detach()
        self.at.skipped_in_a_row = 0
        self.at.loss_total += total
        self.at.loss_values += loss.values

    def _skip(self) -> None:
        self.carried = None
        self.at.skipped += 1
        self.at.skipped_in_a_row += 1
        if self.at.skipped_in_a_row >= MOST_SKIPPED:
            raise TrainingError(
                f"Loss or gradient was not finite for {MOST_SKIPPED} steps in a row, at step {self.at.step}; the best "
                f"weights so far are kept in {self.folder.path}. Try a smaller --lr or --clip, or look at the data."
            )

    def _end_epoch(self) -> None:
        """Looks at dev, keeps the best weights and notes a row of metrics."""
        began = time.monotonic()
        live = self.average.weights if self.average else dict(self.model.named_parameters())
        weights = {name: weight.detach().clone() for name, weight in live.items()}
        train_loss = self.at.loss_total / max(self.at.loss_values, 1)
        self.dev_loss = None if self.dev is None else self._score_dev(weights, self.dev)
        self.dev_seconds = time.monotonic() - began
        self._keep_if_best(weights, train_loss if self.dev_loss is None else self.dev_loss)
        row = {"epoch": self.at.epoch, "step": self.at.step, "train_loss": train_loss, "dev_loss": self.dev_loss}
        self.rows.append(row | {"lr": self.optimizer.param_groups[0]["lr"], "skipped": self.at.skipped})
        self.on_progress(self._progress())
        self.at.epoch, self.at.batch, self.at.loss_total, self.at.loss_values = self.at.epoch + 1, 0, 0.0, 0
        self.carried = None
        self._checkpoint_when_due()

    def _keep_if_best(self, weights: dict[str, Tensor], loss: float) -> None:
        """Without a dev part the last weights are the best."""
        self.at.epochs_since_best += 1
        if self.dev is None or self.at.best_dev_loss is None or loss < self.at.best_dev_loss:
            self.at.best_dev_loss, self.at.best_step, self.at.epochs_since_best = loss, self.at.step, 0
            self.best = weights

    def _score_dev(self, weights: dict[str, Tensor], dev: Batches) -> float:
        """The dev loss per value of `weights`; the model's own weights are as before afterwards."""
        live = {name: weight.detach().clone() for name, weight in self.model.named_parameters()}
        self.model.load_state_dict(weights, strict=False)
        try:
            return dev_loss(self.model, dev)
        finally:
            self.model.load_state_dict(live, strict=False)

    def _checkpoint_when_due(self) -> None:
        if time.monotonic() - self._last_checkpoint > self.settings.checkpoint_seconds:
            self.write_checkpoint()

    def _progress(self) -> Progress:
        seconds = max(time.monotonic() - self._first_step, 1e-9)
        return Progress(
            self.at.epoch,
            self.at.step,
            min(self._done(), 1.0),
            self.at.loss_total / max(self.at.loss_values, 1),
            self.dev_loss,
            self.at.best_dev_loss,
            self._session_steps / seconds,
        )

    def _interrupted(self, stop: Stop) -> None:
        self.write_checkpoint()
        number = stop.signal
        if number is not None:
            raise Interrupted(
                f"Stopped by {number.name} after step {self.at.step}, and saved; go on with "
                f"`echoic train --resume {self.folder.path}`.",
                number,
            )


@torch.no_grad()
def dev_loss(model: SequenceModel, batches: Batches) -> float:
    """The mean loss per value over all batches, the state carried where they say so."""
    model.eval()
    total, values, state = 0.0, 0, None
    for batch in batches.epoch(0, 0):
        loss = model.loss(batch, state if batch.carry else None)
        total, values, state = total + loss.total.item(), values + loss.values, loss.state
    return total / max(values, 1)
