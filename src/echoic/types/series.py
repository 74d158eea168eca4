"""Series and their covariates.

Nothing here imports torch: a mistyped path should not have to wait for it.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from echoic.errors import DataError
from echoic.types.annotations import Annotations, MusicInfo
from echoic.types.timebase import INDEX, TimeBase

Floats = NDArray[np.float32]
Values = NDArray[Any]
"""Numbers as precise as they were read: float64 in tables, float32 in sound and music, unsigned integers in text."""

Json = Mapping[str, Any]


def _empty_columns() -> Values:
    return np.zeros((0, 0), np.float32)


@dataclass(frozen=True, slots=True)
class Covariates:
    """Covariates of a series.

    `past` `(steps, past_names)` ends with the series; `future` `(steps + ahead, future_names)` may continue for as
    long as it is known; `static` `(static_names,)` never changes. Missing entries are NaN.
    """

    past: Values = field(default_factory=_empty_columns)
    past_names: tuple[str, ...] = ()
    future: Values = field(default_factory=_empty_columns)
    future_names: tuple[str, ...] = ()
    static: Values = field(default_factory=lambda: np.zeros(0, np.float32))
    static_names: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class TimedRows:
    """Rows at any time, in order, before they are combined to steps.

    `times` `(rows,)` are those of UTC if there is a zone; `cells` `(rows, columns)` are targets, past, future and
    static covariates.
    """

    times: NDArray[Any]
    cells: Values


@dataclass(frozen=True, slots=True)
class Series:
    """One sequence as read: `values` `(steps, features)`, NaN where a value is missing.

    Values of tables are in float64, because 1e9 + 5 has no digit left for the 5 in float32; code points of
    text are in the smallest unsigned integers that hold them, all others in float32. `rows` are those that were
    combined to steps, if any were: later ones may belong to the last step, too.

    Raises:
        DataError: the annotations do not fit the values.
    """

    name: str
    values: Values
    features: tuple[str, ...]
    time: TimeBase = INDEX
    covariates: Covariates = field(default_factory=Covariates)
    origin: str = ""
    annotations: Annotations = field(default_factory=Annotations)
    rows: TimedRows | None = None

    def __post_init__(self) -> None:
        self.annotations.check(self.origin or self.name, self.steps)

    @property
    def steps(self) -> int:
        """Number of steps, missing values included."""
        return len(self.values)


def sampling_rate(series: Series) -> int:
    """The sampling rate of sound in Hz.

    Raises:
        DataError: the series is not sound.
    """
    if series.annotations.rate_hz is None:
        raise DataError(f"{series.origin or series.name} has no sampling rate; give sound.")
    return series.annotations.rate_hz


def music_info(series: Series) -> MusicInfo:
    """The musical time of a piano-roll.

    Raises:
        DataError: the series is not music.
    """
    if series.annotations.music is None:
        raise DataError(f"{series.origin or series.name} is not music; give a MIDI file or a piano-roll.")
    return series.annotations.music
