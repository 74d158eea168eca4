"""Formats whose readers can end the process on a damaged file are read in a process of their own."""

import io
import subprocess
import sys
from pathlib import Path

from echoic.errors import DataError
from echoic.sources import reader_process
from echoic.sources.textfile import check_size, most_bytes

TIMEOUT_S = 600


class UnreadableError(Exception):
    """A reader refused a file, for the reason in the message."""


def read_apart(path: Path, raw: bytes, name: str) -> bytes:
    """What `reader_process.WRITERS[name]` writes of `raw`, the bytes of `path`.

    Where no process can be started, it runs in this one.

    Raises:
        UnreadableError: the reader refused the file.
        DataError: the reader crashed, did not end within ten minutes, or the file unpacks to too much.
    """
    most = most_bytes(len(raw))
    command = [sys.executable, "-P", reader_process.__file__, name, str(most)]
    if not sys.executable:
        return _read_here(path, raw, name)  # embedded in another program: there is no interpreter to start
    try:
        done = subprocess.run(  # noqa: S603 (our own script)
            command, input=raw, capture_output=True, check=False, timeout=TIMEOUT_S
        )
    except OSError:  # no process can be started here
        return _read_here(path, raw, name)
    except subprocess.TimeoutExpired:
        raise _crashed(path) from None
    if done.returncode == reader_process.TOO_LARGE:
        check_size(path, most + 1, len(raw))
    if done.returncode == reader_process.UNREADABLE:
        raise UnreadableError(done.stderr.decode(errors="replace").strip())
    if done.returncode:
        raise _crashed(path)
    return done.stdout


def _read_here(path: Path, raw: bytes, name: str) -> bytes:
    out = io.BytesIO()
    most = most_bytes(len(raw))
    try:
        reader_process.WRITERS[name](io.BytesIO(raw), most, out)
    except reader_process.TooLargeError:
        check_size(path, most + 1, len(raw))
    except Exception as error:  # noqa: BLE001 - readers of damaged files raise many kinds of exceptions
        raise UnreadableError(str(error)) from None
    return out.getvalue()


def _crashed(path: Path) -> DataError:
    return DataError(f"{path} is damaged (its reader crashed on it); write or copy the file again.")
