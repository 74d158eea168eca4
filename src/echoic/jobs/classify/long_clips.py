"""Networks over very long clips, in pieces."""

import numpy as np
import torch
from torch import Tensor

from echoic.cells import Bidirectional, IdentityStack
from echoic.model import SequenceModel
from echoic.readouts import Attention, Last, Mean
from echoic.streams.hidden import HiddenStream
from echoic.streams.pooling import RunningPooling

LONG_STEPS = 1 << 16
"""Steps from which a clip goes through the network in pieces: 11 minutes at 100 spectra a second."""

_PIECE_STEPS = 4096


def goes_in_pieces(model: SequenceModel, steps: Tensor) -> bool:
    """Whether a clip `(steps, values)` is very long, and the network reads it in one direction."""
    reads_ahead = isinstance(model.stack, Bidirectional | IdentityStack)
    return len(steps) >= LONG_STEPS and not reads_ahead and isinstance(model.readout, Last | Mean | Attention)


@torch.no_grad()
def head_parameters(model: SequenceModel, steps: Tensor) -> Tensor:
    """The head's parameters `(1, 1, features, parameters)` for a clip, in memory that does not depend on its length."""
    network, pooling = HiddenStream(model, steps.shape[1]), RunningPooling(model.readout)
    state, pooled = network.start(), pooling.start()
    # Clips are padded to whole steps of the network.
    padding = steps.new_zeros(network.missing_frames(state, len(steps)), steps.shape[1])
    for piece in (*torch.split(steps, _PIECE_STEPS), padding):
        (hidden,), (state,) = network.push_many([piece.numpy()], [state])
        pooled = pooling.push(hidden, pooled)
    params: Tensor = model.head(torch.from_numpy(np.asarray(pooling.pooled(pooled)))[None, None])
    return params
