"""A sequence model of encoder, recurrent layers, readout and head, whose state is a value."""

from typing import NamedTuple, final

import torch
from torch import Tensor, nn

from echoic.cells import Bidirectional, IdentityStack, NetworkStack, Stack
from echoic.encoders import Encoder
from echoic.heads import CTC, Head
from echoic.readouts import Readout, ReadoutInputs
from echoic.split_batch import gather, place
from echoic.tensors import Batch, State


class Loss(NamedTuple):
    """The differentiable loss summed over `num_values` values, and the state after the last step.

    `correct` is the number of correct predictions of heads that predict symbols; None for others.
    """

    total: Tensor
    num_values: int
    state: State
    correct: int | None = None


@final
class SequenceModel(nn.Module):
    """`y, state = model(x, state)`: every call takes the state and returns the new one; none is stored in the model.

    Results do not depend on how a sequence is cut into calls, up to float32 rounding (1e-5).
    """

    def __init__(
        self,
        encoder: Encoder,
        stack: Stack | Bidirectional | IdentityStack | NetworkStack,
        readout: Readout,
        head: Head,
    ) -> None:
        super().__init__()
        self.encoder = encoder
        self.stack = stack
        self.readout = readout
        self.head = head

    @property
    def state_size(self) -> int:
        """Number of values in the state of one row."""
        return self.stack.state_size

    def initial_state(self, batch: int) -> State:
        """The state before the first step of `batch` rows."""
        return self.stack.initial_state(batch)

    def pack(self, state: State) -> Tensor:
        """The state as one matrix `(batch, state_size)`."""
        return self.stack.pack(state)

    def unpack(self, matrix: Tensor) -> State:
        """The exact inverse of `pack`, for any batch size.

        Raises:
            ShapeError: the width of the matrix is not `state_size`.
        """
        return self.stack.unpack(matrix)

    def forward(
        self,
        x: Tensor,
        state: State | None = None,
        ids: Tensor | None = None,
        future_covariates: Tensor | None = None,
        lengths: Tensor | None = None,
    ) -> tuple[Tensor, State]:
        """Head parameters `(batch, samples, features, parameters)` for `x` `(batch, steps, width)`, and the state.

        Without `state` the sequence starts at the initial state. `ids`, `future_covariates` and `lengths` are as in
        `Batch`.
        """
        head_inputs, state = self._head_inputs(x, state, ids, future_covariates, lengths)
        return self.head(head_inputs), state

    def _head_inputs(
        self,
        x: Tensor,
        state: State | None,
        ids: Tensor | None,
        future_covariates: Tensor | None,
        lengths: Tensor | None,
    ) -> tuple[Tensor, State]:
        """Inputs of the head `(batch, head_inputs, width)`, and the state."""
        if state is None:
            state = self.initial_state(len(x))
        encoded = self.encoder(x)
        valid_lengths = None if lengths is None else self.encoder.output_lengths(lengths)
        hidden, state = self.stack(encoded, state, valid_lengths)
        head_inputs: Tensor = self.readout(
            ReadoutInputs(encoded, hidden, state, self._stateful_layers, ids, future_covariates, valid_lengths)
        )
        return head_inputs, state

    @property
    def _stateful_layers(self) -> Stack | None:
        """The recurrent layers, if they can start from a given state; otherwise None."""
        return self.stack if isinstance(self.stack, Stack) else None

    def step(self, x_t: Tensor, state: State) -> tuple[Tensor, State]:
        """One step: head parameters `(batch, samples, features, parameters)` for `x_t` `(batch, width)`."""
        return self.forward(x_t[:, None], state)

    def loss(self, batch: Batch, state: State | None = None, progress: float = 1.0) -> Loss:
        """The loss summed over the values with a true `batch.mask`.

        `progress` is the completed fraction of training, for heads whose loss changes with it.
        """
        head_inputs, after = self._head_inputs(batch.inputs, state, batch.ids, batch.future_covariates, batch.lengths)
        if isinstance(self.head, CTC):
            return self._text_loss(self.head, batch, head_inputs, after, progress)
        mask = batch.mask
        # The loss of a masked value may overflow, and infinity times zero is NaN.
        targets = batch.targets.masked_fill(~mask, 0.0)
        valid = mask.any(-1)
        is_stepwise = self.head.outputs_per_step == 1 and self.head.loss_is_stepwise
        if valid.shape == head_inputs.shape[:2] and is_stepwise and not valid.all():
            head_inputs, targets, mask = _valid_steps(valid, head_inputs, targets, mask)
        params = self.head(head_inputs)[:, : targets.shape[1]]
        losses = self.head.loss(params, targets)
        correct = self.head.correct(params.detach(), targets)
        num_correct = None if correct is None else int((correct & mask).sum())
        return Loss((losses * mask).sum(), int(mask.sum()), after, num_correct)

    def _text_loss(self, head: CTC, batch: Batch, head_inputs: Tensor, after: State, progress: float) -> Loss:
        """The loss of whole texts, summed over their units: targets are units, not steps."""
        steps = batch.mask.new_full((len(batch.inputs),), batch.inputs.shape[1], dtype=torch.long)
        steps = self.encoder.output_lengths(steps if batch.lengths is None else batch.lengths)
        losses = head.text_loss(head(head_inputs), steps, batch.targets, batch.mask, progress)
        return Loss(losses.sum(), int(batch.mask.sum()), after)

    def scheduled_sampling(self, batch: Batch, prob: float, state: State | None, generator: torch.Generator) -> Batch:
        """Replaces each input by the model's own prediction with probability `prob`.

        Scheduled sampling (Bengio 2015) in its parallel form (Mihaylova 2019): predictions come from one pass over
        the true inputs.
        """
        with torch.no_grad():
            params, _ = self.forward(batch.inputs, state, batch.ids, batch.future_covariates)
            predicted = params[:, :-1]
            rows = place(len(predicted))
            all_replaced = torch.rand((rows.total, predicted.shape[1]), generator=generator) < prob
            if not all_replaced.any():
                return batch
            replaced = rows.of(all_replaced)
            # Sampling an audio frame is slow, so only replaced steps are sampled.
            to_sample = predicted[replaced]
            sampled = self.head.sample(gather(to_sample)[:, None], generator)[:, 0]
            sampled = place(len(to_sample)).of(sampled)
        inputs = batch.inputs.clone()
        inputs[:, 1:, : sampled.shape[-1]][replaced] = sampled
        return batch._replace(inputs=inputs)


def _valid_steps(valid: Tensor, *parts: Tensor) -> list[Tensor]:
    """The valid steps of tensors `(batch, steps, width)`, since some heads are expensive.

    Steps before the first that is valid in any row, such as a burn-in, are cut off, which costs next to nothing.
    """
    steps = valid.any(0).nonzero()
    begin, end = (int(steps[0]), int(steps[-1]) + 1) if len(steps) else (0, 0)
    valid, *parts_cut = (one[:, begin:end] for one in (valid, *parts))
    return parts_cut if valid.all() else [part[valid][None] for part in parts_cut]
