"""Clips in memory: arrays of sensor series, bands or sound, DataFrames, and lists of files of sound."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from echoic.config import ClipDataSettings
from echoic.errors import ConfigError, DataError
from echoic.sources.base import Dataset
from echoic.sources.clips import clips_dataset
from echoic.sources.clips.arrays import clips_of_bands
from echoic.sources.clips.found import ReadClips
from echoic.sources.clips.labels import label_text, labels_in_memory
from echoic.sources.clips.sound import ClipReader
from echoic.sources.clips.steps import clips_of_steps
from echoic.sources.clips.tables import clips_of_files
from echoic.sources.dataframe import table_of
from echoic.sources.memory import ORIGIN, Clips, are_arrays, as_items, in_float32, is_dataframe
from echoic.sources.memory.sound import decode_array
from echoic.sources.paths import is_path
from echoic.types import Annotations, Series

_FRAME = "the DataFrame"


def read(data: Any, settings: ClipDataSettings) -> Dataset:
    """Reads every clip as a series, annotated with its labels, and group and rate where they are known.

    Raises:
        ConfigError: a setting has no effect on such data, or a required one is missing.
        DataError: an array or a label cannot be used; the message has its number.
    """
    clips = as_clips(data)
    if is_dataframe(clips.values):
        found = _of_frame(clips, settings)
        return clips_dataset(found.series, ORIGIN, found.notes, found.skipped)
    series = unlabelled(clips, settings)
    if clips.labels is None:
        raise DataError(f"{ORIGIN} have no labels; pass `labels`, one for each of the {len(series)} clips.")
    labels = labels_in_memory(clips.labels, len(series), settings.label_separator)
    labelled = [
        replace(one, annotations=replace(one.annotations, labels=names))
        for one, names in zip(series, labels, strict=True)
    ]
    return clips_dataset(labelled, ORIGIN, _notes(series))


def unlabelled(data: Any, settings: ClipDataSettings) -> list[Series]:
    """Every clip as a series, whatever is known of its labels.

    Raises:
        ConfigError, DataError: as for `read`.
    """
    clips = as_clips(data)
    if is_dataframe(clips.values):
        return list(_of_frame(clips, settings, labelled=False).series)
    series = _series(clips, settings)
    groups = _groups(clips.groups, len(series))
    return [
        replace(one, annotations=replace(one.annotations, group=group))
        for one, group in zip(series, groups, strict=True)
    ]


def _series(clips: Clips, settings: ClipDataSettings) -> list[Series]:
    if isinstance(clips.values, list | tuple) and is_path(clips.values):
        reader, folder = ClipReader(settings), settings.audio or Path()
        return [reader.clip(folder / file, str(file), Annotations()) for file in clips.values]
    arrays = as_items(clips.values, ORIGIN)
    if settings.axes:
        return clips_of_bands(np.stack(arrays), settings.axes, ORIGIN)
    if clips.rate_hz or settings.rate_hz:
        return [_sound(values, number, clips, settings) for number, values in enumerate(arrays)]
    return [_steps(values, number) for number, values in enumerate(arrays)]


def as_clips(data: Any) -> Clips:
    """`data` as clips: also arrays alone, DataFrames, and pairs of an array and a label, as torch's datasets yield."""
    if isinstance(data, Clips):
        return data
    if is_dataframe(data) or are_arrays(data):
        return Clips(data)
    pairs = [data[number] for number in range(len(data))]
    return Clips([values for values, _ in pairs], [label for _, label in pairs])


def _notes(series: Sequence[Series]) -> list[str]:
    """A doubt about the order of the axes, which the arrays themselves cannot settle."""
    steps, features = max(one.steps for one in series), len(series[0].features)
    if features <= steps:
        return []
    axes = "the axes are clips, steps, features, so transpose clips, features, steps."
    return [f"Clips have {features} features at up to {steps} steps: {axes}"]


def _of_frame(clips: Clips, settings: ClipDataSettings, *, labelled: bool = True) -> ReadClips:
    if clips.labels is not None or clips.groups is not None:
        raise ConfigError("A DataFrame has its labels and groups in columns; name them with `label` and `group`.")
    table = table_of(clips.values, _FRAME, "clips")
    if settings.id is not None:
        return clips_of_steps(table, settings, labelled=labelled)
    return clips_of_files(table, settings.audio or Path(), settings)


def _steps(values: NDArray[Any], number: int) -> Series:
    """A sensor series `(steps, features)`; missing values are NaN."""
    place = f"{ORIGIN}, clip {number}"
    if values.ndim not in (1, 2) or not values.size:
        raise DataError(
            f"{place} must be (steps,) or (steps, features), got the shape {values.shape}; clips come first, so that a "
            "single clip is [clip]."
        )
    columns = in_float32(values.reshape(len(values), -1), place)
    names = tuple(f"feature_{column}" for column in range(1, columns.shape[1] + 1))
    return Series(f"clip {number}", columns, names, origin=place)


def _sound(values: NDArray[Any], number: int, clips: Clips, settings: ClipDataSettings) -> Series:
    place = f"{ORIGIN}, clip {number}"
    sound = decode_array(values, clips.rate_hz, settings, place)
    annotations = Annotations(rate_hz=sound.rate_hz, sound=sound.origin)
    return Series(f"clip {number}", sound.samples[:, None], ("sample",), origin=place, annotations=annotations)


def _groups(groups: Any, count: int) -> Sequence[str | None]:
    if groups is None:
        return [None] * count
    try:
        names = [label_text(one.item() if isinstance(one, np.generic) else one) for one in groups]
    except (TypeError, ValueError):
        names = []
    if len(names) != count or not all(names):
        raise DataError(f"`groups` must have a name or a whole number for each of the {count} clips.")
    return names
