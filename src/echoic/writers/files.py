"""Writer of plain files."""

from pathlib import Path

from echoic.errors import RunError


def write_bytes(path: Path, data: bytes) -> None:
    """Writes a file.

    Raises:
        RunError: it cannot be written.
    """
    try:
        path.write_bytes(data)
    except OSError as error:
        raise RunError(f"{path} cannot be written ({error.strerror}).") from None
