"""The stream of a run, and the chunks for it, from data that come through a pipe."""

import io
import sys
import warnings
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any, NamedTuple, Protocol

import numpy as np

from echoic.api.run import Run
from echoic.codecs.pianoroll import Roll
from echoic.errors import ConfigError, DataError
from echoic.sources.audio.facts import lower_rate_note
from echoic.sources.examples import Examples
from echoic.sources.live import PcmFormat, PcmReader, RollReader, RowReader
from echoic.streams.live import LiveStream
from echoic.types.score import NUM_PITCHES

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
def opened_input(source: str, *, has_buffer: bool = True) -> Iterator[IO[bytes]]:
    """Standard input for `-`, or a file.

    A buffer of standard input in which a thread waits for more would end Python with an error of its own.

    Raises:
        DataError: the file cannot be read.
    """
    if source == "-":
        yield sys.stdin.buffer if has_buffer else _unbuffered(sys.stdin.fileno())
        return
    try:
        file = Path(source).open("rb")  # noqa: SIM115 (closed below)
    except OSError as error:
        raise DataError(f"{source} cannot be read ({error.strerror}); check the name.") from None
    with file:
        yield file


def _unbuffered(number: int) -> IO[bytes]:
    return open(number, "rb", buffering=0, closefd=False)


class Reads(Protocol):
    """What a run reads, here or on a server, as of `LiveStream`."""

    @property
    def job(self) -> str:
        """The job of the run."""

    @property
    def takes(self) -> str:
        """What chunks are: sound, values, text or a roll."""

    @property
    def rate_hz(self) -> int:
        """Samples of sound per second."""

    @property
    def features(self) -> Sequence[str]:
        """Names of values."""


def channel_of(run: Run) -> int | None:
    """The channel of sound that a run reads, from 1; None: the mean of all."""
    channel = getattr(run.settings.data, "channel", "mix")
    return channel if isinstance(channel, int) else None


def stream_of(run: Run, given: LiveInput) -> tuple[LiveStream[Any, Any, Any], PcmReader | None]:
    """The stream for the data, and the reader of sound.

    Raises:
        ConfigError: the run cannot be streamed, or an option is not for it.
        DataError: the header of the sound is damaged.
    """
    stream = run.stream(**_chosen(given))
    options, reader = reading(stream, channel_of(run), given)
    return stream if reader is None else run.stream(**options), reader


def reading(reads: Reads, channel: int | None, given: LiveInput) -> tuple[dict[str, Any], PcmReader | None]:
    """The options of the stream for the data, and the reader of sound.

    Raises:
        ConfigError: an option is not for the run.
        DataError: the header of the sound is damaged.
    """
    options = _chosen(given)
    if reads.takes != "sound":
        if given.pcm != PcmFormat():
            raise ConfigError(f"Raw samples are for runs on sound; this one takes {reads.takes}.")
        return options, None
    if reads.job == "classify" and given.pause_s is None:
        options["pause_s"] = DEFAULT_PAUSE_S
    reader = PcmReader(given.file, given.name, given.pcm, channel)
    if (rate_hz := reader.format.rate_hz) is not None:
        options["rate_hz"] = rate_hz
        if rate_hz < reads.rate_hz:
            warnings.warn(lower_rate_note(Examples.of({given.name: rate_hz}), rate_hz, reads.rate_hz), stacklevel=2)
    return options, reader


def _chosen(given: LiveInput) -> dict[str, Any]:
    """The options of the stream that the user has chosen."""
    series = {} if given.series is None else {"series": given.series}
    return series if given.pause_s is None else series | {"pause_s": given.pause_s or None}


def chunks_of(reads: Reads, reader: PcmReader | None, given: LiveInput, last: Roll | None = None) -> Iterator[Any]:
    """The chunks for a stream: blocks of sound, lines of text, values row by row, steps of music after `last` (128,).

    Raises:
        DataError: a line cannot be read.
    """
    if reader is not None:
        block = max(1, round(BLOCK_S * (reader.format.rate_hz or reads.rate_hz)))
        while (sound := reader.read(block)) is not None:
            yield sound
        return
    rows: RowReader | RollReader | None = None
    if reads.takes == "values":
        rows = RowReader(reads.features, given.name)
    elif reads.takes == "roll":
        rows = RollReader(given.name, np.zeros(NUM_PITCHES, np.uint8) if last is None else last)
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
