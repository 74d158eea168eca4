"""Cache of spectra on disk, keyed by a hash of their inputs."""

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

MAX_BYTES = 2 << 30
"""Maximum total size of the files."""

_FORMAT = 1
"""Must be increased when the computation of spectra or the file format changes."""

_OURS = re.compile(r"spectra-[0-9a-f]{64}\.safetensors|\.spectra-[0-9a-f]{64}\.safetensors\..*\.tmp")
"""Names of cache files and of leftover temporary files; other files are never touched."""


@final
@dataclass(frozen=True)
class SpectraCache:
    """Stores one file per dataset in `folder`; None disables the cache.

    Damaged and foreign files count as missing, and write errors are ignored. Processes may share a folder. The least
    recently used files are deleted when the total size exceeds `max_bytes`.
    """

    folder: Path | None
    max_bytes: int = MAX_BYTES

    @classmethod
    def of(cls, setting: Path | Literal["none"] | None) -> "SpectraCache":
        """The cache for the setting `spectrum.cache_dir`."""
        if setting == "none":
            return NOWHERE
        return cls(setting or _user_folder())

    def find(self, key: str) -> list[Tensor] | None:
        """The spectra `(frames, bands)` of each series stored under `key`; None if there are none."""
        if self.folder is None:
            return None
        path = _path(self.folder, key)
        try:
            tensors, metadata = read_tensors(path)
        except RunError:
            return None
        if metadata != {"key": key}:
            return None
        with contextlib.suppress(OSError):
            os.utime(path)
        return list(torch.split(tensors["spectra"], tensors["frames"].tolist()))

    def keep(self, key: str, spectra: Sequence[Tensor]) -> None:
        """Stores the spectra `(frames, bands)` of each series under `key`, if they fit and can be written."""
        if self.folder is None or sum(one.nbytes for one in spectra) > self.max_bytes:
            return
        tensors = {"spectra": torch.cat(list(spectra)), "frames": torch.tensor([len(one) for one in spectra])}
        with contextlib.suppress(OSError, RunError):
            self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            write_tensors(_path(self.folder, key), tensors, {"key": key})
            _make_room(self.folder, self.max_bytes)


NOWHERE = SpectraCache(None)
"""The disabled cache."""


def spectra_key(mel: LogMel, series: Sequence[Series]) -> str:
    """SHA-256 of all samples, the settings (with the sampling rate), and the version of torch."""
    digest = hashlib.sha256(json.dumps([_FORMAT, str(torch.__version__), mel.to_json()], sort_keys=True).encode())
    for one in series:
        digest.update(one.steps.to_bytes(8, "little") + one.values[:, 0].tobytes())
    return digest.hexdigest()


def _path(folder: Path, key: str) -> Path:
    return folder / f"spectra-{key}.safetensors"


def _user_folder() -> Path | None:
    """The folder `echoic` in the user's cache folder; None without a home folder."""
    named = Path(os.environ.get("XDG_CACHE_HOME", ""))
    with contextlib.suppress(RuntimeError):
        return (named if named.is_absolute() else Path.home() / ".cache") / "echoic"
    return None


def _make_room(folder: Path, max_bytes: int) -> None:
    """Deletes the least recently used files until the total size is at most `max_bytes`."""
    found = [(path.stat(), path) for path in folder.iterdir() if _OURS.fullmatch(path.name)]
    used = 0
    for stat, path in sorted(found, key=lambda one: -one[0].st_mtime_ns):
        used += stat.st_size
        if used > max_bytes:
            path.unlink(missing_ok=True)
