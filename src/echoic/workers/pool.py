"""Workers as processes: they get orders, and one that dies is replaced and its order given to another."""

import contextlib
import json
import queue
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Generic, NamedTuple, final

from echoic.errors import RunError, TrainingError
from echoic.run.lock import file_lock
from echoic.workers.orders import O, Orders
from echoic.workers.sent import error_of

MOST_DEATHS = 5
"""An order that has ended so many workers without getting further has failed."""

_MOST_FAILED = 3
"""All work ends after so many such orders in a row."""

_END_S = 60
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
class Pool(Generic[O]):
    """Workers of one study, or of one run with folds.

    Args:
        program: what they run.
        folder: the folder of their locks.
        workers: their number.
    """

    def __init__(self, program: Program, folder: Path, workers: int) -> None:
        self._program = program
        self._folder = folder
        self._number = workers
        self._messages: queue.Queue[tuple[_Worker[O], dict[str, Any] | None]] = queue.Queue()
        self._workers: list[_Worker[O]] = []
        self._deaths: Counter[str] = Counter()
        self._failed_in_a_row = 0

    @contextlib.contextmanager
    def open(self) -> Iterator[None]:
        """Lets workers run for the block; at its end they save what they train.

        Raises:
            RunError: workers of a process before still run.
        """
        self._folder.mkdir(exist_ok=True)
        for lock in self._folder.glob("*.lock"):
            _wait_for(lock)
        try:
            yield
        finally:
            for worker in self._workers:
                worker.close()
            for worker in self._workers:
                worker.wait()
            self._workers.clear()

    def carry_out(self, orders: Orders[O]) -> None:
        """Carries out all orders.

        Raises:
            EchoicError: a worker has met it, and all work ends by it.
            TrainingError: workers die again and again.
        """
        waiting: list[O] = []
        while True:
            self._hand_out(orders, waiting)
            if not any(worker.order for worker in self._workers):
                return
            worker, message = self._messages.get()
            order = worker.order
            if order is None:
                if message is None:
                    self._workers.remove(worker)
            elif message is None:
                self._workers.remove(worker)
                worker.wait()
                self._died(orders, order, waiting)
            elif "error" in message:
                raise error_of(message["error"])
            elif "answer" in message:
                worker.order = None
                self._failed_in_a_row = 0
                orders.answered(order, message["answer"])
            else:
                reply = orders.report(order, message)
                if reply.advances:
                    self._deaths[order.name] = 0
                if reply.line is not None:
                    worker.send(reply.line)

    def _hand_out(self, orders: Orders[O], waiting: list[O]) -> None:
        """Gives an order to every worker without one, and starts workers for further orders."""
        while sum(worker.order is not None for worker in self._workers) < self._number:
            order = waiting.pop() if waiting else orders.next()
            if order is None:
                return
            free = next((worker for worker in self._workers if worker.order is None), None)
            if free is None:
                free = self._started()
            free.order = order
            free.send(order._asdict())

    def _started(self) -> "_Worker[O]":
        taken = {worker.number for worker in self._workers}
        number = next(one for one in range(1, self._number + 1) if one not in taken)
        worker = _Worker(self._program, self._folder / f"{number}.lock", number, self._messages)
        self._workers.append(worker)
        return worker

    def _died(self, orders: Orders[O], order: O, waiting: list[O]) -> None:
        self._deaths[order.name] += 1
        if self._deaths[order.name] < MOST_DEATHS:
            waiting.append(order)
            return
        self._failed_in_a_row += 1
        orders.failed(order, f"Its process ended {MOST_DEATHS} times without a result.")
        if self._failed_in_a_row >= _MOST_FAILED:
            raise TrainingError(
                "The processes that train end again and again without a result; is there enough memory? Try fewer "
                f"--workers: `{self._program.remedy}`."
            )


@final
class _Worker(Generic[O]):
    """One process, and the order that it carries out."""

    def __init__(
        self, program: Program, lock: Path, number: int, messages: "queue.Queue[tuple[_Worker[O], Any]]"
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
            self._process.wait(_END_S)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        self._reader.join()
        if self._process.stdout is not None:
            self._process.stdout.close()

    def _read(self, messages: "queue.Queue[tuple[_Worker[O], Any]]") -> None:
        if self._process.stdout is not None:
            for line in self._process.stdout:
                with contextlib.suppress(ValueError):  # a line that a killed worker did not finish
                    messages.put((self, json.loads(line)))
        messages.put((self, None))


def _wait_for(lock: Path) -> None:
    """Waits until no process holds `lock`: workers of a process that was killed are about to end.

    Raises:
        RunError: one holds it for too long.
    """
    deadline_s = time.monotonic() + _END_S
    while True:
        try:
            with file_lock(lock):
                return
        except RunError:
            if time.monotonic() > deadline_s:
                raise
            time.sleep(0.1)
