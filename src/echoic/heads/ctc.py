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

Units = Float[Tensor, "batch units 1"]
"""Numbers of units, from 0."""


@final
class CTC(Categorical):
    """Texts of units with one class per step: a unit, or the blank (Graves 2006).

    Class 0 is the blank, class k the unit k - 1. An alignment is a class per step; its text is what remains when
    repeated classes become one and blanks are left out. `loss`, `mode` and `sample` are those of alignments, as of any
    categorical head; `text_loss` is that of texts: of all their alignments together.
    """

    def __init__(self, width: int, num_units: int) -> None:
        super().__init__(width, num_units + 1)

    def text_loss(
        self, params: Logits, steps: Int[Tensor, "batch"], units: Units, mask: Bool[Tensor, "batch units 1"]
    ) -> Float[Tensor, "batch"]:
        """The negative log-likelihood of each text; infinite where it has no alignment.

        Args:
            params: as `forward` returns them.
            steps: number of valid steps of each row.
            units: the units of each text, from 0.
            mask: the valid ones of them, which come first.
        """
        log_probs = params[:, :, 0].log_softmax(-1).transpose(0, 1)
        classes = units[..., 0].long() + 1
        return functional.ctc_loss(log_probs, classes, steps, mask[..., 0].sum(1), BLANK, reduction="none")


def steps_required(units: list[int]) -> int:
    """The fewest steps that a text has an alignment with: a step per unit, and a blank between equal ones."""
    return len(units) + sum(one == other for one, other in pairwise(units))


def collapsed(classes: Int[Tensor, "steps"]) -> list[int]:
    """The units of an alignment: repeated classes become one, and blanks are left out."""
    return [one - 1 for one in torch.unique_consecutive(classes).tolist() if one != BLANK]
