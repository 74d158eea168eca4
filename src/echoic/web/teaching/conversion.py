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
from typing import Literal, NamedTuple, TypeVar, final

import numpy as np

from echoic.config.audio import AudioDataSettings
from echoic.errors import DataError
from echoic.labelled.segmenter import Segmenter
from echoic.sources.audio.decoding import decode_file, open_sound
from echoic.types import Floats
from echoic.writers.sound import SoundWriter

MIN_EXAMPLE_S, MAX_EXAMPLE_S = 0.05, 60
"""Shortest and longest example."""

_TIMEOUT_S = 60
SPLIT_PAUSE_S = 0.4
"""Pause between two examples in one recording: that which ends a clip on the page."""

_PAUSE_S = 1.0
"""Sound that is cut at both ends keeps pauses that are shorter."""

Keep = Literal["all", "trim", "split"]

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


def convert(source: Path, name: str, folder: Path, *, keep: Keep) -> list[Path]:
    """Writes a sound file as mono WAV files at its own rate.

    Args:
        source: the file.
        name: as which errors name it.
        folder: where WAV files are written.
        keep: all of it, what lies between the silence at both ends, or each sound between two pauses in a file of its
            own.

    Returns:
        The WAV files.

    Raises:
        DataError: it cannot be read, is too long, or has no sounds to `split`.
    """
    try:
        _check_length(source, name)
        sound = decode_file(source, AudioDataSettings(), None)
    except DataError as error:
        raise DataError(str(error).replace(str(source), name)) from None
    parts = _kept(sound.samples, sound.rate_hz, keep)
    if not parts:
        raise DataError(f"{name} has no sound that is louder than its background.")
    paths = [folder / f"made-{number}.wav" for number in range(len(parts))]
    for path, part in zip(paths, parts, strict=True):
        _write(path, part, sound.rate_hz)
    return paths


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
            try:
                try:
                    return await self._tried(function, *arguments, **options)
                except BrokenProcessPool:  # the file may be innocent: the system killed the process, perhaps long ago
                    return await self._tried(function, *arguments, **options)
            except (BrokenProcessPool, TimeoutError):
                raise DataError("This file is damaged (its reader crashed on it); export it again.") from None

    async def _tried(self, function: Callable[..., T], *arguments: object, **options: object) -> T:
        if self._pool is None:
            self._pool = ProcessPoolExecutor(1, multiprocessing.get_context("spawn"), _end_with_the_server)
        try:
            work = asyncio.wrap_future(self._pool.submit(function, *arguments, **options))
            return await asyncio.wait_for(work, _TIMEOUT_S)
        except (BrokenProcessPool, TimeoutError):
            self.close()
            raise

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


def _check_length(source: Path, name: str) -> None:
    """Refuses sound that is too long, before it is decoded: a small file may hold days of silence."""
    with open_sound(source, AudioDataSettings(), None) as sound:
        seconds = sound.most_samples / sound.rate_hz
    if seconds > MAX_EXAMPLE_S:
        raise DataError(f"{name} has {seconds:.0f} s; examples have up to {MAX_EXAMPLE_S} s.")


def _write(target: Path, samples: Floats, rate_hz: int) -> None:
    peak = float(np.abs(samples).max())
    with SoundWriter(target, rate_hz) as writer:
        writer.write(samples / max(peak, 1.0))


def _kept(samples: Floats, rate_hz: int, keep: Keep) -> list[Floats]:
    if keep == "split":
        return list(_clips(samples, rate_hz, SPLIT_PAUSE_S).values())
    clips = _clips(samples, rate_hz, _PAUSE_S) if keep == "trim" else {}
    if not clips:
        return [samples]
    first, last = min(clips), max(clips)
    return [samples[first : last + len(clips[last])]]


def _clips(samples: Floats, rate_hz: int, pause_s: float) -> dict[int, Floats]:
    """The clips that a live stream would cut out, by their first samples."""
    segmenter = Segmenter(rate_hz, pause_s)
    pieces, state = segmenter.push(samples, segmenter.start())
    parts = dict[int, list[Floats]]()
    for piece in [*pieces, *segmenter.finish(state)]:
        parts.setdefault(piece.begin, []).append(piece.samples)
    return {begin: np.concatenate(own) for begin, own in parts.items()}
