"""A run on data as they come: records of results, with a state that can be resumed, and what it makes of them."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from echoic.api.live_input import LiveInput, chunks_of, stream_of
from echoic.api.run import Run
from echoic.errors import ConfigError, RunError
from echoic.run.files import check_regular, write_atomically
from echoic.streams.live import GeneratingStream, LiveStream, Record
from echoic.types.score import ONSET
from echoic.writers.sound import SUBTYPES, SoundWriter

_BLOCK_S = 0.25
"""Duration of the blocks of sound that are generated."""


class GoOn(NamedTuple):
    """What to generate: its `length` as text, options of `sampling`, and the file for sound."""

    length: str
    sampling: dict[str, Any]
    output: Path | None


def run_live(run: Run, given: LiveInput, state_file: Path | None, go_on: GoOn | None, seed: int) -> Iterator[Record]:
    """The records of all results, as soon as they are there.

    With a `state_file` the input may go on later: the state is saved at its end, or where an error ends it, and results
    that need the end of the sequence are left for then. Without one, the end of the input is that of the sequence.

    Raises:
        ConfigError: the run cannot be streamed, or an option is not for it.
        DataError: the input or the state cannot be used.
        RunError: the state or the sound cannot be written.
    """
    stream, reader = stream_of(run, given)
    generating = None if go_on is None else _generating(run, stream, go_on)
    state = start_state(stream, state_file, seed)
    try:
        for chunk in chunks_of(stream, reader, given, state.last if stream.takes == "roll" else None):
            result, state = stream.push(chunk, state)
            yield from stream.records(result)
            if generating is not None and go_on is not None and stream.takes == "text":
                length = generating.parse_length(go_on.length)
                yield {"completion": generating.generate(length, state, **go_on.sampling)[0]}
        if state_file is None:
            yield from stream.records(stream.finish(state))
        if generating is not None and go_on is not None and stream.takes != "text":
            pieces = _made(generating, state, go_on)
            for records, state in pieces:  # noqa: B007 (the last state is saved)
                yield from records
    finally:
        if state_file is not None:
            write_atomically(state_file, stream.to_bytes(state))


def start_state(stream: LiveStream[Any, Any, Any], state_file: Path | None, seed: int) -> Any:
    """The state in the file, if it is there; otherwise a new one."""
    if state_file is not None and state_file.exists():
        try:
            check_regular(state_file)
            return stream.from_bytes(state_file.read_bytes())
        except OSError as error:
            raise RunError(f"{state_file} cannot be read ({error.strerror or error}); check the name.") from None
    return stream.start(seed) if isinstance(stream, GeneratingStream) else stream.start()


def _generating(run: Run, stream: LiveStream[Any, Any, Any], go_on: GoOn) -> GeneratingStream[Any, Any, Any]:
    """The stream as one that generates, with everything checked before any data are read."""
    if not isinstance(stream, GeneratingStream):
        raise ConfigError(f"`--go-on` is for text, music and audio runs, not for {run.job.name}.")
    if stream.parse_length(go_on.length) < 1:
        raise ConfigError(f"`--go-on` must be at least one step, got {go_on.length!r}.")
    is_sound = stream.takes == "sound"
    if is_sound != (go_on.output is not None):
        raise ConfigError("Generated sound needs a file: -o FILE." if is_sound else "`-o` is for generated sound.")
    if go_on.output is not None and go_on.output.suffix.lower() not in SUBTYPES:
        raise ConfigError(f"{go_on.output}: sound is written as {' or '.join(SUBTYPES)}; choose one of these endings.")
    return stream


def _made(stream: GeneratingStream[Any, Any, Any], state: Any, go_on: GoOn) -> Iterator[tuple[list[Record], Any]]:
    """What goes on after the state: steps of music as records, or a file of sound; and the state after each piece."""
    length = stream.parse_length(go_on.length)
    if go_on.output is None:
        for _ in range(length):
            roll, state = stream.generate(1, state, **go_on.sampling)
            pitches, onsets = np.flatnonzero(roll[0]), np.flatnonzero(roll[0] == ONSET)
            yield [{"pitches": pitches.tolist(), "onsets": onsets.tolist()}], state
        return
    block = round(_BLOCK_S * stream.rate_hz)
    with SoundWriter(go_on.output, stream.rate_hz) as writer:
        for begin in range(0, length, block):
            sound, state = stream.generate(min(block, length - begin), state, **go_on.sampling)
            writer.write(sound)
            yield [], state
