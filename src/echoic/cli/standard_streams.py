"""Standard output and standard error of the command, on closed pipes, full disks and terminals that are gone."""

import io
import os
import sys
from typing import Any, TextIO, final

STANDARD_OUTPUT = "standard output"
"""The name of the file in errors."""


@final
class _Named(io.FileIO):
    """A file whose errors have a name."""

    def write(self, data: Any) -> Any:
        """Writes bytes."""
        try:
            return super().write(data)
        except OSError as error:
            error.filename = STANDARD_OUTPUT
            raise


@final
class _Lossy(io.FileIO):
    """A file that loses what cannot be written: progress and notes do not stop the work."""

    def write(self, data: Any) -> Any:
        """Writes bytes, if it can."""
        try:
            return super().write(data)
        except OSError:
            return len(data)


def harden() -> None:
    """Names standard output in errors, has errors of standard error ignored, and opens both if they are closed.

    Otherwise the first file that is opened would get their number, and be printed into. Streams that a caller in this
    process has put in their place are left alone.
    """
    if os.name == "nt":
        return
    for number, name, kind in ((0, "stdin", None), (1, "stdout", _Named), (2, "stderr", _Lossy)):
        stream = getattr(sys, name)
        if stream is None:
            stream = _on_nothing(number)
            setattr(sys, name, stream)
        if kind is not None and stream is getattr(sys, f"__{name}__"):
            setattr(sys, name, _reopened(stream, kind(number, "w", closefd=False)))


def discard_output() -> None:
    """Drops what is left of standard output if it cannot be written, so that Python does not try when it ends."""
    try:
        sys.stdout.flush()
    except OSError:
        sys.stdout = open(os.devnull, "w")  # noqa: PTH123, SIM115 (open until Python ends)


def _on_nothing(number: int) -> TextIO:
    """A stream on the null device, which has the number of a stream that is closed."""
    handle = os.open(os.devnull, os.O_RDWR)
    if handle != number:
        os.dup2(handle, number)
        os.close(handle)
    return open(number, "r" if number == 0 else "w", closefd=False)


def _reopened(stream: Any, raw: io.FileIO) -> TextIO:
    return io.TextIOWrapper(
        io.BufferedWriter(raw),
        encoding=stream.encoding,
        errors=stream.errors,
        line_buffering=stream.line_buffering,
        write_through=stream.write_through,
    )
