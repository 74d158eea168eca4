"""Predictions for several files and series, of which some cannot be predicted."""

import warnings
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from echoic.api.names import told_apart
from echoic.api.usable_parts import tried, use_parts, warn_of_failed
from echoic.config.inputs import OnError
from echoic.errors import DataError
from echoic.jobs.base import Fitted, Table
from echoic.jobs.capabilities import ChecksNewData, Predicts
from echoic.progress import ProgressFn


def predict_each(job: Predicts, fitted: Fitted[Any], data: Any, on_error: OnError, on_progress: ProgressFn) -> Table:
    """The predictions for `data`, or for each of a list of paths, in one table, whose rows tell the files apart.

    With `on_error` "skip", files and the series of a table that cannot be predicted are left out, and a warning counts
    and lists them.

    Raises:
        DataError: none can be predicted, or one cannot and `on_error` is "stop".
    """
    is_list = isinstance(data, list | tuple) and data and all(isinstance(one, str | Path) for one in data)
    files: Sequence[Any] = data if is_list else [data]
    for note in job.notes_on_new(fitted, files) if isinstance(job, ChecksNewData) else ():
        warnings.warn(note, stacklevel=3)
    predicted, tables, skipped, total = list[Any](), list[Table](), list[DataError](), 0
    for number, one in enumerate(files, 1):
        try:
            tables.append(tried(lambda data: job.predict(fitted, data), one))
            predicted.append(one)
            total += 1
        except DataError as error:
            if on_error == "stop":
                raise
            partial = use_parts(fitted, one, lambda part: job.predict(fitted, part), error)
            tables += [] if partial.result is None else [partial.result]
            predicted += [] if partial.result is None else [one]
            skipped += partial.failed
            total += partial.total
        on_progress(number, len(files))
    if not tables:
        raise skipped[0]
    warn_of_failed(skipped, total)
    return concatenate(told_apart(predicted, tables))


def concatenate(tables: Sequence[Table]) -> Table:
    """The rows of tables with the same columns, in one table."""
    return {name: np.concatenate([table[name] for table in tables]) for name in tables[0]}
