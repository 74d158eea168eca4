"""What is generated, into files as it is made."""

from collections.abc import Sequence
from contextlib import ExitStack
from pathlib import Path

from echoic.config.audio import AudioRequest
from echoic.drift.charts import strip
from echoic.errors import ConfigError, RunError
from echoic.jobs.audio.render import blocks, generate, samples_in
from echoic.jobs.audio.task import AudioTask
from echoic.jobs.base import Fitted
from echoic.progress import ProgressFn
from echoic.report.figures import chart_bytes
from echoic.run.files import write_atomically
from echoic.types import Floats
from echoic.writers.sound import SUBTYPES, SoundWriter

DIGITS = 3

BYTES_PER_SAMPLE = 2
MOST_WAV_BYTES = 2**32 - 2**10

DRAWN = (".png", ".pdf")
"""Endings of pictures of one stream."""


def write_sound(fitted: Fitted[AudioTask], request: AudioRequest, output: Path | None, on_progress: ProgressFn) -> str:
    """Writes each stream as it is made, in constant memory, and says in one line what was written.

    `output` is a .wav or .flac file, or a .png or .pdf of the spectrum to look at, which is drawn when all is made; of
    several streams a folder, which gets `stream-001.wav` and so on. `on_progress` counts samples.

    Raises:
        ConfigError: the output is none of them, is the prime or has other streams; or anything that `blocks` raises.
        RunError: a file cannot be written.
    """
    if output is None:
        raise ConfigError("An audio run generates into a file; name one with -o FILE, or a folder for several streams.")
    rate_hz, total = fitted.task.rate_hz, samples_in(fitted.task, request.length)
    done = 0

    def count(block: Floats) -> None:
        nonlocal done
        done += block.shape[1]
        on_progress(done, total)

    if request.streams == 1 and output.suffix.lower() in DRAWN:
        sound = generate(fitted, request, count)
        write_atomically(output, chart_bytes(strip(sound.samples[0], sound.rate_hz), output.suffix.lower()[1:]))
        return f"{output}: the spectrum of {sound.samples.shape[1] / sound.rate_hz:.1f} s"
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
            f"An audio run needs `-o FILE` with one of the endings {endings}, or a folder, which several streams need; "
            f"got {output}."
        )
    try:
        output.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise RunError(f"{output}: cannot be made ({error.strerror}).") from None
    return [output / f"stream-{number:0{DIGITS}}.wav" for number in range(1, streams + 1)]


def _check_fits(output: Path, samples: int) -> None:
    """Sizes in the header of a WAV file have 32 bits."""
    if output.suffix.lower() != ".flac" and samples * BYTES_PER_SAMPLE > MOST_WAV_BYTES:
        raise ConfigError(f"{output}: a WAV file holds 4 GiB at most, and {samples:,} samples are more; write .flac.")


def _check_nothing_is_lost(paths: Sequence[Path], output: Path, prime: str | None) -> None:
    if prime is not None and any(path.exists() and path.samefile(prime) for path in paths):
        raise ConfigError(f"{prime}: is the --prime, and would be written over; give another -o.")
    others = sorted(set(output.glob("stream-*.wav")) - set(paths)) if output.is_dir() else []
    if others:
        raise ConfigError(
            f"{output}: has {len(others)} more streams than are to be made, such as {others[0].name}; they would be "
            "taken for part of them. Give another folder, or remove them."
        )


def _summary(writers: Sequence[SoundWriter], seconds: float, output: Path) -> str:
    clipped = sum(writer.clipped for writer in writers)
    streams = f"{len(writers)} streams of " if len(writers) > 1 else ""
    return f"{output}: {streams}{seconds:.1f} s" + (f"; {clipped:,} samples were clipped" if clipped else "")
