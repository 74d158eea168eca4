"""The kinds of entries in the tables of settings."""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import polars as pl
from numpy.typing import NDArray

Config = dict[str, Any]
"""Settings by name; a value of None leaves a setting out."""

MadeData = Path | str | NDArray[np.float32] | pl.DataFrame

DataMaker = Callable[[Path], MadeData]
"""Makes data, with its files in a folder."""

DERIVED = object()
"""The new value follows from the setting's type and its value in the base configuration."""


class Change(NamedTuple):
    """From a base configuration to a new value of one setting.

    `base` is added to the job's small configuration (or to `tiny`), where a value of None removes a setting.
    `data` makes the data; `base_fails` if they can be read with the new value only.
    """

    new: Any = DERIVED
    base: Mapping[str, Any] = {}
    data: DataMaker | None = None
    base_fails: bool = False
    tiny: Mapping[str, Any] | None = None


class Refused(NamedTuple):
    """The job never uses this setting, and says so."""

    value: Any
    message: str


class CheckedBy(NamedTuple):
    """The effect is not in weights, scores or files; a test of its own checks it."""

    node: str


Entry = Change | Refused | CheckedBy


class Idle(NamedTuple):
    """A setting that can do nothing in this configuration, and is refused."""

    job: str
    field: str
    value: Any
    base: Mapping[str, Any] = {}
    data: DataMaker | None = None
    tiny: Mapping[str, Any] | None = None
