"""Workers as processes: they get orders, and one that dies is replaced and its order given to another."""

import contextlib
import queue
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Generic, final

from echoic.errors import RunError, TrainingError
from echoic.run.lock import file_lock
from echoic.workers.orders import O, Orders
from echoic.workers.sent import error_of
from echoic.workers.worker_process import END_S, Program, WorkerProcess

MOST_DEATHS = 5
"""Number of workers ended by an order without progress after which it has failed."""

_MOST_FAILED = 3
"""Number of such orders in a row after which all work ends."""

_LOOK_S = 1.0
"""How often a worker without an order asks for one that comes later."""


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
        self._messages: queue.Queue[tuple[WorkerProcess[O], dict[str, Any] | None]] = queue.Queue()
        self._workers: list[WorkerProcess[O]] = []
        self._deaths: Counter[str] = Counter()
        self._steps: Counter[str] = Counter()
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
            echoic.EchoicError: a worker has met it, and all work ends by it.
            TrainingError: workers die again and again.
        """
        waiting: list[O] = []
        while True:
            self._hand_out(orders, waiting)
            is_idle = not any(worker.order for worker in self._workers)
            if is_idle and orders.is_over():
                return
            try:
                worker, message = self._messages.get(timeout=_LOOK_S)
            except queue.Empty:
                continue
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
            elif (line := orders.report(order, message)) is not None:
                worker.send(line)

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

    def _started(self) -> WorkerProcess[O]:
        taken = {worker.number for worker in self._workers}
        number = next(one for one in range(1, self._number + 1) if one not in taken)
        worker = WorkerProcess(self._program, self._folder / f"{number}.lock", number, self._messages)
        self._workers.append(worker)
        return worker

    def _died(self, orders: Orders[O], order: O, waiting: list[O]) -> None:
        steps = orders.steps(order)
        self._deaths[order.name] = 1 if steps > self._steps[order.name] else self._deaths[order.name] + 1
        self._steps[order.name] = steps
        if self._deaths[order.name] < MOST_DEATHS:
            waiting.append(order)
            return
        self._failed_in_a_row += 1
        orders.failed(order, f"Its process ended {MOST_DEATHS} times without progress.")
        if self._failed_in_a_row >= _MOST_FAILED:
            raise TrainingError(
                "The processes that train end again and again without a result; is there enough memory? Try fewer "
                f"--workers: `{self._program.remedy}`."
            )


def _wait_for(lock: Path) -> None:
    """Waits until no process holds `lock`: workers of a process that was killed are about to end.

    Raises:
        RunError: one holds it for too long.
    """
    deadline_s = time.monotonic() + END_S
    while True:
        try:
            with file_lock(lock):
                return
        except RunError:
            if time.monotonic() > deadline_s:
                raise
            time.sleep(0.1)
