"""The loss of the head `Joint`, with its gradient by hand."""

from typing import Any, NamedTuple

import torch
from jaxtyping import Bool, Float, Int
from torch import Tensor

from echoic.heads.blocks import blocks, mask_rectified
from echoic.ops import first_order, in_float32


class Slots(NamedTuple):
    """All choices of a batch of chords, one per row, chord by chord.

    `step`: index of the chord. `place`: number of notes chosen before. `last`: the lowest of them, or the number of
    notes for none. `choice`: the next note, or the number of notes for the end of the chord.
    """

    step: Int[Tensor, "slots"]
    place: Int[Tensor, "slots"]
    last: Int[Tensor, "slots"]
    choice: Int[Tensor, "slots"]

    def later(self) -> list[Tensor]:
        """The rows of the second choices of all chords, of the third, and so on."""
        most = int(self.place.max()) if len(self.place) else 0
        return [(self.place == place).nonzero()[:, 0] for place in range(1, most + 1)]


class ChordWeights(NamedTuple):
    """Weights by which a hidden vector reads the chosen notes and the last one, and those of the logits."""

    chosen: Float[Tensor, "hidden notes"]
    last: Float[Tensor, "notes+1 hidden"]
    logits: Float[Tensor, "notes+1 hidden"]
    logits_bias: Float[Tensor, "notes+1"]


class Kept(NamedTuple):
    """Hidden units that dropout keeps (None: all), and their factor."""

    units: Bool[Tensor, "slots hidden"] | None
    scale: float


def chord_nll(
    context: Float[Tensor, "chords hidden"],
    slots: Slots,
    weights: ChordWeights,
    kept: Kept,
    forbidden: Bool[Tensor, "notes+1 notes+1"],
) -> Float[Tensor, "chords"]:
    """Negative log-likelihood of each chord. `forbidden` masks the choices after each last note.

    First derivatives only, and not through torch.func. Block by block: layers of torch would write and read the hidden
    vectors of all choices eight times. What a chord has chosen is a running sum over its notes, not a product with a
    mask of them.
    """

    def nll(context: Tensor, *tensors: Tensor) -> Tensor:
        result: Tensor = _ChordLoss.apply(context, slots, kept, forbidden, *tensors)  # type: ignore[no-untyped-call]
        return result

    return in_float32(nll, context, *weights)


class _ChordLoss(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, context: Tensor, slots: Slots, kept: Kept, forbidden: Tensor, *tensors: Tensor) -> Tensor:
        weights = ChordWeights(*tensors)
        later = slots.later()
        hidden = _chosen(context, slots, weights.chosen, later)
        gradient = context.new_empty(len(hidden), len(weights.logits))
        scaled, nll = weights.logits * kept.scale, context.new_zeros(len(context))
        mask = torch.zeros_like(forbidden, dtype=context.dtype).masked_fill_(forbidden, -torch.inf)
        for rows in blocks(len(hidden)):
            step, last, units = slots.step[rows], slots.last[rows], hidden[rows]
            units.add_(weights.last.index_select(0, last)).relu_()
            if kept.units is not None:
                units.mul_(kept.units[rows])
            logits = torch.addmm(weights.logits_bias, units, scaled.t()).add_(mask.index_select(0, last))
            log_prob = logits.log_softmax(1)
            nll.index_add_(0, step, log_prob.gather(1, slots.choice[rows, None])[:, 0], alpha=-1)
            gradient[rows] = logits.softmax(1)
        gradient[torch.arange(len(gradient), device=gradient.device), slots.choice] -= 1
        ctx.save_for_backward(hidden, gradient, slots.step, slots.place, slots.last, scaled, *weights, *later)
        ctx.scale = kept.scale
        return nll

    @staticmethod
    @first_order
    def backward(ctx: Any, grad: Tensor) -> tuple[Any, ...]:
        hidden, gradient, step, place, last, scaled, *saved = ctx.saved_tensors
        sums, later = ChordWeights(*map(torch.zeros_like, saved[:4])), saved[4:]
        by_hidden = torch.empty_like(hidden)
        for rows in blocks(len(hidden)):
            by_logits, units = gradient[rows] * grad[step[rows], None], by_hidden[rows]
            sums.logits.addmm_(by_logits.t(), hidden[rows], alpha=ctx.scale)
            sums.logits_bias.add_(by_logits.sum(0))
            torch.mm(by_logits, scaled, out=units)
            # Both rectifier and dropout left zeros.
            mask_rectified(units, hidden[rows])
            sums.last.index_add_(0, last[rows], units)
        # The running sums reach all later choices.
        for rows in reversed(later):
            by_hidden.index_add_(0, rows - 1, by_hidden.index_select(0, rows))
        by_chosen = torch.zeros_like(sums.last).index_add_(0, last, by_hidden)[:-1]
        return by_hidden[place == 0], None, None, None, by_chosen.t(), *sums[1:]


def _chosen(context: Tensor, slots: Slots, weights: Tensor, later: list[Tensor]) -> Tensor:
    """What each choice knows of the hidden vector and of the notes chosen before, a new tensor."""
    notes = torch.cat([weights.t(), weights.new_zeros(1, len(weights))])
    hidden = notes.index_select(0, slots.last)
    hidden[slots.place == 0] = context
    for rows in later:
        hidden.index_add_(0, rows, hidden.index_select(0, rows - 1))
    return hidden
