"""Damaged copies of a small file of each format: every one is read, or refused with one sentence.

A copy has a flipped bit, is cut short, has bytes inserted, or two parts swapped. A child process reads the copies of a
format. A copy is a failure if it ends that process, takes more than a minute, takes more memory than four
times the file and 1 GiB, or gives a traceback.
"""

import os
import random
import resource
import signal
import warnings
from collections.abc import Callable
from pathlib import Path

import numpy as np
import polars as pl
import soundfile

from children import fork, wait
from echoic import sources
from echoic.config import AudioDataSettings, ClipDataSettings, MusicDataSettings, Section, TextDataSettings
from echoic.config.table import TableSettings
from echoic.errors import EchoicError

HUNG_S = 60
MORE_BYTES = 1 << 30


SOUNDS = ("wav", "flac", "ogg", "aiff", "au", "caf")

FORMATS: dict[str, Section] = {
    "table.csv": TableSettings(),
    "table.parquet": TableSettings(),
    **{f"sound.{ending}": AudioDataSettings() for ending in SOUNDS},
    "text.txt": TextDataSettings(),
    "song.mid": MusicDataSettings(),
    "songs.json": MusicDataSettings(),
    "clips.ts": ClipDataSettings(),
}
"""A small file of each format, and the settings to read it with."""


def write_files(folder: Path) -> None:
    """Writes the files of `FORMATS`."""
    draw = np.random.default_rng(0)
    table = pl.DataFrame({"ds": np.arange(60), "y": draw.normal(size=60).round(3)})
    table.write_csv(folder / "table.csv")
    table.write_parquet(folder / "table.parquet")
    for ending in SOUNDS:
        soundfile.write(folder / f"sound.{ending}", (0.3 * np.sin(np.arange(2000) / 5)).astype(np.float32), 8000)
    (folder / "text.txt").write_text("The quick brown fox.\n" * 40)
    track = b"".join(bytes([0, 0x90, 60 + n % 12, 80, 96, 0x80, 60 + n % 12, 0]) for n in range(40)) + b"\0\xff\x2f\0"
    head = b"MThd" + (6).to_bytes(4, "big") + bytes([0, 0, 0, 1, 0, 96])
    (folder / "song.mid").write_bytes(head + b"MTrk" + len(track).to_bytes(4, "big") + track)
    (folder / "songs.json").write_text('{"train": [[[60, 64], [62], []]], "valid": [[[60]]], "test": [[[62]]]}')
    rows = "".join(f"{','.join(map(str, draw.normal(size=8).round(2)))}:{'ab'[n % 2]}\n" for n in range(20))
    (folder / "clips.ts").write_text("@classLabel true a b\n@data\n" + rows)


def damage(whole: bytes, draw: random.Random) -> bytes:
    """A copy that is damaged in one of four ways."""
    at, other = sorted((draw.randrange(len(whole)), draw.randrange(len(whole))))
    kind = draw.randrange(4)
    if kind == 0:
        return whole[:at] + bytes([whole[at] ^ 1 << draw.randrange(8)]) + whole[at + 1 :]
    if kind == 1:
        return whole[:at]
    if kind == 2:
        return whole[:at] + draw.randbytes(draw.randint(1, 16)) + whole[at:]
    return whole[other:] + whole[at:other] + whole[:at]


def read_damaged(count: int, seed: int, folder: Path) -> tuple[dict[str, int], list[str]]:
    """Reads `count` damaged copies of each format; the copies by format, and the failures."""
    folder.mkdir()
    counts, failures = dict[str, int](), list[str]()
    # Writing tables starts the threads of polars, which children of this process would lack.
    if wait(fork(lambda: write_files(folder))):
        return counts, ["inputs: the files cannot be written"]
    for name, settings in FORMATS.items():
        path = folder / name
        whole, draw = path.read_bytes(), random.Random(seed)  # noqa: S311
        copies = [damage(whole, draw) for _ in range(count)]
        at = 0
        while at < count:
            at, failed = _read_from(at, copies, path, settings)
            failures += [f"inputs: {path.name}, copy {number} of seed {seed}: {reason}" for number, reason in failed]
        counts[path.name] = count
    return counts, failures


def _read_from(first: int, copies: list[bytes], path: Path, settings: Section) -> tuple[int, list[tuple[int, str]]]:
    """Reads copies from number `first` on in a child process; the first one that is left, and the failures."""
    reader, writer = os.pipe()
    process = os.fork()
    if not process:
        os.close(reader)
        with os.fdopen(writer, "w", buffering=1) as said:
            _read_all(first, copies, path, settings, lambda number, reason: said.write(f"{number} {reason}\n"))
        os._exit(0)
    os.close(writer)
    with os.fdopen(reader) as said:
        lines = [line.rstrip().split(" ", 1) for line in said]
    code, failed = wait(process), [(int(number), reason) for number, reason in lines if reason != "done"]
    read = 1 + max((int(number) for number, _ in lines), default=first - 1)
    return (read, failed) if code == 0 else (read + 1, [*failed, (read, f"the process ended with {code}")])


def _read_all(
    first: int, copies: list[bytes], path: Path, settings: Section, report: Callable[[int, str], object]
) -> None:
    warnings.simplefilter("ignore")
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
    for number in range(first, len(copies)):
        path.write_bytes(copies[number])
        signal.alarm(HUNG_S)  # ends the process
        reason = "done"
        try:
            sources.read(path, settings)
        except EchoicError as error:
            if "\n" in str(error):
                reason = "a message of several lines"
        except Exception as error:  # noqa: BLE001 (each is counted)
            reason = f"traceback: {type(error).__name__}: {str(error)[:100]!r}"
        signal.alarm(0)
        if resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024 > before + 4 * len(copies[number]) + MORE_BYTES:
            reason = "too much memory"
        report(number, reason)
