"""The trained network over whole signals, in chunks."""

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from echoic.heads import ValueHead
from echoic.jobs.map.codec import MapCodec
from echoic.model import SequenceModel
from echoic.streams import NetworkStream

CHUNK_STEPS = 8192

INTERVALS = (80, 95)
"""Coverages in percent of the intervals of heads with a distribution."""


Floats = NDArray[np.float64]


class Output(NamedTuple):
    """Predictions in units of the data.

    `mean` is `(steps, targets)`; `low` and `high` are the bounds of `INTERVALS`, `(intervals, steps, targets)`, without
    any for heads that have no distribution.
    """

    mean: Floats
    low: Floats
    high: Floats

    def after(self, begin: int) -> "Output":
        """The predictions from step `begin` on."""
        return Output(self.mean[begin:], self.low[:, begin:], self.high[:, begin:])


def predicted(model: SequenceModel, codec: MapCodec, inputs: Tensor) -> Output:
    """The predictions for encoded `inputs` `(steps, inputs)`, from the initial state on."""
    parts = [output_of(model, codec, params) for params in _params(model, inputs)]
    mean = np.concatenate([one.mean for one in parts])
    return Output(mean, *(np.concatenate([one[bound] for one in parts], 1) for bound in (1, 2)))


@torch.no_grad()
def output_of(model: SequenceModel, codec: MapCodec, params: Tensor) -> Output:
    """The predictions of head parameters `(1, steps, targets, parameters)`."""
    head = model.head
    if not isinstance(head, ValueHead):
        raise TypeError("the map job has a head for real numbers")
    mean = codec.decode(head.mean(params)[0])
    shape = (len(INTERVALS) if head.has_distribution else 0, *mean.shape)
    low, high = np.zeros(shape), np.zeros(shape)
    for number, percent in enumerate(INTERVALS if head.has_distribution else ()):
        level = (100 - percent) / 200
        low[number] = codec.decode(head.quantile(params, level)[0])
        high[number] = codec.decode(head.quantile(params, 1 - level)[0])
    return Output(mean, low, high)


def _params(model: SequenceModel, inputs: Tensor) -> Iterator[Tensor]:
    stream = NetworkStream(model)
    state = stream.start()
    for chunk in torch.split(inputs[None], CHUNK_STEPS, 1):
        params, state = stream.push(chunk, state)
        yield params
