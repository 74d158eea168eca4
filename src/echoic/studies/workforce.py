"""Who trains: processes, or this one if the data are in its memory."""

import contextlib
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any

from echoic.errors import ConfigError
from echoic.studies.definition import Definition
from echoic.studies.orders import Order, Orders
from echoic.studies.pool import Pool
from echoic.studies.training import TrialTrainer


@contextlib.contextmanager
def workers_of(folder: Path, definition: Definition, data: Any) -> Iterator[Callable[[Orders], None]]:
    """A function that carries out orders, for the block.

    Raises:
        ConfigError: data in memory and several workers.
    """
    check_workers(definition)
    if definition.data is not None:
        pool = Pool(folder, definition.workers)
        with pool.open():
            yield pool.carry_out
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
    while (order := orders.next()) is not None:
        orders.answered(order, trainer(order, partial(_report, orders, order)))


def _report(orders: Orders, order: Order, slot: int, loss: float) -> bool:
    return orders.report(order, slot, loss)
