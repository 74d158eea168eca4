"""A run folder for every process: the first writes the run's own, the others write copies that nobody keeps."""

import json
import os
from pathlib import Path

from echoic.distributed.ranks import Ranks
from echoic.errors import RunError

_NOT_NEEDED = ("figures", "samples", "report.html", "run.lock")


def own_copy(ranks: Ranks, path: Path, scratch: Path) -> Path:
    """The run folder for this process: `path` itself for the first, a copy of it in `scratch` for the others.

    The others need not be able to read `path`: they may be on other machines.

    Raises:
        RunError: the first process cannot read the run, or another one cannot write its copy.
    """
    if ranks.size == 1:
        return path
    names: list[str] = []
    with ranks.together():
        if ranks.is_first:
            names = _files(path)
    names = json.loads(ranks.bytes_of_first(json.dumps(names).encode()))
    for name in names:
        contents = b""
        with ranks.together():
            if ranks.is_first:
                contents = _read(path / name)
        contents = ranks.bytes_of_first(contents)
        with ranks.together():
            if not ranks.is_first:
                _write(scratch / name, contents)
    return path if ranks.is_first else scratch


def _files(path: Path) -> list[str]:
    if not (path / "config.json").is_file():
        raise RunError(f"{path} is not a run folder (no config.json); create one with `echoic train`.")
    found = []
    for folder, folders, files in os.walk(path):
        folders[:] = sorted(name for name in folders if name not in _NOT_NEEDED)
        found += [Path(folder, name).relative_to(path).as_posix() for name in sorted(files) if name not in _NOT_NEEDED]
    return [name for name in found if not name.endswith(".tmp")]


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise RunError(f"{path} cannot be read ({error.strerror}).") from None


def _write(path: Path, contents: bytes) -> None:
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(contents)
    except OSError as error:
        raise RunError(
            f"{path} cannot be written ({error.strerror}); set TMPDIR to a folder with room for a copy of the run."
        ) from None
