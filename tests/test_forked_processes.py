"""Commands that tests start are forked from a server, and are to them what new processes would be."""

import os
import resource
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import forked_processes
import pytest
from forked_processes import Forked, wait_for_end, without_forking

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(sys.platform != "linux", reason="commands are forked on Linux alone"),
]

SHOW = ["-m", "shown_process", "a word", "\u00e5"]
LOOK = Path(forked_processes.__file__).parent


def environment(**more: str) -> dict[str, str]:
    """As the session began: libraries that other tests import set variables of their own, such as torch's compiler."""
    return forked_processes.Server.environment | {"PYTHONPATH": str(LOOK)} | more


def test_a_forked_process_is_as_a_new_one(tmp_path: Path) -> None:
    drawn = []

    def shown() -> str:
        command = [sys.executable, *SHOW]
        given = environment(GIVEN="yes")
        with subprocess.Popen(
            command, cwd=tmp_path, env=given, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, text=True
        ) as process:
            assert is_forked(process) == (subprocess.Popen is Forked)
            out, _ = process.communicate()
            assert process.returncode == 7
            first, _, seen = out.partition("\n")
            pid, *numbers = first.split()
            assert pid == str(process.pid)
            drawn.extend(numbers)
            return seen

    forked = shown()
    assert shown() == forked
    with without_forking():
        assert shown() == forked
    assert len({*drawn}) == 9


def is_forked(process: subprocess.Popen[Any]) -> bool:
    return isinstance(process, Forked) and process._connection is not None


@pytest.mark.parametrize(
    ("given", "options"),
    [
        ({"OMP_NUM_THREADS": "2"}, {}),
        ({"MALLOC_ARENA_MAX": "1"}, {}),
        ({"PYTHONHASHSEED": "1"}, {}),
        ({}, {"preexec_fn": lambda: resource.setrlimit(resource.RLIMIT_CORE, (0, 0))}),
    ],
)
def test_what_forking_would_lose_has_a_process_without_forking(given: dict[str, str], options: dict[str, Any]) -> None:
    command = [sys.executable, "-m", "echoic", "--help"]
    with subprocess.Popen(command, env=os.environ | given, stdout=subprocess.DEVNULL, **options) as process:
        assert not is_forked(process)
        assert process.wait() == 0


def test_what_libraries_of_other_tests_set_forbids_no_forking() -> None:
    command = [sys.executable, "-m", "echoic", "--help"]
    given = environment(TORCHINDUCTOR_CACHE_DIR="anywhere")
    with subprocess.Popen(command, env=given, stdout=subprocess.DEVNULL) as process:
        assert is_forked(process) == (subprocess.Popen is Forked)
        assert process.wait() == 0


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGTERM])
def test_a_killed_process_is_there_until_it_is_waited_for(number: signal.Signals) -> None:
    command = [sys.executable, "-m", "shown_process", "wait"]
    with subprocess.Popen(command, env=environment(), stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        process.stdout.readline()
        with pytest.raises(subprocess.TimeoutExpired):
            process.wait(0.05)
        process.send_signal(number)
        wait_for_end(process)
        assert Path(f"/proc/{process.pid}/stat").read_text().rpartition(")")[2].split()[0] == "Z"
        assert process.wait() == -number
