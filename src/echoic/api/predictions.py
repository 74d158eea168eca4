"""Predictions for several files and series, of which some cannot be predicted."""

import warnings
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Literal, get_args

import numpy as np

from echoic import sources
from echoic.config.table import TableSettings
from echoic.errors import ConfigError, DataError
from echoic.jobs.base import Fitted, Table
from echoic.jobs.capabilities import Predicts
from echoic.progress import ProgressFn

OnError = Literal["skip", "stop"]


def predict_each(job: Predicts, fitted: Fitted[Any], data: Any, on_error: OnError, on_progress: ProgressFn) -> Table:
    """The predictions for `data`, or for each of a list of paths, in one table.

    With `on_error` "skip", files and the series of a table that cannot be predicted are left out, and a warning counts
    and lists them.

    Raises:
        DataError: none can be predicted, or one cannot and `on_error` is "stop".
        ConfigError: `on_error` is something else.
    """
    if on_error not in get_args(OnError):
        raise ConfigError(f"`on_error` must be skip or stop, got {on_error!r}.")
    is_list = isinstance(data, list | tuple) and data and all(isinstance(one, str | Path) for one in data)
    files: Sequence[Any] = data if is_list else [data]
    tables, skipped, total = list[Table](), list[DataError](), 0
    for number, one in enumerate(files, 1):
        try:
            tables.append(job.predict(fitted, one))
            total += 1
        except DataError as error:
            if on_error == "stop":
                raise
            table, failed, count = _series_by_series(job, fitted, one, error)
            tables += [] if table is None else [table]
            skipped += failed
            total += count
        on_progress(number, len(files))
    if not tables:
        raise skipped[0]
    if skipped:
        reasons = "".join(f"\n  {reason}" for reason in skipped)
        warnings.warn(f"Skipped {len(skipped)} of {total}:{reasons}", stacklevel=3)
    return concatenate(tables)


def concatenate(tables: Sequence[Table]) -> Table:
    """The rows of tables with the same columns, in one table."""
    return {name: np.concatenate([table[name] for table in tables]) for name in tables[0]}


def _series_by_series(
    job: Predicts, fitted: Fitted[Any], data: Any, error: DataError
) -> tuple[Table | None, list[DataError], int]:
    """The predictions for the series of `data` that allow it, the errors of the others, and the number of all."""
    parts = _parts(fitted, data)
    failed = dict[str, DataError]()
    for name, part in parts.items():
        try:
            job.predict(fitted, part)
        except DataError as reason:
            failed[name] = DataError(f"{name}: {reason}")
    good = [part for name, part in parts.items() if name not in failed]
    if not good:
        return None, [error], 1
    # Together again, so that the others are predicted as they would be without the failed ones.
    return job.predict(fitted, sources.join_tables(good)), list(failed.values()), len(parts)


def _parts(fitted: Fitted[Any], data: Any) -> dict[str, Any]:
    """The series of a table in the long format by name; empty for other data, and for a table that cannot be read."""
    settings = fitted.task.settings.data
    if data is None or not isinstance(settings, TableSettings):
        return {}
    try:
        parts = sources.split_table(data, settings)
    except DataError:
        return {}
    return parts if len(parts) > 1 else {}
