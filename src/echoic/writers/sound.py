"""Streaming writer of 16-bit sound files."""

from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Self, final

import numpy as np

from echoic.errors import RunError
from echoic.extras import LazyModule
from echoic.types import Floats

if TYPE_CHECKING:
    import soundfile
else:
    soundfile = LazyModule("soundfile")

SUBTYPES = {".wav": "PCM_16", ".flac": "PCM_16"}
"""Sample format by file ending."""


@final
class SoundWriter:
    """Writes a mono file block by block; the file is complete once it is closed.

    `clipped` counts the samples clipped to full scale.
    """

    def __init__(self, path: Path, rate_hz: int) -> None:
        self.path = path
        self.clipped = 0
        if not path.parent.is_dir():
            raise RunError(f"{path} cannot be written: the folder {path.parent} does not exist; create it.")
        try:
            self._file = soundfile.SoundFile(path, "w", rate_hz, 1, SUBTYPES[path.suffix.lower()])
        except (soundfile.LibsndfileError, OSError) as error:
            raise RunError(f"{path} cannot be written ({error}).") from None

    def write(self, samples: Floats) -> None:
        """Appends samples `(samples,)`.

        Raises:
            RunError: the file cannot be written.
        """
        self.clipped += int((np.abs(samples) > 1).sum())
        try:
            self._file.write(np.clip(samples, -1, 1))
            self._file.flush()
        except (soundfile.LibsndfileError, OSError) as error:
            raise RunError(f"{self.path} cannot be written ({error}).") from None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, _: BaseException | None, __: TracebackType | None) -> None:
        self._file.close()
