"""Attempts in child processes: each ends well, or with one sentence; within a minute, and within a limit of memory."""

import os
import resource
import signal
import warnings
from collections.abc import Callable
from typing import IO, NamedTuple

from children import wait
from echoic.errors import EchoicError

CPU_S = 60
HUNG_S = 600
"""Seconds of the processor, and on a busy machine of the clock, after which an attempt hangs."""

MORE_BYTES = 1 << 30
MEMORY_WORDS = ("MemoryError", "can't allocate memory", "Unable to allocate")
"""Sentences with these are of a process that asked for more memory than the machine has."""

LONGEST_SENTENCE = 2000


class Attempts(NamedTuple):
    """What is tried, by number.

    `attempt` tries one and may raise an error of echoic; `more_bytes` is the memory that it may take, besides 1 GiB.
    """

    tries: int
    attempt: Callable[[int], None]
    more_bytes: Callable[[int], int] = lambda _: 0


def failures_of(attempts: Attempts) -> list[tuple[int, str]]:
    """Numbers and reasons of the attempts that end a process, hang, take too much memory or give a traceback."""
    failed, at = list[tuple[int, str]](), 0
    while at < attempts.tries:
        at, more = _try_from(at, attempts)
        failed += more
    return failed


def sentence_problem(error: EchoicError) -> str | None:
    """What is wrong with the message of an error; None if nothing is."""
    message = str(error)
    if not message.isprintable():
        return f"a message with line ends or control characters: {message[:100]!r}"
    if len(message) > LONGEST_SENTENCE:
        return f"a message of {len(message):,} characters: {message[:100]!r}"
    return next((f"all memory was taken: {message[:100]!r}" for word in MEMORY_WORDS if word in message), None)


def _try_from(first: int, attempts: Attempts) -> tuple[int, list[tuple[int, str]]]:
    """Tries numbers from `first` on in a child process; the first one that is left, and the failures."""
    reader, writer = os.pipe()
    process = os.fork()
    if not process:
        os.close(reader)
        with os.fdopen(writer, "w", buffering=1) as said:
            _try_all(first, attempts, said)
        os._exit(0)
    os.close(writer)
    with os.fdopen(reader) as said:
        lines = [line.rstrip("\n").split(" ", 1) for line in said]
    code, failed = wait(process), [(int(number), reason) for number, reason in lines if reason]
    left = 1 + max((int(number) for number, _ in lines), default=first - 1)
    return (left, failed) if code == 0 else (left + 1, [*failed, (left, f"the process ended with {code}")])


def _try_all(first: int, attempts: Attempts, said: IO[str]) -> None:
    """Reports each number with what failed; ends after one that took too much memory, whose peak hides later ones."""
    warnings.simplefilter("ignore")
    before = _peak_bytes()
    for number in range(first, attempts.tries):
        _end_after(CPU_S, HUNG_S)
        reason = _try_one(number, attempts)
        _end_after(0, 0)
        too_much = _peak_bytes() > before + attempts.more_bytes(number) + MORE_BYTES
        said.write(f"{number} {'too much memory' if too_much else reason}\n")
        if too_much:
            return


def _try_one(number: int, attempts: Attempts) -> str:
    try:
        attempts.attempt(number)
    except EchoicError as error:
        return sentence_problem(error) or ""
    except Exception as error:  # noqa: BLE001 (each is counted)
        return f"traceback: {type(error).__name__}: {str(error)[:100]!r}"
    return ""


def _end_after(cpu_s: float, clock_s: float) -> None:
    """Lets signals end this process; 0 stops that."""
    signal.setitimer(signal.ITIMER_PROF, cpu_s)
    signal.setitimer(signal.ITIMER_REAL, clock_s)


def _peak_bytes() -> int:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
