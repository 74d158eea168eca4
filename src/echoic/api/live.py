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


class Continuation(NamedTuple):
    """What to generate.

    Attributes:
        length: as the user writes it, such as 8s of sound.
        sampling: options of the draws.
        seed: of the draws.
        output: the file for sound.
    """

    length: str
    sampling: dict[str, Any]
    seed: int
    output: Path | None


def run_live(
    run: Run,
    given: LiveInput,
    state_file: Path | None,
    continuation: Continuation | None = None,
    *,
    partial_results: bool = False,
) -> Iterator[Record]:
    """The records of all results, as soon as they are there; those that are not final with `partial_results` alone.

    With a `state_file` the sequence may continue in another input: the state is saved at the end of this one, or where
    an error ends it, and results that need the end of the sequence are left for then. Without one, the end of the input
    is that of the sequence.

    Raises:
        ConfigError: the run cannot be streamed, or an option is not for it.
        DataError: the input or the state cannot be used.
        RunError: the state or the sound cannot be written.
    """
    stream, reader = stream_of(run, given)
    if partial_results and not stream.gives_partial_records:
        raise ConfigError(f"`--partial` is for clips and lines of text, not for {run.job.name} runs; leave it out.")
    generated = None if continuation is None else (_generating(run, stream, continuation), continuation)
    state = start_state(stream, state_file, 0 if continuation is None else continuation.seed)

    def records(result: Any) -> Iterator[Record]:
        return (one for one in stream.records(result) if partial_results or one.get("ended", True))

    try:
        for chunk in chunks_of(stream, reader, given, state.last if stream.takes == "roll" else None):
            result, state = stream.push(chunk, state)
            yield from records(result)
            if generated is not None and stream.takes == "text":
                yield _completion(*generated, state)
        if state_file is None:
            yield from records(stream.finish(state))
        if generated is not None and stream.takes != "text":
            pieces = _made(*generated, state)
            for made, state in pieces:  # noqa: B007 (the last state is saved)
                yield from made
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


def _generating(
    run: Run, stream: LiveStream[Any, Any, Any], continuation: Continuation
) -> GeneratingStream[Any, Any, Any]:
    """The stream as one that generates, with everything checked before any data are read."""
    if not isinstance(stream, GeneratingStream):
        raise ConfigError(f"`--length` is for text, music and audio runs, not for {run.job.name}.")
    if stream.parse_length(continuation.length) < 1:
        raise ConfigError(f"`--length` must be at least one step, got {continuation.length!r}.")
    is_sound = stream.takes == "sound"
    if is_sound != (continuation.output is not None):
        raise ConfigError("Generated sound needs a file: -o FILE." if is_sound else "`-o` is for generated sound.")
    if continuation.output is not None and continuation.output.suffix.lower() not in SUBTYPES:
        raise ConfigError(
            f"{continuation.output}: sound is written as {' or '.join(SUBTYPES)}; choose one of these endings."
        )
    return stream


def _completion(stream: GeneratingStream[Any, Any, Any], continuation: Continuation, state: Any) -> Record:
    """The text that continues a line."""
    text, _ = stream.generate(stream.parse_length(continuation.length), state, **continuation.sampling)
    return {"completion": text}


def _made(
    stream: GeneratingStream[Any, Any, Any], continuation: Continuation, state: Any
) -> Iterator[tuple[list[Record], Any]]:
    """What continues the state: steps of music as records, or a file of sound; and the state after each piece."""
    length = stream.parse_length(continuation.length)
    if continuation.output is None:
        for _ in range(length):
            roll, state = stream.generate(1, state, **continuation.sampling)
            pitches, onsets = np.flatnonzero(roll[0]), np.flatnonzero(roll[0] == ONSET)
            yield [{"pitches": pitches.tolist(), "onsets": onsets.tolist()}], state
        return
    block = round(_BLOCK_S * stream.rate_hz)
    with SoundWriter(continuation.output, stream.rate_hz) as writer:
        for begin in range(0, length, block):
            sound, state = stream.generate(min(block, length - begin), state, **continuation.sampling)
            writer.write(sound)
            yield [], state
