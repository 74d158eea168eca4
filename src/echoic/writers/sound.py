"""Streaming writer of 16-bit sound files."""

import errno
import hashlib
import os
import wave
from contextlib import ExitStack
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Self, final

import numpy as np

from echoic.errors import RunError
from echoic.extras import LazyModule
from echoic.types import Floats
from echoic.write_errors import cannot_be_written
from echoic.writers.files import replacing

if TYPE_CHECKING:
    import soundfile
else:
    soundfile = LazyModule("soundfile")

_BLOCK = 1 << 16
_FULL_SCALE = 1 << 15

SUBTYPES = {".wav": "PCM_16", ".flac": "PCM_16"}
"""Sample format by file ending."""


@final
class SoundWriter:
    """Writes a mono file block by block; as a context, whose end without an error replaces an old file.

    `clipped` counts the samples clipped to full scale.
    """

    def __init__(self, path: Path, rate_hz: int) -> None:
        self.path = path
        self.clipped = 0
        if not path.parent.is_dir():
            raise RunError(f"{path} cannot be written: the folder {path.parent} does not exist; create it.")
        self._kind, self._samples, self._written = path.suffix.lower(), 0, hashlib.sha256()
        kind = self._kind[1:].upper()
        with ExitStack() as stack:
            self._part = stack.enter_context(replacing(path))
            try:
                self._file = soundfile.SoundFile(self._part, "w", rate_hz, 1, SUBTYPES[self._kind], format=kind)
            except soundfile.LibsndfileError as error:
                raise self._refusal(error) from None
            stack.push(self._close)
            self._stack = stack.pop_all()

    def write(self, samples: Floats) -> None:
        """Appends samples `(samples,)`.

        Raises:
            RunError: the file cannot be written.
        """
        self.clipped += int((np.abs(samples) > 1).sum())
        scaled = np.rint(np.clip(samples, -1, 1) * _FULL_SCALE)
        block = np.minimum(scaled, _FULL_SCALE - 1).astype(np.int16)
        self._written.update(block.tobytes())
        self._samples += len(block)
        try:
            self._file.write(block)
            self._file.flush()
        except soundfile.LibsndfileError as error:
            raise self._refusal(error) from None

    def _close(self, kind: type[BaseException] | None, *_: object) -> None:
        """Closes the file, and checks what is in it: libsndfile reports not every write that fails."""
        self._file.close()
        if kind is not None or not self._part.is_file():
            return
        try:
            is_complete = _header_samples(self._part, self._kind) == self._samples
            is_complete = is_complete and _digest(self._part) == self._written.digest()
        except (soundfile.LibsndfileError, wave.Error, EOFError) as error:
            raise self._refusal(error) from None
        if not is_complete:
            raise self._refusal(OSError(errno.EIO, ""))

    def _refusal(self, error: Exception) -> RunError:
        """The error with its reason, which libsndfile does not tell, but the next write does."""
        if self._part.is_file() or not self._part.exists():
            try:
                with self._part.open("ab") as file:
                    file.write(bytes(_BLOCK))
                    file.flush()
                    os.fsync(file.fileno())
            except OSError as reason:
                return RunError(f"{cannot_be_written(self.path, reason)}.")
        return RunError(f"{cannot_be_written(self.path, OSError(errno.EIO, str(error)))}.")

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stack.__exit__(kind, error, trace)


def _header_samples(path: Path, kind: str) -> int:
    """The number of samples in the header; libsndfile itself reads WAV to the end of the file, whatever it says."""
    if kind == ".wav":
        with wave.open(str(path)) as file:
            return int(file.getnframes())
    return int(soundfile.info(path).frames)


def _digest(path: Path) -> bytes:
    """SHA-256 of the samples as 16-bit numbers."""
    found = hashlib.sha256()
    with soundfile.SoundFile(path) as file:
        for block in file.blocks(_BLOCK, dtype="int16"):
            found.update(block.tobytes())
    return found.digest()
