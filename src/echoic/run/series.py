"""Copies of series in a run folder, so that the run works where its training data are not."""

import dataclasses
import itertools
import math
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from echoic.errors import RunError
from echoic.run.files import read_tensors, write_tensors
from echoic.types import Annotations, Covariates, MusicInfo, Series, TimedRows, stored
from echoic.types.score import Key, Meter, Tempo
from echoic.types.timebase import TimeBase

Arrays = Mapping[str, NDArray[Any]]

_ARRAYS = ("values", "past", "future", "static")
_ROWS = ("row_times", "row_cells")
"""Of the last steps of series whose rows were combined to steps; left out where none were."""


def write_series(path: Path, series: Sequence[Series]) -> None:
    """Writes series as safetensors: their arrays one after the other, all else as JSON in the header.

    Labels, events and groups are left out, which only training and the evaluation of a split need.

    Raises:
        RunError: the file cannot be written.
    """
    names = _names(any(one.rows is not None for one in series))
    arrays = [_arrays(one) for one in series]
    tensors = {name: torch.from_numpy(np.concatenate([own[name].ravel() for own in arrays])) for name in names}
    shapes = [[own[name].shape for name in names] for own in arrays]
    metadata = {
        "dtypes": {name: str(own.numpy().dtype) for name, own in tensors.items()},
        "series": [_metadata(one) | {"shapes": own} for one, own in zip(series, shapes, strict=True)],
    }
    write_tensors(path, {name: _compact(tensor) for name, tensor in tensors.items()}, metadata)


def read_series(path: Path) -> tuple[Series, ...]:
    """The series that `write_series` wrote.

    Raises:
        RunError: the file is damaged.
    """
    tensors, metadata = read_tensors(path)
    names = _names("row_times" in tensors)
    try:
        flat = {name: tensors[name].numpy().astype(metadata["dtypes"][name]) for name in names}
        shapes = {name: [tuple(row["shapes"][at]) for row in metadata["series"]] for at, name in enumerate(names)}
        arrays = {name: _split(flat[name], shapes[name]) for name in names}
        return tuple(
            _series(row, {name: arrays[name][number] for name in names})
            for number, row in enumerate(metadata["series"])
        )
    except (LookupError, TypeError, ValueError) as error:
        raise RunError(f"{path} does not describe its series ({error!r}); train the run again.") from None


def _names(has_rows: bool) -> tuple[str, ...]:  # noqa: FBT001
    return (*_ARRAYS, *_ROWS) if has_rows else _ARRAYS


def _split(flat: NDArray[Any], shapes: Sequence[tuple[int, ...]]) -> list[NDArray[Any]]:
    """Arrays of these shapes, one after the other in `flat`."""
    ends = [0, *itertools.accumulate(math.prod(shape) for shape in shapes)]
    if ends[-1] != len(flat):
        raise ValueError(f"{len(flat)} values for shapes of {ends[-1]}")
    return [flat[begin:end].reshape(shape) for begin, end, shape in zip(ends, ends[1:], shapes, strict=False)]


def _arrays(one: Series) -> Arrays:
    columns = one.covariates
    rows = one.rows or TimedRows(np.zeros(0, np.int64), np.zeros((0, 0)))
    return {
        "values": one.values,
        "past": columns.past,
        "future": columns.future,
        "static": columns.static,
        "row_times": rows.times.astype(np.int64),
        "row_cells": rows.cells,
    }


def _compact(tensor: torch.Tensor) -> torch.Tensor:
    """The same numbers in a byte each, where all are such, or in float32, where none loses a digit."""
    for dtype in (torch.uint8, torch.float32):
        small = tensor.to(dtype)
        back = small.to(tensor.dtype)
        if bool(((back == tensor) | (torch.isnan(back) & torch.isnan(tensor))).all()):
            return small
    return tensor


def _metadata(one: Series) -> dict[str, Any]:
    columns, notes = one.covariates, one.annotations
    return {
        "name": one.name,
        "features": one.features,
        "time": one.time.to_json(),
        "origin": one.origin,
        "covariates": [columns.past_names, columns.future_names, columns.static_names],
        "rate_hz": notes.rate_hz,
        "music": None if notes.music is None else dataclasses.asdict(notes.music),
    }


def _series(row: Mapping[str, Any], arrays: Arrays) -> Series:
    past, future, static = (stored.texts({"covariates": one}, "covariates") for one in row["covariates"])
    columns = Covariates(arrays["past"], past, arrays["future"], future, arrays["static"], static)
    features, values = stored.texts(row, "features"), arrays["values"]
    steps = len(values)
    fits = {
        "values": values.ndim == 2 and values.shape[1] == len(features),
        "past": not past or columns.past.shape == (steps, len(past)),
        "future": not future or (columns.future.ndim == 2 and columns.future.shape[1] == len(future)),
        "static": not static or columns.static.shape == (len(static),),
    }
    wrong = [name for name, fit in fits.items() if not fit]
    if wrong:
        raise ValueError(f"`{wrong[0]}` must have a column for each name")
    return Series(
        stored.text(row, "name"),
        values,
        features,
        TimeBase.from_json(row["time"]),
        columns,
        stored.text(row, "origin"),
        Annotations(
            rate_hz=None if row["rate_hz"] is None else stored.integer(row, "rate_hz", 1, 1 << 30),
            music=_music(row["music"]),
        ),
        _rows(arrays),
    )


def _rows(arrays: Arrays) -> TimedRows | None:
    times = arrays.get("row_times", np.zeros(0, np.int64))
    if not len(times):
        return None
    columns = sum(arrays[name].shape[-1] for name in _ARRAYS)
    if times.ndim != 1 or arrays["row_cells"].shape != (len(times), columns) or (np.diff(times) < 0).any():
        raise ValueError(f"`row_cells` must have {columns} columns for each of `row_times`, which rise")
    return TimedRows(times.astype("datetime64[us]"), arrays["row_cells"])


def _music(values: Mapping[str, Any] | None) -> MusicInfo | None:
    if values is None:
        return None
    if "tempos" not in values:
        values = _with_maps(values)
    step_beats, step_s = (
        None if values[name] is None else stored.number(values, name, 1e-9, 1e9) for name in ("step_beats", "step_s")
    )
    return MusicInfo(
        stored.flag(values, "has_onsets"),
        step_beats,
        step_s,
        tuple(Tempo(_at_beats(one), stored.number(one, "bpm", 1e-3, 1e9)) for one in values["tempos"]),
        tuple(
            Meter(_at_beats(one), *(stored.integer(one, name, 1, 1 << 30) for name in ("numerator", "denominator")))
            for one in values["meters"]
        ),
        tuple(Key(_at_beats(one), stored.text(one, "name")) for one in values["keys"]),
    )


def _at_beats(values: Mapping[str, Any]) -> float:
    return stored.number(values, "at_beats", 0, 1e12)


def _with_maps(values: Mapping[str, Any]) -> dict[str, Any]:
    """The musical time of a run that was made when songs had one tempo, one meter and one key."""
    bpm, meter, key = values["bpm"], values["meter"], values["key"]
    return {
        **values,
        "tempos": [] if bpm is None else [{"at_beats": 0.0, "bpm": bpm}],
        "meters": [] if meter is None else [{"at_beats": 0.0, "numerator": meter[0], "denominator": meter[1]}],
        "keys": [] if key is None else [{"at_beats": 0.0, "name": key}],
    }
