"""Generated sound as files, written while it is generated."""

from collections.abc import Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import Any

from echoic.config.audio import AudioRequest
from echoic.drift.charts import strip
from echoic.errors import ConfigError, RunError
from echoic.jobs.audio.render import blocks, generate, samples_in
from echoic.jobs.audio.task import AudioTask
from echoic.jobs.base import Fitted
from echoic.progress import ProgressFn
from echoic.report.figures import chart_bytes
from echoic.types import Floats
from echoic.types.counted import were
from echoic.write_errors import cannot_be_created
from echoic.writers.files import write_bytes
from echoic.writers.sound import SUBTYPES, SoundWriter

DIGITS = 3

BYTES_PER_SAMPLE = 2
MOST_WAV_BYTES = 2**32 - 2**10

DRAWN = (".png", ".pdf")
"""Endings of spectrogram images of one stream."""


def write_sound(fitted: Fitted[AudioTask], request: AudioRequest, output: Path | None, on_progress: ProgressFn) -> str:
    """Writes streams while they are generated, in constant memory; returns a summary in one line.

    `output` is a .wav or .flac file, a .png or .pdf file for a spectrogram, or a folder for several streams
    (`stream-001.wav` and so on). `on_progress` counts samples.

    Raises:
        ConfigError: the output is none of these, is the prime or contains other streams; or as for `blocks`.
        RunError: a file cannot be written.
    """
    if output is None:
        raise ConfigError("An audio run requires -o FILE, or a folder for several streams.")
    rate_hz, total = fitted.task.rate_hz, samples_in(fitted.task, request.length)
    done = 0

    def count(block: Floats) -> None:
        nonlocal done
        done += block.shape[1]
        on_progress(done, total)

    if request.streams == 1 and output.suffix.lower() in DRAWN:
        sound = generate(fitted, request, count)
        write_bytes(output, chart_bytes(strip(sound.samples[0], sound.rate_hz), output.suffix.lower()[1:]))
        return f"{output}: spectrogram of {sound.samples.shape[1] / sound.rate_hz:.1f} s"
    # Errors in the request are found before a file is opened, which empties it.
    source = blocks(fitted, request)
    _check_fits(output, total)
    paths = _paths(output, request.streams)
    _check_nothing_is_lost(paths, output, request.prime)
    with ExitStack() as stack:
        writers = [stack.enter_context(SoundWriter(path, rate_hz)) for path in paths]
        for block in source:
            for writer, samples in zip(writers, block, strict=True):
                writer.write(samples)
            count(block)
    return _summary(writers, done / rate_hz, output)


def _paths(output: Path, streams: int) -> Sequence[Path]:
    is_file = output.suffix.lower() in SUBTYPES
    if streams == 1 and is_file:
        return [output]
    if output.suffix and not output.is_dir():
        endings = ", ".join((*SUBTYPES, *DRAWN))
        raise ConfigError(
            f"An audio run requires `-o FILE` with one of the endings {endings}, or a folder (for several streams), "
            f"got {output}."
        )
    try:
        output.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise RunError(f"{cannot_be_created(output, error)}.") from None
    return [output / f"stream-{number:0{DIGITS}}.wav" for number in range(1, streams + 1)]


def _check_fits(output: Path, samples: int) -> None:
    """Checks that the size fits into the 32 bits of a WAV header."""
    if output.suffix.lower() != ".flac" and samples * BYTES_PER_SAMPLE > MOST_WAV_BYTES:
        raise ConfigError(f"{output}: a WAV file holds at most 4 GiB, but {samples:,} samples are more; write .flac.")


def _check_nothing_is_lost(paths: Sequence[Path], output: Path, prime: Any) -> None:
    if isinstance(prime, str | Path) and any(path.exists() and path.samefile(prime) for path in paths):
        raise ConfigError(f"{prime} is the --prime and would be overwritten; choose another -o.")
    others = sorted(set(output.glob("stream-*.wav")) - set(paths)) if output.is_dir() else []
    if others:
        raise ConfigError(
            f"{output} contains {len(others)} streams that would not be overwritten, such as {others[0].name}; remove "
            "them, or choose another folder."
        )


def _summary(writers: Sequence[SoundWriter], seconds: float, output: Path) -> str:
    clipped = sum(writer.clipped for writer in writers)
    streams = f"{len(writers)} streams of " if len(writers) > 1 else ""
    return f"{output}: {streams}{seconds:.1f} s" + (f"; {were(clipped, 'sample')} clipped" if clipped else "")
