"""A run on sound as it comes, with the sound that it makes of it."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple, Protocol

from echoic.api.live import start_state
from echoic.api.live_input import LiveInput, chunks_of, stream_of
from echoic.api.run import Run
from echoic.jobs.capabilities import WritesSignals
from echoic.run.files import write_atomically
from echoic.streams.live import LiveStream
from echoic.types import Floats


class SoundStream(Protocol):
    """A stream that gives sound."""

    @property
    def output_hz(self) -> int:
        """Samples per second of the sound."""

    def sound(self, result: Any) -> Floats:
        """The samples `(samples,)` of a result."""


class LiveSignal(NamedTuple):
    """Sound that comes out, block by block `(samples,)`, and its samples per second."""

    rate_hz: int
    blocks: Iterator[Floats]


def gives_sound(run: Run) -> bool:
    """Whether the run makes sound of the sound that it reads."""
    return isinstance(run.job, WritesSignals) and run.stream().gives == "sound"


def run_signal(run: Run, given: LiveInput, state_file: Path | None) -> LiveSignal:
    """The sound that the run makes of the sound it reads, as soon as it is there; the state is as for `run_live`.

    Raises:
        ConfigError: an option is not for the run.
        DataError: the input or the state cannot be used.
        RunError: the state cannot be written.
    """
    stream, reader = stream_of(run, given)
    state = start_state(stream, state_file, 0)
    maker: Any = stream
    return LiveSignal(maker.output_hz, _blocks(stream, maker, chunks_of(stream, reader, given), state, state_file))


def _blocks(
    stream: LiveStream[Any, Any, Any], maker: SoundStream, chunks: Iterator[Any], state: Any, state_file: Path | None
) -> Iterator[Floats]:
    try:
        for chunk in chunks:
            result, state = stream.push(chunk, state)
            yield maker.sound(result)
        if state_file is None:
            yield maker.sound(stream.finish(state))
    finally:
        if state_file is not None:
            write_atomically(state_file, stream.to_bytes(state))
