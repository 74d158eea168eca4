"""Who trains: processes, or this one if the data are in its memory."""

import contextlib
from collections.abc import Callable, Iterator, Mapping
from functools import partial
from pathlib import Path
from typing import Any, final

from echoic.errors import ConfigError
from echoic.run import RunFolder, last_step
from echoic.studies.definition import Definition
from echoic.studies.orders import Answer, Order, Orders
from echoic.studies.training import TrialTrainer
from echoic.workers.pool import Pool
from echoic.workers.worker_process import Program


@contextlib.contextmanager
def workers_of(folder: Path, definition: Definition, data: Any) -> Iterator[Callable[[Orders], None]]:
    """A function that carries out orders, for the block.

    Raises:
        ConfigError: data in memory and several workers.
    """
    check_workers(definition)
    if definition.data is not None:
        program = Program("echoic.studies.worker", (str(folder),), f"echoic tune --resume {folder} --workers 1")
        pool = Pool[Order](program, folder / "workers", definition.workers)
        with pool.open():
            yield lambda orders: pool.carry_out(_OrdersOverPipe(folder, orders))
        return
    trainer = TrialTrainer(folder, definition, data)
    yield partial(_carry_out, trainer)


def check_workers(definition: Definition) -> None:
    """Refuses several workers for data that only this process has.

    Raises:
        ConfigError: there are several.
    """
    if definition.data is None and definition.workers > 1:
        raise ConfigError("Data in memory are for one worker; save them to a file for several.")


def _carry_out(trainer: TrialTrainer, orders: Orders) -> None:
    # Data in memory are for this host alone: what it has not now will not come.
    while (order := orders.next()) is not None:
        orders.answered(order, trainer(order, partial(_report, orders, order)))


def _report(orders: Orders, order: Order, slot: int, loss: float) -> bool:
    return orders.report(order, slot, loss)


@final
class _OrdersOverPipe:
    """Orders whose reports and answers come as JSON."""

    def __init__(self, folder: Path, orders: Orders) -> None:
        self._folder = folder
        self._orders = orders

    def next(self) -> Order | None:
        return self._orders.next()

    def is_over(self) -> bool:
        return self._orders.is_over()

    def report(self, order: Order, report: Mapping[str, Any]) -> dict[str, Any]:
        return {"stop": self._orders.report(order, report["slot"], report["loss"])}

    def steps(self, order: Order) -> int:
        return sum(last_step(RunFolder(self._folder / run).checkpoints) or 0 for run in order.runs)

    def answered(self, order: Order, answer: Mapping[str, Any]) -> None:
        self._orders.answered(order, Answer(**answer))

    def failed(self, order: Order, reason: str) -> None:
        self._orders.answered(order, Answer("failed", reason=reason))
