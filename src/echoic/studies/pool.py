"""Workers as processes: they get orders, and one that dies is replaced and its order given to another."""

import contextlib
import json
import queue
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any, final

from echoic.errors import RunError, TrainingDataError, TrainingError
from echoic.run.lock import file_lock
from echoic.studies.orders import Answer, Order, Orders

MOST_DEATHS = 5
"""An order that has ended so many workers without a report has failed."""

_MOST_FAILED = 3
"""A study ends after so many such orders in a row."""

_END_S = 60
"""How long a worker may take to save before it is killed."""


@final
class Pool:
    """Workers of one study.

    Args:
        folder: the folder of the study.
        workers: their number.
    """

    def __init__(self, folder: Path, workers: int) -> None:
        self._folder = folder
        self._number = workers
        self._messages: queue.Queue[tuple[_Worker, dict[str, Any] | None]] = queue.Queue()
        self._workers: list[_Worker] = []
        self._deaths: Counter[str] = Counter()
        self._failed_in_a_row = 0

    @contextlib.contextmanager
    def open(self) -> Iterator[None]:
        """Lets workers run for the block; at its end they save what they train.

        Raises:
            RunError: workers of a study before still run.
        """
        locks = self._folder / "workers"
        locks.mkdir(exist_ok=True)
        for lock in locks.glob("*.lock"):
            _wait_for(lock)
        try:
            yield
        finally:
            for worker in self._workers:
                worker.close()
            for worker in self._workers:
                worker.wait()
            self._workers.clear()

    def carry_out(self, orders: Orders) -> None:
        """Carries out all orders.

        Raises:
            TrainingDataError: the data of the study cannot be read, or have changed.
            TrainingError: workers die again and again.
        """
        waiting: list[Order] = []
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
                raise TrainingDataError(message["error"])
            elif "answer" in message:
                worker.order = None
                self._failed_in_a_row = 0
                orders.answered(order, Answer(**message["answer"]))
            else:
                self._deaths[order.runs[0]] = 0
                worker.send({"stop": orders.report(order, message["slot"], message["loss"])})

    def _hand_out(self, orders: Orders, waiting: list[Order]) -> None:
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

    def _started(self) -> "_Worker":
        taken = {worker.number for worker in self._workers}
        number = next(one for one in range(1, self._number + 1) if one not in taken)
        worker = _Worker(self._folder, number, self._messages)
        self._workers.append(worker)
        return worker

    def _died(self, orders: Orders, order: Order, waiting: list[Order]) -> None:
        key = order.runs[0]
        self._deaths[key] += 1
        if self._deaths[key] < MOST_DEATHS:
            waiting.append(order)
            return
        self._failed_in_a_row += 1
        orders.answered(order, Answer("failed", reason=f"Its process ended {MOST_DEATHS} times without a result."))
        if self._failed_in_a_row >= _MOST_FAILED:
            raise TrainingError(
                "The processes that train end again and again without a result; is there enough memory? Try fewer "
                f"--workers: `echoic tune --resume {self._folder} --workers 1`."
            )


@final
class _Worker:
    """One process, and the order that it carries out."""

    def __init__(self, folder: Path, number: int, messages: "queue.Queue[tuple[_Worker, Any]]") -> None:
        self.number = number
        self.order: Order | None = None
        lock = folder / "workers" / f"{number}.lock"
        command = [sys.executable, "-m", "echoic.studies.worker", str(folder), str(lock)]
        # A session of its own: Ctrl-C ends the study, which ends its workers.
        self._process = subprocess.Popen(  # noqa: S603
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, encoding="utf-8", start_new_session=True
        )
        self._reader = threading.Thread(target=self._read, args=(messages,), daemon=True)
        self._reader.start()

    def send(self, line: dict[str, Any]) -> None:
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

    def _read(self, messages: "queue.Queue[tuple[_Worker, Any]]") -> None:
        if self._process.stdout is not None:
            for line in self._process.stdout:
                with contextlib.suppress(ValueError):  # a line that a killed worker did not finish
                    messages.put((self, json.loads(line)))
        messages.put((self, None))


def _wait_for(lock: Path) -> None:
    """Waits until no process holds `lock`: workers of a study that was killed are about to end.

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
