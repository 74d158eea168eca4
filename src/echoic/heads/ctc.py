"""Sequences of units in any alignment with the steps: connectionist temporal classification."""

from itertools import pairwise
from typing import final

import torch
from jaxtyping import Bool, Float, Int
from torch import Tensor
from torch.nn import functional

from echoic.heads.categorical import Categorical, Logits

BLANK = 0
"""The class of a step that adds no unit."""

_EARLY_UNITS = 0.5
"""Of the steps that a unit of a text takes on average, those at the beginning that early blanks keep free of units."""

_IMPOSSIBLE = -1e4
"""The log-probability of a unit that is not allowed; finite, so that gradients are."""

Units = Float[Tensor, "batch units 1"]
"""Numbers of units, from 0."""


@final
class CTC(Categorical):
    """Texts of units with one class per step: a unit, or the blank (Graves 2006).

    Class 0 is the blank, class k the unit k - 1. An alignment is a class per step; its text is what remains when
    repeated classes become one and blanks are left out. `loss`, `mode` and `sample` are those of alignments, as of any
    categorical head; `text_loss` is that of texts: of all their alignments together.

    A network that reads in one direction can write a unit before anything of it can be known. It soon does: the
    frequencies of units in the first step, and blanks afterwards. The loss hardly leads away from that, since
    alignments with later units need a blank in the first step, which has become improbable. Early blanks prevent it:
    at the beginning of training only alignments count that begin with blanks.

    Args:
        width: size of the vectors.
        num_units: number of different units.
        early_blanks: the fraction of training in which early blanks are required.
    """

    def __init__(self, width: int, num_units: int, early_blanks: float = 0.0) -> None:
        super().__init__(width, num_units + 1)
        self.curriculum_fraction = early_blanks

    def text_loss(
        self,
        params: Logits,
        steps: Int[Tensor, "batch"],
        units: Units,
        mask: Bool[Tensor, "batch units 1"],
        progress: float = 1.0,
    ) -> Float[Tensor, "batch"]:
        """The negative log-likelihood of each text; infinite where it has no alignment.

        Args:
            params: as `forward` returns them.
            steps: number of valid steps of each row.
            units: the units of each text, from 0.
            mask: the valid ones of them, which come first.
            progress: completed fraction of training.
        """
        log_probs = params[:, :, 0].log_softmax(-1)
        classes, lengths = units[..., 0].long() + 1, mask[..., 0].sum(1)
        if progress < self.curriculum_fraction:
            log_probs = _beginning_with_blanks(log_probs, _early_steps(classes, lengths, steps))
        return functional.ctc_loss(log_probs.transpose(0, 1), classes, steps, lengths, BLANK, reduction="none")


def _early_steps(
    classes: Int[Tensor, "batch units"], lengths: Int[Tensor, "batch"], steps: Int[Tensor, "batch"]
) -> Int[Tensor, "batch"]:
    """Number of steps before the first unit of each text: as many as leave it an alignment at the most."""
    valid = torch.arange(classes.shape[1], device=lengths.device)[1:] < lengths[:, None]
    repeats = ((classes[:, 1:] == classes[:, :-1]) & valid).sum(1)
    early = (_EARLY_UNITS * steps / lengths.clamp(min=1)).long()
    return torch.minimum(early, (steps - lengths - repeats).clamp(min=0))


def _beginning_with_blanks(
    log_probs: Float[Tensor, "batch steps classes"], early_steps: Int[Tensor, "batch"]
) -> Float[Tensor, "batch steps classes"]:
    """Without units in the first steps of each row; the blanks there keep their probability, and its gradient."""
    is_early = torch.arange(log_probs.shape[1], device=early_steps.device) < early_steps[:, None]
    units = log_probs[..., 1:].masked_fill(is_early[..., None], _IMPOSSIBLE)
    return torch.cat([log_probs[..., :1], units], -1)


def steps_required(units: list[int]) -> int:
    """The fewest steps that a text has an alignment with: a step per unit, and a blank between equal ones."""
    return len(units) + sum(one == other for one, other in pairwise(units))


def collapsed(classes: Int[Tensor, "steps"]) -> list[int]:
    """The units of an alignment: repeated classes become one, and blanks are left out."""
    return [one - 1 for one in torch.unique_consecutive(classes).tolist() if one != BLANK]
