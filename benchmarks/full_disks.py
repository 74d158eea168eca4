"""Disks that fail at every write of every command line: full, over quota, read-only, damaged.

    python benchmarks/reliability.py --only disks

A shim loaded before the C library has the calls fail, so that writers in C and Rust meet it, too (`disk_shim.cpp`).
"""

import ctypes
import errno
import os
import re
import subprocess
import sys
import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from forked_commands import Done, ForkedCommands

SHIM = Path(__file__).with_name("disk_shim.cpp")

ERRORS = (errno.ENOSPC, errno.EDQUOT, errno.EIO, errno.EROFS, errno.EACCES)

ENDLESS = 1 << 40


def restart_with_shim() -> None:
    """Starts this program again with the shim, which is compiled; once it is there, does nothing."""
    if SHIM.stem in os.environ.get("LD_PRELOAD", ""):
        return
    handle, library = tempfile.mkstemp(f"-{SHIM.stem}.so")
    os.close(handle)
    command = ["g++", "-std=c++17", "-O1", "-shared", "-fPIC", "-o", library, str(SHIM), "-ldl"]
    try:
        subprocess.run(command, check=True)
        done = subprocess.run([sys.executable, *sys.argv], env=os.environ | {"LD_PRELOAD": library}, check=False)
    finally:
        Path(library).unlink()
    sys.exit(done.returncode)


def arm(root: Path, first: int, last: int, error: int, counted: Path) -> Callable[[], object]:
    """Has the calls `first` to `last` of this process fail that change a file below `root`; their number is noted."""
    library = ctypes.CDLL(None)
    library.shim_arm(f"{root}/".encode(), ctypes.c_long(first), ctypes.c_long(last), ctypes.c_int(error))

    def finish() -> None:
        counted.write_text(str(library.shim_calls()))

    return finish


def problems_of(done: Done) -> list[str]:
    """What is wrong with a line whose disk failed; one that did not need what it could not write may end with 0."""
    problems = list(done.problems)
    last = (done.err.splitlines() or [""])[-1]
    if done.code not in {0, 1, 2}:
        problems.append(f"exit code {done.code}")
    if done.code and not (last.startswith("echoic: ") and re.search(r" cannot be (written|created) \(.+\): \w", last)):
        problems.append(f"exit code {done.code}, and stderr ends with {last!r}")
    return problems


def fill_disks(commands: ForkedCommands, lines: Sequence[str], most: int) -> tuple[dict[str, Any], list[str]]:
    """Lets calls that change a file fail, each by itself or with all after it; the numbers by verb, and the failures.

    Of the calls of a line, at most `most` are tried, evenly spread.
    """
    counts, failures = dict[str, Any](), list[str]()
    counted = commands.work.with_name("calls")
    for turn, line in enumerate(lines):
        done = commands.complete(line)
        if not done.failed:
            done = commands.run(line, lambda: arm(commands.work, ENDLESS, ENDLESS, 0, counted))
        if done.failed:
            failures.append(f"{line}: undisturbed: exit code {done.code}, {done.problems}")
            continue
        calls = int(counted.read_text())
        for call in range(1, calls + 1, max(1, -(-calls // most))):
            error, last = ERRORS[(turn + call) % len(ERRORS)], call if call % 2 else ENDLESS
            done = commands.run(line, lambda: arm(commands.work, call, last, error, counted))  # noqa: B023 (called at once)
            problems = problems_of(done) + commands.training_goes_on(line)
            failures += [f"{line}: {errno.errorcode[error]} at call {call}: {one}" for one in problems]
            verb = line.split()[0]
            counts[verb] = counts.get(verb, 0) + 1
    return counts, failures
