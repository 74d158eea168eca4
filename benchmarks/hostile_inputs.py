"""Files that are made to fill the memory, or to be waited for without end: each is refused with one sentence."""

import gzip
import io
import lzma
import os
import struct
import zipfile
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import NamedTuple

import numpy as np
import polars as pl
from scipy.io import savemat

from children import fork, wait
from echoic import sources
from echoic.config import (
    AudioDataSettings,
    ClipDataSettings,
    EventDataSettings,
    MusicDataSettings,
    Section,
    TextDataSettings,
)
from echoic.config.table import TableSettings
from survivors import MORE_BYTES, Attempts, failures_of

BOMB_BYTES = 2 << 30
"""What a bomb of arrays unpacks to."""

PACKED_BYTES = MORE_BYTES * 5 // 4
"""What one of text or in an archive unpacks to: more than an attempt may take."""

MIB = 1 << 20


class Hostile(NamedTuple):
    """A file, how it is written, how it is read, and whether it must be refused."""

    file: str
    write: Callable[[Path], object]
    settings: Section
    refused: bool = True


TABLE, MUSIC, TEXT, AUDIO = TableSettings(), MusicDataSettings(), TextDataSettings(), AudioDataSettings()
CLIPS = ClipDataSettings.model_validate({"axes": ("clip", "band", "frame"), "labels_path": "labels.npy"})


def _packed_bomb(compress: Callable[[bytes], bytes]) -> Callable[[Path], object]:
    """Packed pieces, one after the other, which these formats allow."""
    return lambda path: path.write_bytes(compress(b"1" * (64 * MIB)) * (PACKED_BYTES // (64 * MIB)))


def _npz_bomb(path: Path) -> None:
    steps = PACKED_BYTES // 88
    with (
        zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED, compresslevel=9) as archive,
        archive.open("a.npy", "w", force_zip64=True) as to,
    ):
        to.write(_npy_header((steps, 88)))
        for _ in range(PACKED_BYTES // (64 * MIB)):
            to.write(bytes(64 * MIB))


def _npy_header(shape: tuple[int, ...], dtype: str = "|u1") -> bytes:
    head = io.BytesIO()
    np.lib.format.write_array_header_1_0(head, {"descr": dtype, "fortran_order": False, "shape": shape})
    return head.getvalue()


def _parquet_bomb(path: Path) -> None:
    pl.DataFrame({"y": np.zeros(BOMB_BYTES // 32)}).write_parquet(path, compression="zstd")


def _mat_bomb(path: Path) -> None:
    rolls = np.empty((1, 1), object)
    rolls[0, 0] = np.zeros((BOMB_BYTES // 4 // 88, 88), np.uint8)
    savemat(path, {"traindata": rolls}, do_compression=True)


def _midi(delta: int, tempo: bytes = b"\x07\xa1\x20") -> bytes:
    """A note that sounds `delta` ticks."""
    length = bytes([0x80 | delta >> shift & 0x7F for shift in (21, 14, 7)] + [delta & 0x7F])
    track = b"\0\xff\x51\x03" + tempo + b"\0\x90\x3c\x50" + length + b"\x80\x3c\0\0\xff\x2f\0"
    return b"MThd" + struct.pack(">IHHH", 6, 0, 1, 1) + b"MTrk" + struct.pack(">I", len(track)) + track


def _wav(data_bytes: int, rate_hz: int = 8000) -> bytes:
    head = b"fmt " + struct.pack("<IHHIIHH", 16, 1, 1, rate_hz, 2 * rate_hz, 2, 16)
    body = b"WAVE" + head + b"data" + struct.pack("<I", data_bytes) + bytes(2000)
    return b"RIFF" + struct.pack("<I", min(data_bytes + 36, 2**32 - 1)) + body


def _bytes(content: bytes) -> Callable[[Path], object]:
    return lambda path: path.write_bytes(content)


def _link(path: Path) -> None:
    path.symlink_to(path.name)


HOSTILE = (
    Hostile("bomb.csv.gz", _packed_bomb(gzip.compress), TABLE),
    Hostile("bomb.tsf.gz", _packed_bomb(gzip.compress), TABLE),
    Hostile("bomb.txt.gz", _packed_bomb(gzip.compress), TEXT),
    Hostile("bomb.txt.xz", _packed_bomb(lzma.compress), TEXT),
    Hostile("bomb.npz", _npz_bomb, MUSIC),
    Hostile("bomb.mat", _mat_bomb, MUSIC),
    Hostile("bomb.parquet", _parquet_bomb, TABLE),
    Hostile("shape.npy", _bytes(_npy_header((10**12, 88))), MUSIC),
    Hostile("shape_of_clips.npy", _bytes(_npy_header((10**6, 10**3, 10**3), "<f8")), CLIPS),
    Hostile("objects.npy", _bytes(_npy_header((1,), "|O") + b"cos\nsystem\n(S'touch victim'\ntR."), MUSIC),
    Hostile("long.mid", _bytes(_midi(0x0FFFFFFF)), MUSIC),
    Hostile("slow.mid", _bytes(_midi(0x0FFFFFFF, b"\xff\xff\xff")), MusicDataSettings(grid="0.001s")),
    Hostile("deep.json", _bytes(b"[" * 100_000 + b"]" * 100_000), MUSIC),
    Hostile("digits.json", _bytes(b"[[[" + b"9" * 100_000 + b"]]]"), MUSIC),
    Hostile("huge.wav", _bytes(_wav(0x7FFFFFFF)), AUDIO),
    Hostile("endless.wav", _bytes(_wav(0xFFFFFFFF)), AUDIO, refused=False),
    Hostile("piped.wav", _bytes(_wav(0x7FFFF000)), AUDIO),
    Hostile("wide.csv", _bytes(b"a," * 10**6 + b"b\n" + b"1," * 10**6 + b"2\n"), TABLE),
    Hostile(
        "years.csv",
        _bytes(b"ds,y\n0001-01-01,1\n9999-01-01,2\n9999-01-02,2\n"),
        TableSettings(gaps="mask"),
        refused=False,
    ),
    Hostile("quotes.csv", _bytes(b'a,b\n"' + b"x\n" * 10**6), TABLE),
    Hostile(
        "wide.ts", _bytes(b"@classLabel true a\n@data\n" + b"1:" * 10**5 + b"a\n"), ClipDataSettings(), refused=False
    ),
    Hostile("archive.zip", _bytes(b"PK\x03\x04../../victim"), TABLE),
    Hostile("archive.tar.gz", _bytes(gzip.compress(b"../../victim")), TEXT),
    Hostile("pipe.csv", os.mkfifo, TABLE),
    Hostile("pipe.txt", os.mkfifo, TEXT),
    Hostile("pipe.mid", os.mkfifo, MUSIC),
    Hostile("pipe.json", os.mkfifo, MUSIC),
    Hostile("pipe.wav", os.mkfifo, AUDIO),
    Hostile("pipe.ts", os.mkfifo, ClipDataSettings()),
    Hostile("pipe.npy", os.mkfifo, CLIPS),
    Hostile("pipe_of_events.csv", os.mkfifo, EventDataSettings()),
    Hostile("loop.csv", _link, TABLE),
    Hostile("loop.txt", _link, TEXT),
    Hostile("loop.mid", _link, MUSIC),
    Hostile("loop.wav", _link, AUDIO),
    Hostile("loop.ts", _link, ClipDataSettings()),
    Hostile("loop_of_events.csv", _link, EventDataSettings()),
    Hostile("folder.csv", os.mkdir, TABLE),
    Hostile("folder.ts", os.mkdir, ClipDataSettings()),
    Hostile("folder_of_events.csv", os.mkdir, EventDataSettings()),
)


def read_hostile(folder: Path) -> tuple[int, list[str]]:
    """Reads all of them; their number, and the failures."""
    place, failures = folder / "hostile", list[str]()
    place.mkdir()
    for one in HOSTILE:
        path = place / one.file
        if wait(fork(partial(_write, one, path))):
            failures.append(f"inputs: {one.file} cannot be written")
        size = path.stat().st_size if path.is_file() else 0
        tried = failures_of(Attempts(1, partial(_read, one, path), lambda _: 4 * size))  # noqa: B023
        failures += [f"inputs: {one.file}: {reason}" for _, reason in tried]
        if path.is_file():
            path.unlink()
    return len(HOSTILE), failures


def _write(one: Hostile, path: Path) -> None:
    one.write(path)


def _read(one: Hostile, path: Path, _number: int) -> None:
    sources.read(path, one.settings)
    if one.refused:
        raise ValueError("it was read")
