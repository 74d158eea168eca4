"""Predictions of a trained run as a table."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from echoic.jobs.base import Fitted, Table
from echoic.jobs.map.codec import MapCodec
from echoic.jobs.map.reading import Inputs, inputs_to_predict
from echoic.jobs.map.run_network import INTERVALS, Output, predicted
from echoic.jobs.map.task import MapTask


def predict(fitted: Fitted[MapTask], data: Any) -> Table:
    """A row for each step of each series: unique_id, ds, a column for each target, and its intervals.

    `data` are inputs as in training, without targets; None: those of the test split. Heads with a distribution add
    columns such as `y-lo-80` and `y-hi-80`.

    Raises:
        DataError: the data cannot be read, or have other inputs.
    """
    tables = [_table(fitted, one) for one in inputs_to_predict(fitted.task, data)]
    return {name: np.concatenate([table[name] for table in tables]) for name in tables[0]}


def _table(fitted: Fitted[MapTask], one: Inputs) -> Table:
    codec = fitted.task.codec
    output = predicted(fitted.model, codec, one.encoded)
    steps = kept_steps(codec, one.begin, one.begin + len(one.encoded))
    table: Table = {"unique_id": np.full(len(steps), one.name, object), "ds": one.time.stamps(steps)}
    return table | columns_of(codec, output, steps - one.begin)


def columns_of(codec: MapCodec, output: Output, steps: NDArray[np.int64]) -> Table:
    """The predictions for `steps` by the names of the targets, with their intervals."""
    found: Table = {}
    for column, name in enumerate(codec.target_names):
        found[name] = output.mean[steps, column]
        for percent, low, high in zip(INTERVALS, output.low, output.high, strict=False):
            found |= {f"{name}-lo-{percent}": low[steps, column], f"{name}-hi-{percent}": high[steps, column]}
    return found


def kept_steps(codec: MapCodec, begin: int, end: int) -> NDArray[np.int64]:
    """The steps from `begin` up to `end` that have predictions."""
    first = begin + (codec.phase - begin) % codec.stride
    return np.arange(first, end, codec.stride)
