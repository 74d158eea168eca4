"""The program of a process that reads a file whose reader can end it; it imports nothing of echoic.

`python -P reader_process.py FORMAT MOST` takes the file from standard input and writes what it holds to standard
output, in a form that is safe to read. It ends with one of the codes below, and the reason on standard error.
"""

import contextlib
import io
import sys
from collections.abc import Callable, Iterator
from importlib import import_module
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np
import polars as pl
import scipy  # loads `scipy.io` lazily, which is slow to import

UNREADABLE, TOO_LARGE = 4, 3
"""Exit codes: the reader refused the file, or it unpacks to more than MOST bytes."""


class TooLargeError(Exception):
    """A file unpacks to more than it may."""


def write_parquet(data: BinaryIO, most_bytes: int, out: BinaryIO) -> None:
    """Writes a Parquet file as a stream of Arrow; its reader aborts on some damaged files."""
    lazy = pl.scan_parquet(data)
    if 8 * len(lazy.collect_schema()) * lazy.select(pl.len()).collect().item() > most_bytes:
        raise TooLargeError
    data.seek(0)
    pl.read_parquet(data).write_ipc_stream(out)


def write_matlab(data: BinaryIO, most_bytes: int, out: BinaryIO) -> None:
    """Writes the variables of a MATLAB file as an archive of NumPy arrays, each cell as `NAME/NUMBER` from 1 on.

    Of cells without numbers, only the shape is kept, and of variables without cells only the name, as `NAME/0`. The
    reader ends in a segmentation fault on some damaged files.
    """
    loadmat = scipy.io.loadmat  # loaded while there is memory for it
    with _limited_memory(most_bytes):
        found = {name: value for name, value in loadmat(data).items() if not name.startswith("__")}
    arrays: dict[str, Any] = {}
    for name, value in found.items():
        cells = value.ravel() if isinstance(value, np.ndarray) and value.dtype.kind == "O" else ()
        if not len(cells):
            arrays[f"{name}/0"] = np.zeros(0)
        for number, cell in enumerate(cells, 1):
            array = np.asarray(cell)
            arrays[f"{name}/{number}"] = array if array.dtype.kind in "biufc" else np.zeros(array.shape, "U1")
    np.savez(out, **arrays)


WRITERS: dict[str, Callable[[BinaryIO, int, BinaryIO], None]] = {"parquet": write_parquet, "matlab": write_matlab}


@contextlib.contextmanager
def _limited_memory(most_bytes: int) -> Iterator[None]:
    """Lets the process take no more than `most_bytes` beside what it has, where the system can limit it."""
    try:
        resource = import_module("resource")
        used = int(Path("/proc/self/statm").read_text().split()[0]) * resource.getpagesize()
        before = resource.getrlimit(resource.RLIMIT_AS)
        resource.setrlimit(resource.RLIMIT_AS, (used + most_bytes, before[1]))
    except (ImportError, OSError, ValueError):
        yield  # another system
        return
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_AS, before)


def main(arguments: list[str]) -> int:
    """Runs the program; returns its exit code."""
    name, most_bytes = arguments
    try:
        WRITERS[name](io.BytesIO(sys.stdin.buffer.read()), int(most_bytes), sys.stdout.buffer)
    except (TooLargeError, MemoryError):
        return TOO_LARGE
    except Exception as error:  # noqa: BLE001 - readers of damaged files raise many kinds of exceptions
        sys.stderr.write(str(error) or type(error).__name__)
        return UNREADABLE
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
