"""Starting the other processes of a training on this machine."""

import contextlib
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import final

from echoic.distributed.seats import Seat
from echoic.errors import LostProcessError, RunError

_GRACE_S = 20.0
"""How long the other processes may take to end when the first one has."""

_POLL_S = 0.05


@contextlib.contextmanager
def launched(processes: int, command: Sequence[str]) -> Iterator[Seat]:
    """Starts `command` as the processes 1 to `processes` - 1; yields the seat of this process, which is number 0.

    They end with the block, and with this process, however it ends.

    Raises:
        LostProcessError: one of the others has failed.
    """
    try:
        folder = Path(tempfile.mkdtemp(prefix="echoic-processes-"))
    except OSError as error:
        raise RunError(
            f"There is no place for a temporary folder ({error.strerror}); set TMPDIR to a folder that can be written."
        ) from None
    first = Seat(0, processes, 0, processes, str(folder / "meeting"))
    others: list[_Other] = []
    try:
        others.extend(
            _Other(command, first._replace(rank=rank, local_rank=rank), folder) for rank in range(1, processes)
        )
        _meet(others)
        yield first
        _wait(others)
    except LostProcessError as error:
        raise LostProcessError(f"{error} {_reports(others)}".rstrip()) from error
    finally:
        for other in others:
            other.end()
        shutil.rmtree(folder, ignore_errors=True)


def come(seat: Seat) -> None:
    """For the processes that `launched` has started: says that this one is there, and ends it with the first one."""
    if seat.meeting_place is not None and seat.rank:
        threading.Thread(target=_end_with_the_first, daemon=True).start()
        _arrival(Path(seat.meeting_place).parent, seat.rank).touch()


@final
class _Other:
    """A process that `launched` has started."""

    def __init__(self, command: Sequence[str], seat: Seat, folder: Path) -> None:
        self.seat = seat
        self.folder = folder
        threads = str(max(1, (os.cpu_count() or 1) // seat.size))
        with self._errors.open("wb") as errors:
            self.process = subprocess.Popen(  # noqa: S603 - our own command
                command,
                # Copies of the run that a killed process leaves are removed with the folder.
                env={"OMP_NUM_THREADS": threads} | os.environ | seat.environment() | {"TMPDIR": str(folder)},
                stdin=subprocess.PIPE,  # its end tells that this process has ended
                stdout=subprocess.DEVNULL,
                stderr=errors,
            )

    @property
    def _errors(self) -> Path:
        return self.folder / f"errors-{self.seat.rank}"

    @property
    def has_come(self) -> bool:
        return _arrival(self.folder, self.seat.rank).exists()

    def report(self) -> str:
        """Why the process has failed; empty if it has not."""
        code = self.process.poll()
        if not code:
            return ""
        name = f"Process {self.seat.rank} of {self.seat.size}"
        if code < 0:
            return f"{name} was ended by {signal.Signals(-code).name}."
        lines = self._errors.read_text("utf-8", "replace").strip().splitlines()
        return (
            f"{name} said: {lines[-1].removeprefix('echoic: ')}" if lines else f"{name} failed with exit code {code}."
        )

    def end(self) -> None:
        """Ends the process, if it has not ended by itself."""
        with self.process:  # closes its standard input
            if self.process.poll() is None:
                self.process.terminate()
                try:
                    self.process.wait(_GRACE_S)
                except subprocess.TimeoutExpired:
                    self.process.kill()


def _arrival(folder: Path, rank: int) -> Path:
    return folder / f"arrived-{rank}"


def _meet(others: Sequence[_Other]) -> None:
    """Waits until all are there, so that `init_process_group` need not wait for one that has failed."""
    while not all(other.has_come for other in others):
        if any(other.process.poll() is not None for other in others):
            raise LostProcessError("Not all processes of this training could be started.")
        time.sleep(_POLL_S)


def _wait(others: Sequence[_Other]) -> None:
    """Gives the others time to end by themselves."""
    until = time.monotonic() + _GRACE_S
    while time.monotonic() < until and any(other.process.poll() is None for other in others):
        time.sleep(_POLL_S)


def _reports(others: Sequence[_Other]) -> str:
    """Why others have failed. One that is killed is gone at once; one that fails says so first."""
    until = time.monotonic() + 1
    while time.monotonic() < until and not any(other.report() for other in others):
        time.sleep(_POLL_S)
    return " ".join(filter(None, (other.report() for other in others)))


def _end_with_the_first() -> None:
    """Ends this process in order when the first one has gone, and at once if that takes too long."""
    os.read(sys.stdin.fileno(), 1)
    os.kill(os.getpid(), signal.SIGTERM)
    time.sleep(_GRACE_S / 2)
    os._exit(1)
