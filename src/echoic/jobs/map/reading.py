"""New data for a trained run: pairs to score, and inputs to predict from."""

from dataclasses import replace
from pathlib import Path
from typing import Any, NamedTuple

from torch import Tensor

from echoic.config.map import MapDataSettings
from echoic.errors import DataError
from echoic.jobs.map.task import MapTask
from echoic.sources import as_path, is_path, read_new
from echoic.sources.audio import named_files
from echoic.sources.audio.decoding import decode_file
from echoic.sources.memory import ORIGIN, Pairs, are_arrays
from echoic.sources.memory.pairs import INPUT, signals
from echoic.sources.pairs import arrays, tables
from echoic.sources.pairs.sound import as_audio, folders_in
from echoic.sources.usable import usable, warn_of_skipped
from echoic.types import Covariates, Series, Values
from echoic.types.timebase import INDEX, TimeBase
from echoic.windows.recordings import Excerpt, whole_recording


class Inputs(NamedTuple):
    """A signal to predict from: encoded inputs `(steps, inputs)`, whose first step is number `begin` of `time`."""

    name: str
    encoded: Tensor
    time: TimeBase = INDEX
    begin: int = 0


def pairs_of(task: MapTask, data: Any) -> list[Excerpt]:
    """The pairs of new data, with the inputs and targets of the run in its order.

    Sound is a folder with a folder of targets in it, of the name that it had in training, and one of inputs; or files
    whose targets are in the folder of training.

    Raises:
        DataError: they cannot be read, or have other inputs or targets.
    """
    settings = task.settings.data.model_copy(update={"dev": None, "test": None})
    if task.codec.is_sound:
        data, settings = _sound_places(data, settings)
    elif is_path(data) and as_path(data).is_dir():
        raise DataError(f"{data} is a folder; the run was trained on tables or arrays: give a file of these.")
    series = read_new(data, settings).series
    if are_arrays(data) or isinstance(data, Pairs):
        series = tuple(_renamed(task, one) for one in series)
    task.check(series)
    return [whole_recording(_in_order(task, one)) for one in series]


def _sound_places(data: Any, settings: MapDataSettings) -> tuple[Any, MapDataSettings]:
    targets = Path(",".join(settings.targets))
    found = folders_in(as_path(data), targets.name) if is_path(data) else None
    if found is None:
        return data, settings
    return found[0], settings.model_copy(update={"targets": (str(found[1]),)})


def _renamed(task: MapTask, one: Series) -> Series:
    """A series of arrays, whose columns have no names, with those of the run."""
    names = task.codec.input_names, task.codec.target_names
    if (len(one.covariates.past_names), len(one.features)) != tuple(map(len, names)):
        return one
    return replace(one, features=names[1], covariates=replace(one.covariates, past_names=names[0]))


def _in_order(task: MapTask, one: Series) -> Series:
    inputs = [one.covariates.past_names.index(name) for name in task.codec.input_names]
    targets = [one.features.index(name) for name in task.codec.target_names]
    past = Covariates(past=one.covariates.past[:, inputs], past_names=task.codec.input_names)
    return replace(one, values=one.values[:, targets], features=task.codec.target_names, covariates=past)


def inputs_to_predict(task: MapTask, data: Any) -> list[Inputs]:
    """The inputs of new data, which need no targets; of None those of the test split.

    Raises:
        DataError: they cannot be read, or have other inputs.
    """
    if data is None:
        return _of_test(task)
    if isinstance(data, Pairs) or are_arrays(data):
        values = data.inputs if isinstance(data, Pairs) else data
        found = {f"series {number}": one.values for number, one in enumerate(signals(values, INPUT))}
    elif task.codec.is_sound:
        found = _of_sound(task, as_path(data))
    elif is_path(data) and as_path(data).suffix.lower() in arrays.ENDINGS:
        several = arrays.read_inputs(as_path(data), task.codec.input_names)
        found = {name: one.values for name, one in zip(arrays.names_of(as_path(data)), several, strict=False)}
    else:
        series = tables.read_inputs(data, task.settings.data)
        return [Inputs(one.name, task.codec.encode_inputs(one.values), one.time) for one in series]
    return [Inputs(name, _encoded(task, values, data)) for name, values in found.items()]


def _of_test(task: MapTask) -> list[Inputs]:
    """The inputs of the test split."""
    excerpts, pairs = task.excerpts("test"), task.pairs["test"]
    return [
        Inputs(one.recording.name, pairs.inputs[begin:end], one.recording.time, one.begin)
        for one, (begin, end) in zip(excerpts, pairs.ranges.spans(), strict=True)
    ]


def _encoded(task: MapTask, values: Values, data: Any) -> Tensor:
    """The encoded inputs of arrays or sound.

    Raises:
        DataError: there are more or fewer than in training.
    """
    names = task.codec.input_names
    if values.shape[1] != len(names):
        raise DataError(
            f"{data if is_path(data) else ORIGIN} has {values.shape[1]} inputs per step, but the run was trained on "
            f"{', '.join(names)}; give the same."
        )
    return task.codec.encode_inputs(values)


def _of_sound(task: MapTask, place: Path) -> dict[str, Values]:
    settings = as_audio(task.settings.data)
    rate_hz = round(task.codec.rate_hz or 0)
    found, skipped = usable(
        named_files([place]),
        lambda file: (file[0], decode_file(file[1], settings, rate_hz).samples[:, None]),
        settings.on_error,
        origin=str(place),
        kind="sound files",
    )
    warn_of_skipped(skipped)
    return dict(found)
