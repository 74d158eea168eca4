"""What is generated, into files as it is made."""

from collections.abc import Callable, Sequence
from contextlib import ExitStack
from pathlib import Path

from echoic.errors import ConfigError, RunError
from echoic.jobs.audio.render import blocks, samples_in
from echoic.jobs.base import Fitted, Request
from echoic.sources.audio.writing import WRITTEN, SoundWriter

DIGITS = 3


def write_sound(fitted: Fitted, request: Request, output: Path, on_made: Callable[[int, int], None]) -> str:
    """Writes each stream as it is made, in constant memory, and says in one line what was written.

    `output` is a .wav or .flac file; of several streams a folder, which gets `stream-001.wav` and so on. `on_made` is
    called with the samples made so far and those wanted.

    Raises:
        ConfigError: the output is neither, or anything that `blocks` raises.
        RunError: a file cannot be written.
    """
    rate_hz, wanted = fitted.task.rate_hz, samples_in(fitted.task, request.length)
    made = 0
    source = blocks(fitted, request)
    with ExitStack() as stack:
        writers = [stack.enter_context(SoundWriter(path, rate_hz)) for path in _paths(output, request.streams)]
        for block in source:
            for writer, samples in zip(writers, block, strict=True):
                writer.write(samples)
            made += block.shape[1]
            on_made(made, wanted)
    return _told(writers, made / rate_hz, output)


def _paths(output: Path, streams: int) -> Sequence[Path]:
    is_file = output.suffix.lower() in WRITTEN
    if streams == 1 and is_file:
        return [output]
    if output.suffix and not output.is_dir():
        endings = " or ".join(WRITTEN)
        raise ConfigError(f"An audio run needs `-o FILE` that ends in {endings}, or a folder, got {output}.")
    try:
        output.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise RunError(f"{output}: cannot be made ({error.strerror}).") from None
    return [output / f"stream-{number:0{DIGITS}}.wav" for number in range(1, streams + 1)]


def _told(writers: Sequence[SoundWriter], seconds: float, output: Path) -> str:
    clipped = sum(writer.clipped for writer in writers)
    streams = f"{len(writers)} streams of " if len(writers) > 1 else ""
    return f"{output}: {streams}{seconds:.1f} s" + (f"; {clipped:,} samples were clipped" if clipped else "")
