import errno
import json
import os
import re
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from echoic.errors import RunError
from echoic.run import lock
from echoic.run.lock import file_lock

HOLD = """
import sys, time
from pathlib import Path
from echoic.run.lock import file_lock
with file_lock(Path(sys.argv[1])):
    print("held", flush=True)
    time.sleep(600)
"""


@pytest.fixture
def holder(tmp_path: Path) -> Iterator[subprocess.Popen[str]]:
    """Another process that holds the lock `run.lock`."""
    process = subprocess.Popen(
        [sys.executable, "-c", HOLD, str(tmp_path / "run.lock")], stdout=subprocess.PIPE, text=True
    )
    assert process.stdout is not None
    assert process.stdout.readline() == "held\n"
    yield process
    process.kill()
    process.wait()
    process.stdout.close()


@pytest.mark.slow
def test_a_second_process_is_refused_until_the_holder_is_killed(tmp_path: Path, holder: subprocess.Popen[str]) -> None:
    path = tmp_path / "run.lock"
    who = re.escape(f"is being written by process {holder.pid} on {socket.gethostname()}; wait for it or stop it.")
    for _ in range(2):
        with pytest.raises(RunError, match=who), file_lock(path):
            pass
    os.kill(holder.pid, signal.SIGKILL)
    holder.wait()
    with file_lock(path):
        assert json.loads(path.read_text())["pid"] == os.getpid()


def test_a_lock_is_free_again_after_an_error(tmp_path: Path) -> None:
    with pytest.raises(KeyError, match="any"), file_lock(tmp_path / "run.lock"):
        raise KeyError("any")
    with file_lock(tmp_path / "run.lock"):
        pass


def test_one_process_cannot_hold_a_lock_twice(tmp_path: Path) -> None:
    with (
        file_lock(tmp_path / "run.lock"),
        pytest.raises(RunError, match=f"process {os.getpid()}"),
        file_lock(tmp_path / "run.lock"),
    ):
        pass


def test_an_unreadable_lock_file_is_still_a_lock(tmp_path: Path) -> None:
    path = tmp_path / "run.lock"
    with file_lock(path):
        path.write_text("not JSON")
        with pytest.raises(RunError, match="is being written by another process"), file_lock(path):
            pass


def test_on_a_full_disk_the_lock_holds_without_a_name(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: object) -> int:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(os, "write", full)
    with (
        file_lock(tmp_path / "run.lock"),
        pytest.raises(RunError, match="another process"),
        file_lock(tmp_path / "run.lock"),
    ):
        pass


def test_a_file_system_without_locks_is_not_taken_for_another_writer(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def unsupported(_: int) -> None:
        raise OSError(errno.ENOLCK, "No locks available")

    monkeypatch.setattr(lock, "_try_lock", unsupported)
    with pytest.raises(RunError, match=r"cannot be locked \(No locks available\)"), file_lock(tmp_path / "run.lock"):
        pass


def test_a_lock_in_a_missing_folder_is_a_run_error(tmp_path: Path) -> None:
    with (
        pytest.raises(RunError, match=r"cannot be written \(No such file"),
        file_lock(tmp_path / "missing" / "run.lock"),
    ):
        pass
