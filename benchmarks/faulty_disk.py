"""A disk that fails at a given file call: the process is killed, the power is cut, or the disk is full."""

import errno
import io
import os
import signal
from collections.abc import Callable
from pathlib import Path
from typing import Any, Self

MAX_CALLS = 1000
"""More file calls than a run makes."""


class FaultyDisk:
    """A shim around the calls that change files below `root`: counts them, and injects a fault at call number `at`.

    `how`: kill (the process is killed), lose and tear (a power cut, too: data not yet synced are undone; with tear,
    renames and deletions are kept), once and full (the call fails: only that one, or all from there on).
    """

    def __init__(self, root: Path, at: int = MAX_CALLS, how: str = "kill") -> None:
        self.root = str(root)
        self.at = at
        self.how = how
        self.calls = 0
        self.durable: dict[str, int] = {}
        self.undo: list[tuple[str, Callable[[], None]]] = []
        self.real = {name: getattr(os, name) for name in ("fsync", "replace", "unlink", "mkdir")} | {"open": io.open}

    def install(self) -> None:
        """Installs the shim for the rest of the process."""
        for name in ("fsync", "replace", "unlink", "mkdir"):
            setattr(os, name, getattr(self, name))
        io.open = self.open

    def call(self, name: str) -> None:
        """Counts a call, and injects the fault if its number has come."""
        self.calls += 1
        if self.how in {"once", "full"}:
            if self.calls == self.at or (self.how == "full" and self.calls > self.at and name != "unlink"):
                os.write(2, f"fault in {name}\n".encode())
                raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        elif self.calls == self.at:
            self.power_cut()
            os.kill(os.getpid(), signal.SIGKILL)

    def power_cut(self) -> None:
        """Leaves the disk in a state that is possible after a power cut."""
        if self.how == "kill":
            return
        for path, size in self.durable.items():
            if Path(path).exists():
                os.truncate(path, size)
        for _, undo in reversed(self.undo) if self.how == "lose" else ():
            undo()

    def open(self, file: Any, mode: str = "r", *args: Any, **kwargs: Any) -> Any:
        """Replaces `io.open`."""
        path = str(file)
        if not path.startswith(self.root) or mode.strip("bt") == "r":
            return self.real["open"](file, mode, *args, **kwargs)
        self.call("open")
        new = not Path(path).exists()
        opened = self.real["open"](file, mode, *args, **kwargs)
        self.durable.setdefault(path, 0 if "a" not in mode else Path(path).stat().st_size)
        if new:
            self._can_undo(path, lambda: Path(path).exists() and self.real["unlink"](path))
        return FaultyFile(self, opened)

    def fsync(self, handle: int) -> None:
        """Replaces `os.fsync`."""
        self.call("fsync")
        self.real["fsync"](handle)
        path = str(Path(f"/proc/self/fd/{handle}").readlink())
        if Path(path).is_dir():
            self.undo = [(folder, undo) for folder, undo in self.undo if folder != path]
        else:
            self.durable.pop(path, None)

    def replace(self, source: Any, target: Any) -> None:
        """Replaces `os.replace`."""
        self.call("replace")
        before = Path(target).read_bytes() if Path(target).exists() else None
        self.real["replace"](source, target)
        if str(source) in self.durable:
            self.durable[str(target)] = self.durable.pop(str(source))
        self._can_undo(str(target), lambda: self._restore(Path(target), before))

    def unlink(self, path: Any, **kwargs: Any) -> None:
        """Replaces `os.unlink`."""
        self.call("unlink")
        before = Path(path).read_bytes() if Path(path).exists() else None
        self.real["unlink"](path, **kwargs)
        self._can_undo(str(path), lambda: self._restore(Path(path), before))

    def mkdir(self, *args: Any, **kwargs: Any) -> None:
        """Replaces `os.mkdir`."""
        self.call("mkdir")
        self.real["mkdir"](*args, **kwargs)

    def _can_undo(self, path: str, undo: Callable[[], Any]) -> None:
        self.undo.append((str(Path(path).parent), undo))

    def _restore(self, path: Path, content: bytes | None) -> None:
        if content is not None:
            with self.real["open"](path, "wb") as file:
                file.write(content)
        elif path.exists():
            self.real["unlink"](path)


class FaultyFile:
    """A file opened for writing; a write counts as two calls, so that it can be interrupted."""

    def __init__(self, disk: FaultyDisk, file: Any) -> None:
        self.disk, self.file = disk, file

    def write(self, data: bytes) -> int:
        """Writes and flushes each half."""
        half = len(data) // 2
        for chunk in (data[:half], data[half:]):
            self.disk.call("write")
            self.file.write(chunk)
            self.file.flush()
        return len(data)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.file.close()

    def __getattr__(self, name: str) -> Any:
        return getattr(self.file, name)
