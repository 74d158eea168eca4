"""Sound files become examples, in a process of its own: a decoder that crashes on a damaged file ends only that."""

import asyncio
import multiprocessing
import os
import signal
import threading
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from pathlib import Path
from typing import NamedTuple, TypeVar, final

import numpy as np

from echoic.config.audio import AudioDataSettings
from echoic.errors import DataError
from echoic.labelled.segmenter import Segmenter
from echoic.sources.audio.decoding import decode_file
from echoic.types import Floats
from echoic.writers.sound import SoundWriter

MIN_EXAMPLE_S, MAX_EXAMPLE_S = 0.05, 60
"""Shortest and longest example."""

_TIMEOUT_S = 60
_PAUSE_S = 1.0
"""Sound that is cut at both ends keeps pauses that are shorter."""

T = TypeVar("T")


class Facts(NamedTuple):
    """Duration and largest absolute sample of an example, full scale 1, and its sampling rate."""

    seconds: float
    peak: float
    rate_hz: int


def facts(path: Path) -> Facts:
    """Facts of a sound file.

    Raises:
        DataError: it cannot be read.
    """
    sound = decode_file(path, AudioDataSettings(), None)
    return Facts(len(sound.samples) / sound.rate_hz, float(np.abs(sound.samples).max()), sound.rate_hz)


def convert(source: Path, name: str, target: Path, *, trim: bool) -> None:
    """Writes a sound file as mono WAV at its own rate.

    Args:
        source: the file.
        name: as which errors name it.
        target: the WAV file.
        trim: cut silence at both ends.

    Raises:
        DataError: it cannot be read, or is too long.
    """
    try:
        sound = decode_file(source, AudioDataSettings(), None)
    except DataError as error:
        raise DataError(str(error).replace(str(source), name)) from None
    if len(sound.samples) > MAX_EXAMPLE_S * sound.rate_hz:
        raise DataError(
            f"{name} has {len(sound.samples) / sound.rate_hz:.0f} s; examples have up to {MAX_EXAMPLE_S} s."
        )
    _write(target, _without_silence(sound.samples, sound.rate_hz) if trim else sound.samples, sound.rate_hz)


def cut(source: Path, target: Path, begin_s: float, end_s: float) -> None:
    """Writes what lies between two times as mono WAV.

    Raises:
        DataError: there is nothing, or the file cannot be read.
    """
    sound = decode_file(source, AudioDataSettings(), None)
    samples = sound.samples[round(begin_s * sound.rate_hz) : round(end_s * sound.rate_hz)]
    if len(samples) < MIN_EXAMPLE_S * sound.rate_hz:
        raise DataError(f"An example needs at least {MIN_EXAMPLE_S} s; keep more of it.")
    _write(target, samples, sound.rate_hz)


@final
class Converter:
    """Calls these functions in another process, which is started again after a crash."""

    def __init__(self) -> None:
        self._pool: ProcessPoolExecutor | None = None
        self._turn = asyncio.Lock()  # so that nobody's time runs out while others are served

    async def call(self, function: Callable[..., T], *arguments: object, **options: object) -> T:
        """The result of a function.

        Raises:
            DataError: it raised one, crashed, or took too long.
        """
        async with self._turn:
            if self._pool is None:
                self._pool = ProcessPoolExecutor(1, multiprocessing.get_context("spawn"), _end_with_the_server)
            try:
                work = asyncio.wrap_future(self._pool.submit(function, *arguments, **options))
                return await asyncio.wait_for(work, _TIMEOUT_S)
            except (BrokenProcessPool, TimeoutError):
                self.close()
                raise DataError("This file is damaged (its reader crashed on it); export it again.") from None

    def close(self) -> None:
        """Ends the process."""
        pool, self._pool = self._pool, None
        if pool is not None:
            for process in (pool._processes or {}).values():  # noqa: SLF001 (3.14 has kill_workers)
                process.kill()
            pool.shutdown(wait=False, cancel_futures=True)


def _end_with_the_server() -> None:
    """Ctrl-C is for the server; this process ends with it, however it ends."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    threading.Thread(target=_wait_for_the_server, daemon=True).start()


def _wait_for_the_server() -> None:
    server = multiprocessing.parent_process()
    if server is not None:
        server.join()
        os._exit(0)


def _write(target: Path, samples: Floats, rate_hz: int) -> None:
    peak = float(np.abs(samples).max())
    with SoundWriter(target, rate_hz) as writer:
        writer.write(samples / max(peak, 1.0))


def _without_silence(samples: Floats, rate_hz: int) -> Floats:
    """From the first to the last clip that a live stream would cut out; all if it would find none."""
    segmenter = Segmenter(rate_hz, _PAUSE_S)
    pieces, state = segmenter.push(samples, segmenter.start())
    pieces += segmenter.finish(state)
    if not pieces:
        return samples
    last = pieces[-1].begin
    return samples[pieces[0].begin : last + sum(len(one.samples) for one in pieces if one.begin == last)]
