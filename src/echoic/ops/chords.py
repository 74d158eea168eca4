"""The joint distribution of a chord's notes packed for drawing in the loop of the step kernels."""

from typing import Any, NamedTuple

import torch
from jaxtyping import Float
from torch import Tensor

from echoic.ops.choice import kernel, native


class ChordWeights(NamedTuple):
    """Weights by which a chord is chosen note by note; the last row of three of them is the beginning or the end.

    `from_input` is what each note of the chord before adds to the hidden layer beside the network's outputs; None if
    the outputs say it all.
    """

    from_input: Float[Tensor, "notes hidden"] | None
    from_chosen: Float[Tensor, "notes hidden"]
    from_last: Float[Tensor, "notes+1 hidden"]
    logits: Float[Tensor, "notes+1 hidden"]
    logits_bias: Float[Tensor, "notes+1"]


def chord_head(weights: ChordWeights, per_pitch: int) -> Any:
    """Copies the weights into the layout of the step kernels: an `echoic._kernel.ChordHead`.

    Args:
        weights: on any device.
        per_pitch: notes of one pitch, at most one of which is in a chord.
    """
    tensors = [None if one is None else one.detach().to("cpu", torch.float32).contiguous() for one in weights]
    addresses = [0 if one is None else one.data_ptr() for one in tensors]
    notes, hidden = weights.from_chosen.shape
    return native.ChordHead(kernel(), notes, per_pitch, hidden, addresses)
