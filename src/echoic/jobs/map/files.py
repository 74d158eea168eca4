"""Predictions as files of signals: sound, written while it is read, or named arrays."""

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from echoic.errors import ConfigError, DataError
from echoic.jobs.base import Fitted
from echoic.jobs.map.live import MapStream
from echoic.jobs.map.reading import inputs_to_predict
from echoic.jobs.map.run_network import predicted
from echoic.jobs.map.task import MapTask
from echoic.jobs.map.use import kept_steps
from echoic.progress import ProgressFn
from echoic.sources import is_path
from echoic.sources.audio import named_files
from echoic.sources.audio.decoding import open_sound
from echoic.sources.pairs.sound import as_audio
from echoic.types import Floats
from echoic.types.counted import counted, were
from echoic.writers.arrays import write_arrays
from echoic.writers.sound import SUBTYPES, SoundWriter

ARRAYS = (".npz",)

ENDINGS = (*SUBTYPES, *ARRAYS)
"""Endings of files that are no tables."""


def write(fitted: Fitted[MapTask], data: Any, output: Path, on_progress: ProgressFn) -> str:
    """Writes the predictions for `data` and returns a summary in one line.

    `output` is a .wav or .flac file for one sound, which is read, predicted and written block by block, in constant
    memory; or a .npz file with an array for each target.

    Raises:
        ConfigError: the run has no sound, or there are several signals for one file.
        DataError: the data cannot be read, or have other inputs.
        RunError: the file cannot be written.
    """
    if output.suffix.lower() in SUBTYPES:
        return _write_sound(fitted, data, output, on_progress)
    found = inputs_to_predict(fitted.task, data)
    if len(found) > 1:
        raise ConfigError(f"{output} holds one series, but there are {len(found)}; write a table: -o FILE.csv.")
    codec, one = fitted.task.codec, found[0]
    made = predicted(fitted.model, codec, one.encoded).mean
    steps = kept_steps(codec, one.begin, one.begin + len(made)) - one.begin
    write_arrays(output, {name: made[steps, column] for column, name in enumerate(codec.target_names)})
    return f"{output}: {counted(len(steps), 'step')}"


def _write_sound(fitted: Fitted[MapTask], data: Any, output: Path, on_progress: ProgressFn) -> str:
    task = fitted.task
    if not task.codec.is_sound:
        raise ConfigError(f"{output} is sound, but the run predicts {', '.join(task.codec.target_names)}; write .csv.")
    stream = MapStream(fitted)
    with SoundWriter(output, stream.output_hz) as writer:
        state, done = stream.start(), 0
        for block, total in _blocks(task, data, output):
            result, state = stream.push(block, state)
            writer.write(stream.sound(result))
            done += len(block)
            on_progress(done, max(done, total))
        writer.write(stream.sound(stream.finish(state)))
    clipped = f"; {were(writer.clipped, 'sample')} clipped" if writer.clipped else ""
    return f"{output}: {done / stream.rate_hz:.1f} s at {stream.output_hz:,} Hz{clipped}"


def _blocks(task: MapTask, data: Any, output: Path) -> Iterator[tuple[Floats, int]]:
    """The blocks of one sound at the rate of the run, each with the number of samples in all."""
    if data is None or not is_path(data):
        raise DataError(f"{output}: name the sound file to predict from.")
    places: Sequence[Any] = data if isinstance(data, list | tuple) else [data]
    files = named_files(places)
    if len(files) > 1:
        raise ConfigError(f"{output} holds one sound, but there are {len(files)} files; predict them one by one.")
    ((_, path),) = files
    if output.exists() and output.samefile(path):
        raise ConfigError(f"{output} is the sound that goes in, and would be overwritten; choose another -o.")
    with open_sound(path, as_audio(task.settings.data), round(task.codec.rate_hz or 0)) as sound:
        for block in sound.blocks:
            yield block, sound.most_samples
