"""A lock for exclusive writing of a run folder."""

import contextlib
import json
import os
import socket
from collections.abc import Iterator
from pathlib import Path

from echoic.errors import RunError
from echoic.write_errors import cannot_be_written

if os.name == "nt":
    import msvcrt

    def _try_lock(handle: int) -> None:
        msvcrt.locking(handle, msvcrt.LK_NBLCK, 1)  # type: ignore[attr-defined,unused-ignore]
else:
    import fcntl

    def _try_lock(handle: int) -> None:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)


@contextlib.contextmanager
def file_lock(path: Path) -> Iterator[None]:
    """Holds the lock file `path`, which names the process and host of its holder.

    The operating system releases it when the process ends in any way, so locks are never stale.

    Raises:
        RunError: another process holds the lock.
    """
    try:
        handle = os.open(path, os.O_RDWR | os.O_CREAT, 0o644)
    except OSError as error:
        raise RunError(f"{cannot_be_written(path, error)}.") from None
    try:
        try:
            _try_lock(handle)
        except (BlockingIOError, PermissionError):
            raise RunError(f"{path.parent} is being written by {_holder(path)}; wait for it or stop it.") from None
        except OSError as error:
            raise RunError(f"{path} cannot be locked ({error.strerror}); put the run on another disk.") from None
        # The name is optional: on a full disk the lock holds without it.
        with contextlib.suppress(OSError):
            os.ftruncate(handle, 0)
            os.write(handle, json.dumps({"pid": os.getpid(), "host": socket.gethostname()}).encode())
        yield
    finally:
        os.close(handle)


@contextlib.contextmanager
def folder_lock(path: Path, refusal: str) -> Iterator[None]:
    """Holds a folder itself, in which nothing is written; on Windows, whose folders cannot be locked, nothing is held.

    Raises:
        RunError: with the sentence `refusal`: another process, or another part of this one, holds the folder.
    """
    if os.name == "nt":
        yield
        return
    handle = os.open(path, os.O_RDONLY)
    try:
        try:
            _try_lock(handle)
        except BlockingIOError:
            raise RunError(refusal) from None
        except OSError:  # a disk that knows no locks
            pass
        yield
    finally:
        os.close(handle)


def _holder(path: Path) -> str:
    with contextlib.suppress(OSError, ValueError, TypeError, KeyError):
        holder = json.loads(path.read_text())
        return f"process {holder['pid']} on {holder['host']}"
    return "another process"
