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


class Output(NamedTuple):
    """Predictions `(steps, targets)` in units of the data, and the bounds of each interval by its coverage."""

    mean: NDArray[np.float64]
    intervals: dict[int, tuple[NDArray[np.float64], NDArray[np.float64]]]


def predicted(model: SequenceModel, codec: MapCodec, inputs: Tensor) -> Output:
    """The predictions for encoded `inputs` `(steps, inputs)`, from the initial state on."""
    parts = [output_of(model, codec, params) for params in _params(model, inputs)]
    if not parts:
        parts = [output_of(model, codec, torch.zeros(1, 0, len(codec.target_names), 3))]
    bounds = {
        percent: (
            np.concatenate([one.intervals[percent][0] for one in parts]),
            np.concatenate([one.intervals[percent][1] for one in parts]),
        )
        for percent in parts[0].intervals
    }
    return Output(np.concatenate([one.mean for one in parts]), bounds)


def output_of(model: SequenceModel, codec: MapCodec, params: Tensor) -> Output:
    """The predictions of head parameters `(1, steps, targets, parameters)`."""
    head = model.head
    if not isinstance(head, ValueHead):
        raise TypeError("the map job has a head for real numbers")
    with torch.no_grad():
        bounds = {}
        if head.has_distribution:
            for percent in INTERVALS:
                levels = (100 - percent) / 200, 1 - (100 - percent) / 200
                low, high = (codec.decode(head.quantile(params, level)[0]) for level in levels)
                bounds[percent] = (low, high)
        return Output(codec.decode(head.mean(params)[0]), bounds)


def _params(model: SequenceModel, inputs: Tensor) -> Iterator[Tensor]:
    stream = NetworkStream(model)
    state = stream.start()
    for chunk in torch.split(inputs[None], CHUNK_STEPS, 1):
        if chunk.shape[1]:
            params, state = stream.push(chunk, state)
            yield params
