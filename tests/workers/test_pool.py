"""The pool of workers, with a program that trains nothing."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple

import pytest
import worker_program

from echoic.errors import DataError
from echoic.workers.pool import MOST_DEATHS, Pool
from echoic.workers.worker_process import Program

pytestmark = pytest.mark.slow


class Order(NamedTuple):
    name: str
    task: str
    place: str


class Orders:
    """Orders whose workers die in many ways."""

    def __init__(self, *orders: Order) -> None:
        self.todo = list(orders)
        self.answers: dict[str, Any] = {}
        self.failures: list[str] = []

    def next(self) -> Order | None:
        return self.todo.pop(0) if self.todo else None

    def is_over(self) -> bool:
        return not self.todo

    def report(self, order: Order, report: Mapping[str, Any]) -> None:  # noqa: ARG002 (as the pool calls it)
        assert report == {"step": 1}

    def steps(self, order: Order) -> int:
        """Those of an order that gets further do, up to three."""
        begun = Path(order.place) / order.name
        return min(3, len(begun.read_text())) if order.task == "get further" else 0

    def answered(self, order: Order, answer: Mapping[str, Any]) -> None:
        self.answers[order.name] = answer

    def failed(self, order: Order, reason: str) -> None:
        self.failures.append(f"{order.name}: {reason}")


@pytest.fixture
def pool(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Pool[Order]:
    monkeypatch.setenv("PYTHONPATH", str(Path(worker_program.__file__).parent))
    return Pool(Program("worker_program", (), "", {"given": "done "}), tmp_path / "locks", 2)


def test_orders_of_dead_workers_go_to_others_until_they_have_died_too_often(pool: Pool[Order], tmp_path: Path) -> None:
    tasks = {"a": "", "b": "die once", "c": "die", "d": "", "e": "get further"}
    orders = Orders(*(Order(name, task, str(tmp_path)) for name, task in tasks.items()))
    with pool.open():
        pool.carry_out(orders)
    assert {name: answer["tries"] for name, answer in orders.answers.items()} == {"a": 1, "b": 2, "d": 1}
    assert {answer["text"] for answer in orders.answers.values()} == {"done a", "done b", "done d"}
    reason = f"Its process ended {MOST_DEATHS} times without progress."
    assert sorted(orders.failures) == [f"c: {reason}", f"e: {reason}"]
    assert (tmp_path / "c").read_text() == "x" * MOST_DEATHS
    assert (tmp_path / "e").read_text() == "x" * (2 + MOST_DEATHS)


def test_an_error_of_a_worker_is_that_of_the_parent(pool: Pool[Order], tmp_path: Path) -> None:
    with pytest.raises(DataError, match="bad data"), pool.open():
        pool.carry_out(Orders(Order("a", "refuse", str(tmp_path))))
