"""Pairs of named arrays in NumPy's .npz and in HDF5 files."""

import struct
import zipfile
import zlib
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from echoic.config.base import suggestion
from echoic.config.map import MapDataSettings
from echoic.errors import DataError
from echoic.extras import LazyModule
from echoic.sources.base import Dataset
from echoic.sources.pairs import ReadPairs, with_dev_and_test
from echoic.sources.pairs.joining import Signal, distinct, join, numbered
from echoic.types import Annotations, Values

if TYPE_CHECKING:
    import h5py
else:
    h5py = LazyModule("h5py")

_DAMAGE = (
    OSError,
    ValueError,
    TypeError,
    EOFError,
    KeyError,
    RuntimeError,
    MemoryError,
    struct.error,
    zlib.error,
    zipfile.BadZipFile,
)
"""What NumPy and h5py raise for damaged files."""

HDF5 = (".hdf5", ".h5", ".hdf")
ENDINGS = (".npz", *HDF5)


def read(data: Any, settings: MapDataSettings) -> Dataset:
    """The named arrays `(steps,)`, `(steps, features)` or `(series, steps, features)` as series.

    Raises:
        DataError: the file cannot be read, or an array is missing or no signal.
    """
    return with_dev_and_test(data, settings, read_pairs)


def read_pairs(place: Path, settings: MapDataSettings) -> ReadPairs:
    """The pairs of one file."""
    with opened(place) as arrays:
        targets = _chosen(arrays, settings.targets, place, "targets")
        rest = [name for name in arrays if name not in targets]
        inputs = _chosen(arrays, settings.inputs or rest, place, "inputs")
        distinct(inputs, targets, str(place))
        pairs = zip(_signals(arrays, inputs, place), _signals(arrays, targets, place), strict=True)
        joined = [
            join(name, one, other, _annotations(settings))
            for name, (one, other) in zip(names_of(place), pairs, strict=False)
        ]
    notes = dict.fromkeys(note for one in joined for note in one.notes)
    return ReadPairs([one.series for one in joined], tuple(notes))


def read_inputs(place: Path, names: tuple[str, ...]) -> list[Signal]:
    """The inputs of every series of a file, by the names of the arrays or of their columns.

    Raises:
        DataError: as for `read`.
    """
    with opened(place) as arrays:
        return _signals(arrays, _chosen(arrays, names, place, "inputs"), place)


@contextmanager
def opened(place: Path) -> Iterator[Mapping[str, Any]]:
    """The arrays of a file by name.

    Raises:
        DataError: it is missing, damaged, or of another format.
    """
    if not place.exists():
        raise DataError(f"{place}: no such file; check the name.")
    if not place.is_file():
        raise DataError(f"{place} is not a file; give a .npz or .hdf5 file.")
    try:
        if place.suffix.lower() in HDF5:
            with h5py.File(place, "r") as file:
                yield {name: file[name] for name in _datasets(file)}
        else:
            with place.open("rb") as raw, np.load(raw, allow_pickle=False) as file:
                yield dict(file)
    except DataError:
        raise
    except _DAMAGE as error:
        reason = str(error).splitlines()[0][:120] if str(error) else type(error).__name__
        raise DataError(f"{place} cannot be read ({reason}); write or copy the file again.") from None


def _datasets(file: Any) -> list[str]:
    """The names of all datasets, also those in groups."""
    found = list[str]()
    file.visititems(lambda name, item: found.append(name) if hasattr(item, "shape") else None)
    return found


def _chosen(arrays: Mapping[str, Any], names: Any, place: Path, role: str) -> list[str]:
    """The arrays of these names; a column such as `u1` belongs to the array `u`."""
    known = ", ".join(list(arrays)[:8])
    if not names:
        raise DataError(f"{place}: name the {role} with --{role}; there are {known or 'no arrays'}.")
    found = list[str]()
    for name in names:
        own = name if name in arrays else name.rstrip("0123456789")
        if own not in arrays:
            raise DataError(f"{place}: no array {name!r}{suggestion(name, arrays) or f'; there are {known}'}.")
        if own not in found:
            found.append(own)
    return found


def _signals(arrays: Mapping[str, Any], names: list[str], place: Path) -> list[Signal]:
    """One signal per series, of all arrays side by side."""
    columns = list[list[Values]]()
    labels = list[str]()
    for name in names:
        series = _as_series(arrays[name], f"{place}, {name}")
        labels += numbered(name, series[0].shape[1])
        columns.append(series)
    lengths = {tuple(map(len, series)) for series in columns}
    if len(lengths) > 1:
        raise DataError(f"{place}: the arrays {', '.join(names)} differ in their steps; give arrays of one length.")
    return [Signal(np.concatenate(parts, 1), tuple(labels), str(place)) for parts in zip(*columns, strict=True)]


def _as_series(array: Any, place: str) -> list[Values]:
    """The series `(steps, features)` of an array."""
    values = np.asarray(array)
    if values.dtype.kind not in "biuf" or values.ndim not in (1, 2, 3) or not values.size:
        raise DataError(
            f"{place} must be numbers of the shape (steps,), (steps, features) or (series, steps, features), got "
            f"{values.dtype} {values.shape}; save it so."
        )
    if np.isinf(values).any():
        raise DataError(f"{place} has infinite values; correct them or use NaN.")
    precise = values.astype(np.float32 if values.dtype == np.float32 else np.float64)
    if precise.ndim == 3:
        return list(precise)
    if precise.ndim == 2 and precise.shape[0] == 1:
        precise = precise.T  # a row of MATLAB
    return [precise.reshape(len(precise), -1)]


def names_of(place: Path) -> Iterator[str]:
    """The name of the file, then numbers."""
    yield place.stem
    number = 1
    while True:
        yield f"{place.stem} {number}"
        number += 1


def _annotations(settings: MapDataSettings) -> Annotations:
    return Annotations(step_rate_hz=settings.rate_hz)
