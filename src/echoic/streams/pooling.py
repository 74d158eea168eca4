"""Pooling of hidden vectors over time, chunk by chunk."""

from typing import NamedTuple, final

import numpy as np
import torch
from numpy.typing import NDArray

from echoic.errors import ConfigError
from echoic.readouts import Attention, Last, Mean, Readout
from echoic.types import Floats


class PoolingState(NamedTuple):
    """What is pooled so far.

    Attributes:
        peak: largest score of attention.
        weight: sum of the weights of all steps, relative to the weight at the peak.
        total: weighted sum `(hidden,)` of the hidden vectors.
    """

    peak: float
    weight: float
    total: NDArray[np.float64]


@final
class RunningPooling:
    """The readouts last, mean and attention over a sequence whose hidden vectors come chunk by chunk.

    Raises:
        ConfigError: another readout.
    """

    def __init__(self, readout: Readout) -> None:
        if not isinstance(readout, Last | Mean | Attention):
            raise ConfigError(f"A stream cannot pool by {type(readout).__name__}; train with --pooling mean.")
        self._readout = readout

    def start(self) -> PoolingState:
        """The state before the first step."""
        return PoolingState(-np.inf, 0.0, np.zeros(self._readout.output_size))

    @torch.no_grad()
    def push(self, hidden: Floats, state: PoolingState) -> PoolingState:
        """The state after the hidden vectors `(steps, hidden)`."""
        if not len(hidden):
            return state
        if isinstance(self._readout, Last):
            return PoolingState(0.0, 1.0, hidden[-1].astype(np.float64))
        scores = np.zeros(len(hidden))
        if isinstance(self._readout, Attention):
            scores = self._readout.scores(torch.from_numpy(hidden)).double().numpy()
        peak = max(state.peak, float(scores.max()))
        # Relative to the largest score, as in a numerically safe softmax.
        weights, before = np.exp(scores - peak), np.exp(state.peak - peak)
        total = before * state.total + weights @ hidden
        return PoolingState(peak, float(before * state.weight + weights.sum()), total)

    def pooled(self, state: PoolingState) -> Floats:
        """The pooled vector `(hidden,)` after at least one step."""
        return (state.total / state.weight).astype(np.float32)
