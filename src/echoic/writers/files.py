"""Writers of output files that replace an old file only when the new one is complete."""

import contextlib
import os
import secrets
import shutil
from collections.abc import Iterator
from pathlib import Path

from echoic.errors import RunError
from echoic.write_errors import cannot_be_written


@contextlib.contextmanager
def replacing(path: Path) -> Iterator[Path]:
    """A new file beside `path` to write to, which replaces `path` at the end; if anything fails, the old file stays.

    A symbolic link is followed. What is not a file, such as a pipe or `/dev/stdout`, is written to as it is.

    Raises:
        RunError: the file cannot be written.
        BrokenPipeError: it is a pipe that nobody reads any more.
    """
    target = Path(os.path.realpath(path))
    is_special = target.exists() and not target.is_file()
    part = target if is_special else target.with_name(f".{secrets.token_hex(8)}.tmp")
    try:
        yield part
        if not is_special:
            _complete(part, target)
    except (RunError, BrokenPipeError):
        raise
    except OSError as error:
        raise RunError(f"{cannot_be_written(path, error)}.") from None
    finally:
        if not is_special:
            with contextlib.suppress(OSError):
                part.unlink()


def write_bytes(path: Path, data: bytes) -> None:
    """Writes a file, or leaves the old one.

    Raises:
        RunError: it cannot be written.
    """
    with replacing(path) as part:
        part.write_bytes(data)


def _complete(part: Path, target: Path) -> None:
    """Replaces `target`, once the disk has all of `part`."""
    with part.open("rb+") as file:
        os.fsync(file.fileno())
    if target.exists():
        shutil.copymode(target, part)
    part.replace(target)
