"""The stream of a run, and the chunks for it, from data that come through a pipe."""

import io
import sys
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any, NamedTuple

from echoic.api.run import Run
from echoic.errors import ConfigError, DataError
from echoic.sources.audio.facts import lower_rate_note
from echoic.sources.examples import Examples
from echoic.sources.live import PcmFormat, PcmReader, RollReader, RowReader
from echoic.streams.live import LiveStream

BLOCK_S = 0.05
"""Duration of the blocks of sound that are pushed."""

DEFAULT_PAUSE_S = 0.3
"""Pause that ends a clip."""

_MAX_LINE = (1 << 20) + 1


class LiveInput(NamedTuple):
    """Data to come.

    Attributes:
        file: the bytes.
        name: of the file, for errors.
        pcm: how raw sound is written.
        pause_s: pause that ends a clip; 0: none does; None: the default.
        series: the series of a forecast run whose scale is used.
    """

    file: IO[bytes]
    name: str
    pcm: PcmFormat
    pause_s: float | None
    series: str | None


@contextmanager
def opened_input(source: str) -> Iterator[IO[bytes]]:
    """Standard input for `-`, or a file.

    Raises:
        DataError: the file cannot be read.
    """
    if source == "-":
        yield sys.stdin.buffer
        return
    try:
        file = Path(source).open("rb")  # noqa: SIM115 (closed below)
    except OSError as error:
        raise DataError(f"{source} cannot be read ({error.strerror}); check the name.") from None
    with file:
        yield file


def stream_of(run: Run, given: LiveInput) -> tuple[LiveStream[Any, Any, Any], PcmReader | None]:
    """The stream for the data, and the reader of sound.

    Raises:
        ConfigError: the run cannot be streamed, or an option is not for it.
        DataError: the header of the sound is damaged.
    """
    options: dict[str, Any] = {} if given.series is None else {"series": given.series}
    if given.pause_s is not None:
        options["pause_s"] = given.pause_s or None
    stream = run.stream(**options)
    if stream.takes != "sound":
        if given.pcm != PcmFormat():
            raise ConfigError(f"Raw samples are for runs on sound; this one takes {stream.takes}.")
        return stream, None
    if stream.job == "classify" and given.pause_s is None:
        options["pause_s"] = DEFAULT_PAUSE_S
    channel = getattr(run.settings.data, "channel", "mix")
    reader = PcmReader(given.file, given.name, given.pcm, channel if isinstance(channel, int) else None)
    if (rate_hz := reader.format.rate_hz) is not None:
        options["rate_hz"] = rate_hz
        if rate_hz < stream.rate_hz:
            warnings.warn(lower_rate_note(Examples.of({given.name: rate_hz}), rate_hz, stream.rate_hz), stacklevel=2)
    return run.stream(**options), reader


def chunks_of(
    stream: LiveStream[Any, Any, Any], reader: PcmReader | None, given: LiveInput, state: Any
) -> Iterator[Any]:
    """The chunks for `stream`: blocks of sound, lines of text, values row by row, steps of music.

    Raises:
        DataError: a line cannot be read.
    """
    if reader is not None:
        block = max(1, round(BLOCK_S * (reader.format.rate_hz or stream.rate_hz)))
        while (sound := reader.read(block)) is not None:
            yield sound
        return
    rows: RowReader | RollReader | None = None
    if stream.takes == "values":
        rows = RowReader(stream.features, given.name)
    elif stream.takes == "roll":
        rows = RollReader(given.name, state.last)
    for line in _lines(given.file):
        chunk = line if rows is None else rows.read(line)
        if chunk is not None:
            yield chunk


def _lines(file: IO[bytes]) -> Iterator[str]:
    """Lines as they come; longer ones in pieces, so that an input without an end takes no memory."""
    text = io.TextIOWrapper(file, encoding="utf-8", errors="replace", newline="")
    try:
        while line := text.readline(_MAX_LINE):
            yield line
    finally:
        text.detach()
