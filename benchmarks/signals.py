"""Signals in every phase of every command line: SIGINT, SIGTERM or SIGHUP as a function of echoic is first called.

    python benchmarks/reliability.py --only signals

The phases of a line are the functions of echoic that it calls and the files that it opens to write, renames and
removes, in the order in which they first happen. A second signal comes with every change of a file after the first.
"""

import os
import signal
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from types import FrameType
from typing import Any

import echoic
from forked_commands import Done, ForkedCommands

SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)

SOURCE = str(Path(echoic.__file__).parent)

CHANGES = {"os.rename", "os.remove", "os.mkdir"}
"""Audit events that change files; so does `open`, to write."""

MOST_SECONDS = 3
"""From the signal to the end of the command."""


class Phases:
    """Calls `visit` at each phase that has not been seen before; install it in the process of the command line."""

    def __init__(self, visit: Callable[[str], object]) -> None:
        self.visit = visit
        self.seen: set[object] = set()

    def install(self) -> None:
        """Watches calls and changes of files for the rest of the process."""
        sys.settrace(self._call)
        sys.addaudithook(self._audit)

    def _call(self, frame: FrameType, _event: str, _argument: object) -> None:
        code = frame.f_code
        if code not in self.seen:
            self.seen.add(code)
            if code.co_filename.startswith(SOURCE):
                self._at(f"{code.co_filename.removeprefix(SOURCE)}:{code.co_qualname}")

    def _audit(self, event: str, arguments: Any) -> None:
        if changes_files(event, arguments):
            self._at(f"{event} {Path(str(arguments[0])).suffix}")

    def _at(self, phase: str) -> None:
        if phase not in self.seen:
            self.seen.add(phase)
            self.visit(phase)


def changes_files(event: str, arguments: Any) -> bool:
    """Whether an audit event opens a file to write, or renames, removes or makes one."""
    if event == "open":
        return bool(arguments[2] & (os.O_WRONLY | os.O_RDWR)) and not str(arguments[0]).startswith("/dev")
    return event in CHANGES


def phases_of(commands: ForkedCommands, line: str) -> list[str]:
    """The phases of a line, in order."""
    listed = commands.work.with_name("phases")

    def record() -> Callable[[], object]:
        handle = os.open(listed, os.O_WRONLY | os.O_CREAT | os.O_TRUNC)
        Phases(lambda phase: os.write(handle, f"{phase}\n".encode())).install()
        return lambda: sys.settrace(None)

    commands.run(line, record)
    found = listed.read_text().splitlines()
    # Before that, Python starts, which `tests/cli/test_starting.py` covers.
    return found[next(number for number, phase in enumerate(found) if phase.startswith("/cli/")) :]


def send_at(phase: str, number: signal.Signals, sent_at: Path, *, twice: bool) -> Callable[[], object]:
    """Sends this process a signal at a phase, and notes the time in the file `sent_at`.

    With `twice`, another one comes with every change of a file after it.
    """
    sent, note = False, os.open(sent_at, os.O_WRONLY | os.O_CREAT | os.O_TRUNC)

    def visit(at: str) -> None:
        nonlocal sent
        if at == phase:
            sent = True
            os.write(note, str(time.monotonic()).encode())
            signal.raise_signal(number)

    def again(event: str, arguments: Any) -> None:
        if sent and changes_files(event, arguments):
            signal.raise_signal(number)

    Phases(visit).install()
    if twice:
        sys.addaudithook(again)
    return lambda: sys.settrace(None)


def problems_of(done: Done, complete: Done, number: signal.Signals, seconds: float) -> list[str]:
    """What is wrong with a line that a signal was sent to; a command that had done all its work may end as always."""
    problems = list(done.problems)
    last = (done.err.splitlines() or [""])[-1]
    if done.code not in {complete.code, 128 + number}:
        problems.append(f"exit code {done.code}")
    if done.code == 128 + number and not (last.startswith("echoic: ") and number.name in last):
        problems.append(f"stderr ends with {last!r}")
    if not 0 <= seconds <= MOST_SECONDS:
        problems.append(f"it took {seconds:.1f} s")
    return problems


def send_signals(commands: ForkedCommands, lines: Sequence[str], phases: int) -> tuple[dict[str, Any], list[str]]:
    """Sends signals at up to `phases` phases of each line; the numbers by verb, and the failures."""
    counts, failures, slowest = dict[str, Any](), list[str](), 0.0
    sent_at = commands.work.with_name("sent-at")
    for turn, line in enumerate(lines):
        complete = commands.complete(line)
        if complete.failed:
            failures.append(f"{line}: undisturbed: exit code {complete.code}, {complete.problems}")
            continue
        all_phases = phases_of(commands, line)
        step = max(1, len(all_phases) // phases)
        for number, phase in enumerate(all_phases[turn % step :: step], turn):
            sign, twice = SIGNALS[number % len(SIGNALS)], number % 2 == 1
            done = commands.run(line, lambda: send_at(phase, sign, sent_at, twice=twice))  # noqa: B023 (called at once)
            seconds = done.ended_at - float(sent_at.read_text() or "inf")
            problems = problems_of(done, complete, sign, seconds) + commands.training_goes_on(line)
            failures += [f"{line}: {sign.name} at {phase}: {one}" for one in problems]
            verb = line.split()[0]
            counts[verb] = counts.get(verb, 0) + 1
            slowest = max(slowest, seconds)
    return counts | {"slowest": f"{slowest:.2f} s"}, failures
