"""The words that every part of echoic shares: a series and what is known beside it.

Nothing here imports torch: a mistyped path should not have to wait for it.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from echoic.types.timebase import INDEX, TimeBase

Floats = NDArray[np.float32]
Json = Mapping[str, Any]


def _empty_columns() -> Floats:
    return np.zeros((0, 0), np.float32)


@dataclass(frozen=True, slots=True)
class Covariates:
    """What is known beside the values of a series.

    `past` `(steps, past_names)` ends with the series; `future` `(steps + ahead, future_names)` may go on for as
    long as it is known; `static` `(static_names,)` never changes. Missing entries are NaN.
    """

    past: Floats = field(default_factory=_empty_columns)
    past_names: tuple[str, ...] = ()
    future: Floats = field(default_factory=_empty_columns)
    future_names: tuple[str, ...] = ()
    static: Floats = field(default_factory=lambda: np.zeros(0, np.float32))
    static_names: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Series:
    """One sequence as read: `values` `(steps, features)` in float32, NaN where a value is missing.

    `provenance` is what else its source knows of it, as plain JSON values: a song's tempo, the part it was given for.
    """

    name: str
    values: Floats
    features: tuple[str, ...]
    time: TimeBase = INDEX
    covariates: Covariates = field(default_factory=Covariates)
    origin: str = ""
    provenance: Json = field(default_factory=dict)

    @property
    def steps(self) -> int:
        """How many steps have values, missing ones included."""
        return len(self.values)
