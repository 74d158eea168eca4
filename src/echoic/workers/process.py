"""The side of the worker: orders come as JSON from standard input; reports and answers go to standard output.

When standard input ends, as it does when the parent stops or dies, the training saves a checkpoint and the process
ends. It holds its lock file meanwhile, so that a process that resumes waits for the workers of the one before.
"""

import json
import os
import queue
import signal
import sys
import threading
import warnings
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, TextIO, final

from echoic.errors import EchoicError, Interrupted
from echoic.run.lock import file_lock
from echoic.signals import Ended, ending_in_order
from echoic.workers.sent import error_sent

CarryOut = Callable[[dict[str, Any]], Mapping[str, Any]]
"""Carries out an order and returns the answer. An `EchoicError` ends all work of the parent."""


@final
class Link:
    """The pipe to the parent."""

    def __init__(self, answers: TextIO) -> None:
        self._answers = answers
        self._lines: queue.Queue[str | None] = queue.Queue()
        self._closed = threading.Event()
        threading.Thread(target=self._read, daemon=True).start()

    def is_closed(self) -> bool:
        """Whether the parent wants the work to stop, or is dead."""
        return self._closed.is_set()

    def read(self) -> dict[str, Any] | None:
        """The next line of the parent; None once there is none."""
        line = None if self._closed.is_set() else self._lines.get()
        found: dict[str, Any] | None = None if line is None else json.loads(line)
        return found

    def write(self, line: Mapping[str, Any]) -> None:
        """Sends a line to the parent."""
        try:
            self._answers.write(json.dumps(line) + "\n")
            self._answers.flush()
        except OSError:  # the parent is dead; the end of the input stops the work
            self._answers = open(os.devnull, "w", encoding="utf-8")  # noqa: SIM115, PTH123

    def _read(self) -> None:
        for line in sys.stdin:
            self._lines.put(line)
        # Training looks at this after every step.
        self._closed.set()
        self._lines.put(None)
        # Ends what is done outside of training; a library that is just imported may lose it.
        os.kill(os.getpid(), signal.SIGTERM)


def work(lock: Path, begin: Callable[[Link], CarryOut]) -> None:
    """Carries out orders until there are no more.

    Args:
        lock: the lock file of this process.
        begin: called once with the pipe; returns what carries out orders.
    """
    # What a library prints must not stand between the answers.
    answers = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)
    warnings.simplefilter("ignore")  # the parent has shown those on the data
    with ending_in_order():
        try:
            with file_lock(lock):
                _carry_out_all(Link(answers), begin)
        except (Ended, Interrupted):
            return
        except EchoicError as error:
            print(f"echoic: {error}", file=sys.stderr)  # noqa: T201
            sys.exit(error.exit_code)


def _carry_out_all(link: Link, begin: Callable[[Link], CarryOut]) -> None:
    try:
        carry_out = begin(link)
        while (order := link.read()) is not None:
            link.write({"answer": carry_out(order)})
    except Interrupted:
        raise
    except EchoicError as error:
        link.write({"error": error_sent(error)})
