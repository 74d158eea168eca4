from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from echoic.report import Section, Table
from echoic.report.charts import Band, Bars, Chart, Line
from echoic.report.tables import Better, Cell

NASTY = "<script>alert(1)</script> & $x^ _$"
"""All that a user may put into the name of a series or a file."""


def _charts(name: str = NASTY) -> list[Chart]:
    days = np.datetime64("2024-01-01", "us") + np.arange(400).astype("timedelta64[D]")
    y = np.sin(np.arange(400) / 9)
    y[50:60] = np.nan
    lines = (Line(name, days, y, "data"), Line("_hidden", days[:1], y[:1], "model"), Line("naive", days, y, "baseline"))
    grid = np.arange(5)
    return [
        Chart("one", name, name, name, lines, (Band(name, days, y - 1, y + 1),), caption=name),
        Chart("two", "Histogram", "x", "y", bars=(Bars(name, grid + 0.0, grid**2.0, 1.0),)),
        Chart("three", "Log", "x", "y", (Line("a", grid, 10.0**grid, "train", "dashed"),), log_y=True),
    ]


def _table(name: str = NASTY) -> Table:
    rows: list[list[Cell]] = [["model", 0.25, 0.78, 0.5], [name, 0.5, 0.99, 0.7], ["none", None, float("nan"), 0.7]]
    better: dict[str, Better] = {"mse": "low", "coverage": 0.8, "accuracy": "high"}
    return Table(name, ["row", "mse", "coverage", "accuracy"], rows, better)


def _section(title: str, name: str = NASTY) -> Section:
    details = [Table("Settings", ["", "value"], [["a", name]], collapsed=True)]
    return Section(title, name, [_table(name)], _charts(name), details)


@pytest.fixture
def examples() -> Any:
    return SimpleNamespace(name=NASTY, charts=_charts, table=_table, section=_section)
