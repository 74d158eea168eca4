"""Studies without training: answers come from a function of the settings."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import postgresql_server
import pytest
from postgresql_server import Server

from echoic.jobs import settings_class
from echoic.studies.clock import Clock
from echoic.studies.definition import Definition
from echoic.studies.folder import create
from echoic.studies.opened import OpenStudy
from echoic.studies.orders import Answer, Order
from echoic.studies.records import Trial
from echoic.studies.search import SearchOrders
from echoic.studies.searching import flat, searched

SEARCH = ["lr=0.0001..1,log", "dropout=0..0.5", "layers=8;16;16,16"]


@pytest.fixture
def define(tmp_path: Path) -> Callable[..., tuple[Path, Definition]]:
    """Makes a study of the forecast job."""

    def make(
        search: Any = SEARCH, *, host: str = "study", shared: tuple[str, str] | None = None, **options: Any
    ) -> tuple[Path, Definition]:
        base = flat(settings_class("forecast").build())
        values: dict[str, Any] = {"job": "forecast", "data": "synth:sine", "fingerprint": "", "settings": {}}
        values |= {"base": base, "parameters": searched("forecast", search, {}), "trials": 20} | options
        definition = Definition.build(**values)
        folder = tmp_path / host
        create(folder, definition, shared)
        return folder, definition

    return make


class FakeSearch:
    """Carries out the search of a study by a function of the settings."""

    def __init__(self, folder: Path, definition: Definition) -> None:
        self.folder = folder
        self.definition = definition
        self.engine = OpenStudy(folder, definition).search
        self.ended: list[Trial] = []
        clock = Clock(self.engine, definition.minutes)
        self.orders = SearchOrders(definition, self.engine, clock, self.ended.append)

    def settings(self, order: Order) -> dict[str, Any]:
        return {name: value for section in order.configs[0].values() for name, value in section.items()}

    def run(self, loss: Callable[[dict[str, Any]], float], **measured: float) -> list[Trial]:
        while (order := self.orders.next()) is not None:
            settings = self.settings(order)
            value = loss(settings)
            if self.orders.report(order, 10, value):
                self.orders.answered(order, Answer("pruned"))
                continue
            losses = [value] * len(order.runs)
            self.orders.answered(order, Answer("done", losses, measured and {"parameters": float(settings["lr"])}))
        return self.engine.trials()


@pytest.fixture
def fake() -> type[FakeSearch]:
    return FakeSearch


@pytest.fixture(scope="session")
def server() -> Iterator[Server]:
    """A PostgreSQL server."""
    if reason := postgresql_server.missing():
        pytest.skip(reason)
    with postgresql_server.running() as found:
        yield found


@pytest.fixture
def database(server: Server, monkeypatch: pytest.MonkeyPatch) -> str:
    """The URL of a new database; its password is in the environment."""
    monkeypatch.setenv("PGPASSWORD", server.password)
    return server.url(server.new_database())
