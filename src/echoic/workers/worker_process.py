"""A worker as its parent has it: a process, the order that it carries out, and what it writes."""

import contextlib
import json
import queue
import subprocess
import sys
import threading
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Generic, NamedTuple, final

from echoic.workers.orders import O

END_S = 60
"""How long a worker may take to save before it is killed."""


class Program(NamedTuple):
    """What the processes run.

    Attributes:
        module: a module that calls `work`.
        arguments: its arguments; the lock of the process comes after them.
        setup: the first line that each gets, if there is one.
        remedy: the command, or the call in Python, that does the work with one worker.
    """

    module: str
    arguments: tuple[str, ...]
    remedy: str
    setup: Mapping[str, Any] | None = None


@final
class WorkerProcess(Generic[O]):
    """One process, and the order that it carries out."""

    def __init__(
        self, program: Program, lock: Path, number: int, messages: "queue.Queue[tuple[WorkerProcess[O], Any]]"
    ) -> None:
        self.number = number
        self.order: O | None = None
        command = [sys.executable, "-m", program.module, *program.arguments, str(lock)]
        # A session of its own: Ctrl-C ends this process, which ends its workers.
        self._process = subprocess.Popen(  # noqa: S603
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, encoding="utf-8", start_new_session=True
        )
        self._reader = threading.Thread(target=self._read, args=(messages,), daemon=True)
        self._reader.start()
        if program.setup is not None:
            self.send(program.setup)

    def send(self, line: Mapping[str, Any]) -> None:
        """Writes a line to the process; one that has died is found by the end of its output."""
        with contextlib.suppress(OSError):
            if self._process.stdin is not None:
                self._process.stdin.write(json.dumps(line) + "\n")
                self._process.stdin.flush()

    def close(self) -> None:
        """Lets the process save and end."""
        with contextlib.suppress(OSError):
            if self._process.stdin is not None:
                self._process.stdin.close()

    def wait(self) -> None:
        """Waits for the end of the process; one that takes too long is killed."""
        self.close()
        try:
            self._process.wait(END_S)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        self._reader.join()
        if self._process.stdout is not None:
            self._process.stdout.close()

    def _read(self, messages: "queue.Queue[tuple[WorkerProcess[O], Any]]") -> None:
        if self._process.stdout is not None:
            for line in self._process.stdout:
                with contextlib.suppress(ValueError):  # a line that a killed worker did not finish
                    messages.put((self, json.loads(line)))
        messages.put((self, None))
