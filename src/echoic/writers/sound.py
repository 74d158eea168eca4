"""Streaming writer of 16-bit sound files."""

from contextlib import ExitStack
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Self, final

import numpy as np

from echoic.errors import RunError
from echoic.extras import LazyModule
from echoic.types import Floats
from echoic.writers.files import replacing

if TYPE_CHECKING:
    import soundfile
else:
    soundfile = LazyModule("soundfile")

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
        kind = path.suffix.lower()
        with ExitStack() as stack:
            part = stack.enter_context(replacing(path))
            try:
                self._file = soundfile.SoundFile(part, "w", rate_hz, 1, SUBTYPES[kind], format=kind[1:].upper())
            except soundfile.LibsndfileError as error:
                raise RunError(f"{path} cannot be written ({error.error_string}).") from None
            stack.callback(self._file.close)
            self._stack = stack.pop_all()

    def write(self, samples: Floats) -> None:
        """Appends samples `(samples,)`.

        Raises:
            RunError: the file cannot be written.
        """
        self.clipped += int((np.abs(samples) > 1).sum())
        try:
            self._file.write(np.clip(samples, -1, 1))
            self._file.flush()
        except soundfile.LibsndfileError as error:
            raise RunError(f"{self.path} cannot be written ({error.error_string}).") from None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stack.__exit__(kind, error, trace)
