"""Use of a table of many series of which some cannot be used: the others are used without them."""

import warnings
from collections.abc import Callable, Sequence
from typing import Any, Generic, NamedTuple, TypeVar, get_args

from echoic import sources
from echoic.config.inputs import OnError
from echoic.config.table import TableSettings
from echoic.errors import ConfigError, DataError
from echoic.jobs.base import Fitted

T = TypeVar("T")


class Partial(NamedTuple, Generic[T]):
    """The result for the series that can be used (None: none of them), the errors of the others, and their number."""

    result: T | None
    failed: list[DataError]
    total: int


def use_all(fitted: Fitted[Any], data: Any, use: Callable[[Any], T], on_error: OnError) -> T:
    """`use(data)`; with "skip", if that fails, without the series of a table that cannot be used, and a warning.

    Raises:
        DataError: as `use` does, if no series can be used, or `on_error` is "stop".
    """
    try:
        return tried(use, data)
    except DataError as error:
        if on_error == "stop" or data is None:
            raise
        partial = use_parts(fitted, data, use, error)
        if partial.result is None:
            raise
    warn_of_failed(partial.failed, partial.total)
    return partial.result


def tried(use: Callable[[Any], T], data: Any) -> T:
    """`use(data)`; if that fails, what it has warned of is not shown, since what is tried next warns of it, too."""
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        result = use(data)
    for one in caught:
        warnings.warn_explicit(one.message, one.category, one.filename, one.lineno)
    return result


def use_parts(fitted: Fitted[Any], data: Any, use: Callable[[Any], T], error: DataError) -> Partial[T]:
    """The result for the series of `data` that allow it; `error` is that of all together."""
    parts = _parts(fitted, data)
    failed = dict[str, DataError]()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # the good ones are used again below
        for name, part in parts.items():
            try:
                use(part)
            except DataError as reason:
                failed[name] = DataError(f"{name}: {reason}")
    good = [part for name, part in parts.items() if name not in failed]
    if not good:
        return Partial(None, [error], 1)
    # Together again, so that the others are used as they would be without the failed ones.
    return Partial(use(sources.join_tables(good)), list(failed.values()), len(parts))


def warn_of_failed(failed: Sequence[DataError], total: int) -> None:
    """Warns of the number of files and series that could not be used, and of the reasons."""
    if failed:
        reasons = "".join(f"\n  {reason}" for reason in failed)
        warnings.warn(f"Skipped {len(failed)} of {total}:{reasons}", stacklevel=4)


def check_on_error(on_error: OnError) -> None:
    """Refuses anything but the two choices.

    Raises:
        ConfigError: `on_error` is something else.
    """
    if on_error not in get_args(OnError):
        raise ConfigError(f"`on_error` must be skip or stop, got {on_error!r}.")


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
