"""Recordings of sensors in memory, with the label of each step or with events."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from echoic.config import EventDataSettings
from echoic.errors import ConfigError, DataError
from echoic.sources.base import Dataset
from echoic.sources.clips.labels import label_text
from echoic.sources.dataframe import table_of
from echoic.sources.memory import ORIGIN, Recordings, Steps, as_array, as_items, in_float32, is_array, is_dataframe
from echoic.sources.memory.events import checked_events
from echoic.sources.recordings import joined_notes, recordings_dataset
from echoic.sources.sensors import ReadRecordings, events_of_labels, recordings_of_steps, step_rate_hz
from echoic.types import Annotations, Event, Series

_FRAME = "the DataFrame"


def read(data: Any, settings: EventDataSettings) -> Dataset:
    """Reads every recording as a series `(steps, features)`, annotated with its events.

    Raises:
        ConfigError: labels or events beside a DataFrame, or both.
        DataError: an array cannot be used, or its labels or events do not fit it.
    """
    steps = _as_steps(data)
    if is_dataframe(steps.values):
        frame = _of_frame(steps, settings)
        return recordings_dataset(frame.series, ORIGIN, frame.notes)
    recordings = unlabelled(steps, settings)
    if (steps.labels is None) == (steps.events is None):
        raise ConfigError("Recordings of sensors need `labels`, one for each step, or `events`, and not both.")
    joined = 0
    if steps.labels is None:
        found = [
            checked_events(own, number, one.steps / step_rate_hz(settings))
            for number, (one, own) in enumerate(zip(recordings, _each(steps.events, recordings, "events"), strict=True))
        ]
        events, joined = [one.events for one in found], sum(one.joined for one in found)
    else:
        labels = [steps.labels] if _is_one(steps.values) and not _are_nested(steps.labels) else steps.labels
        events = [
            _events(own, one, number, settings)
            for number, (one, own) in enumerate(zip(recordings, _each(labels, recordings, "labels"), strict=True))
        ]
    rate_hz = step_rate_hz(settings)
    annotated = [
        Series(
            one.name,
            one.values,
            one.features,
            origin=one.origin,
            annotations=Annotations(events=own, step_rate_hz=rate_hz),
        )
        for one, own in zip(recordings, events, strict=True)
    ]
    return recordings_dataset(annotated, ORIGIN, joined_notes(joined))


def unlabelled(data: Any, settings: EventDataSettings) -> list[Series]:
    """Every recording as a series `(steps, features)`, whatever is known of its events.

    Raises:
        DataError: an array cannot be used.
    """
    steps = _as_steps(data)
    if is_dataframe(steps.values):
        return _of_frame(steps, settings, labelled=False).series
    arrays = [as_array(steps.values, ORIGIN)] if _is_one(steps.values) else as_items(steps.values, ORIGIN)
    return [_recording(values, number, settings) for number, values in enumerate(arrays)]


def _as_steps(data: Any) -> Steps:
    if isinstance(data, Steps):
        return data
    return Steps(data.values, events=data.events) if isinstance(data, Recordings) else Steps(data)


def _of_frame(steps: Steps, settings: EventDataSettings, *, labelled: bool = True) -> ReadRecordings:
    if steps.labels is not None or steps.events is not None:
        raise ConfigError("A DataFrame has its labels in a column; name it with `label`.")
    return recordings_of_steps(table_of(steps.values, _FRAME, "recording"), settings, labelled=labelled)


def _is_one(values: Any) -> bool:
    """Whether `values` is the array of a single recording."""
    return is_array(values) and values.ndim <= 2 and values.dtype != np.dtype("O")


def _are_nested(labels: Any) -> bool:
    """Whether `labels` has a sequence for each recording."""
    return len(labels) > 0 and not isinstance(labels[0], str | bytes) and hasattr(labels[0], "__len__")


def _each(given: Any, recordings: list[Series], name: str) -> Any:
    """`given`, one for each recording."""
    if len(given) != len(recordings):
        raise DataError(f"`{name}` must have a list for each of the {len(recordings)} recordings, got {len(given)}.")
    return given


def _recording(values: NDArray[Any], number: int, settings: EventDataSettings) -> Series:
    """A recording of sensors; missing values are NaN."""
    place = f"{ORIGIN}, recording {number}"
    if values.ndim not in (1, 2) or not values.size:
        raise DataError(f"{place} must be (steps,) or (steps, features), got the shape {values.shape}.")
    columns = in_float32(values.reshape(len(values), -1), place)
    names = tuple(f"feature_{column}" for column in range(1, columns.shape[1] + 1))
    annotations = Annotations(step_rate_hz=step_rate_hz(settings))
    return Series(f"recording {number}", columns, names, origin=place, annotations=annotations)


def _events(labels: Any, one: Series, number: int, settings: EventDataSettings) -> tuple[Event, ...]:
    values = labels.tolist() if hasattr(labels, "tolist") else list(labels)
    if len(values) != one.steps:
        raise DataError(
            f"`labels`, recording {number}: there must be a label for each of its {one.steps} steps, got {len(values)}."
        )
    return events_of_labels([_label(value, number, step) for step, value in enumerate(values)], step_rate_hz(settings))


def _label(value: Any, number: int, step: int) -> str | None:
    if value is None or value != value or value == "":  # noqa: PLR0124 (not a number)
        return None
    try:
        return label_text(value)
    except ValueError as error:
        raise DataError(f"`labels`, recording {number}, step {step}: {error}") from None
