"""Spectra on disk, found again by what they were made of."""

import contextlib
import hashlib
import json
import os
import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, final

import torch
from torch import Tensor

from echoic.codecs import LogMel
from echoic.errors import RunError
from echoic.run.files import read_tensors, write_tensors
from echoic.types import Series

MOST_BYTES = 2 << 30
"""What all files together may take."""

_FORMAT = 1
"""To be counted up when spectra of the same sound and settings come out otherwise, or files hold something else."""

_OURS = re.compile(r"spectra-[0-9a-f]{64}\.safetensors|\.spectra-[0-9a-f]{64}\.safetensors\..*\.tmp")
"""Names of files, and of what a killed writer leaves behind; others in the folder are never touched."""


@final
@dataclass(frozen=True)
class SpectraCache:
    """A file for each set of clips in `folder`; None: nothing is kept, and nothing found.

    It can only save time: a file that is missing, damaged or of other content is not found, and where nothing can be
    written, nothing is kept. Several processes may use one folder. Files that were not used for longest are deleted
    when all together take more than `most_bytes`.
    """

    folder: Path | None
    most_bytes: int = MOST_BYTES

    @classmethod
    def of(cls, setting: Path | Literal["none"] | None) -> "SpectraCache":
        """That of the setting `spectrum.cache_dir`."""
        if setting == "none":
            return NOWHERE
        return cls(setting or _user_folder())

    def find(self, key: str) -> list[Tensor] | None:
        """The spectra `(frames, bands)` of each clip that were kept under `key`, if they are there and whole."""
        if self.folder is None:
            return None
        path = _path(self.folder, key)
        try:
            tensors, notes = read_tensors(path)
        except RunError:
            return None
        if notes != {"key": key}:
            return None
        with contextlib.suppress(OSError):
            os.utime(path)
        return list(torch.split(tensors["spectra"], tensors["frames"].tolist()))

    def keep(self, key: str, spectra: Sequence[Tensor]) -> None:
        """Keeps the spectra `(frames, bands)` of each clip under `key`, if they can be written and are not too many."""
        if self.folder is None or sum(one.nbytes for one in spectra) > self.most_bytes:
            return
        tensors = {"spectra": torch.cat(list(spectra)), "frames": torch.tensor([len(one) for one in spectra])}
        with contextlib.suppress(OSError, RunError):
            self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            write_tensors(_path(self.folder, key), tensors, {"key": key})
            _make_room(self.folder, self.most_bytes)


NOWHERE = SpectraCache(None)
"""Keeps nothing."""


def spectra_key(mel: LogMel, clips: Sequence[Series]) -> str:
    """A SHA-256 in hex of what the spectra of `clips` are made of: every sample, the rate and the settings.

    The version of torch counts, too: another one may differ in the last bit.
    """
    digest = hashlib.sha256(json.dumps([_FORMAT, str(torch.__version__), mel.to_json()], sort_keys=True).encode())
    for clip in clips:
        digest.update(clip.steps.to_bytes(8, "little") + clip.values[:, 0].tobytes())
    return digest.hexdigest()


def _path(folder: Path, key: str) -> Path:
    return folder / f"spectra-{key}.safetensors"


def _user_folder() -> Path | None:
    """`echoic` in the user's cache folder; None for a user without a home."""
    named = Path(os.environ.get("XDG_CACHE_HOME", ""))
    with contextlib.suppress(RuntimeError):
        return (named if named.is_absolute() else Path.home() / ".cache") / "echoic"
    return None


def _make_room(folder: Path, most_bytes: int) -> None:
    """Deletes the files that were not used for longest, until all together take no more than `most_bytes`."""
    found = [(path.stat(), path) for path in folder.iterdir() if _OURS.fullmatch(path.name)]
    used = 0
    for about, path in sorted(found, key=lambda one: -one[0].st_mtime_ns):
        used += about.st_size
        if used > most_bytes:
            path.unlink(missing_ok=True)
