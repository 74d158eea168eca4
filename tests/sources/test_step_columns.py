"""Columns of times in tables with one row per step: no values, and for dates the rate of the steps."""

from typing import Any

import numpy as np
import pandas as pd
import pytest

from echoic.config import ClipDataSettings, EventDataSettings
from echoic.config.base import Section
from echoic.sources import Dataset, read

STEPS = 6


def dataset(settings: Section, **columns: Any) -> Dataset:
    """Two recordings of three steps, with one column of values and others."""
    rows = {"who": ["a"] * 3 + ["b"] * 3, "ax": np.arange(STEPS) / 3, "label": ["x", "x", "x", "y", "y", "y"]}
    return read(pd.DataFrame(rows | columns), settings)


@pytest.mark.parametrize("settings", [ClipDataSettings(id="who"), EventDataSettings(id="who")])
@pytest.mark.parametrize(
    ("name", "cells"),
    [
        ("t", [0, 0.02, 0.04, 0, 0.02, 0.04]),
        ("Time_ms", [0, 20, 40, 60, 80, 100]),
        ("when", pd.date_range("2024-01-01", periods=STEPS, freq="20ms")),
        ("when", [f"2024-01-01 00:00:0{second}" for second in range(STEPS)]),
        ("step", [0, 1, 2, 0, 1, 2]),
    ],
)
def test_times_are_no_values_unless_they_are_chosen(settings: Section, name: str, cells: Any) -> None:
    found = dataset(settings, **{name: cells})
    assert found.series[0].features == ("ax",)
    assert f"Times, not used as values: {name} (--features would use them)." in found.report.notes
    if not hasattr(cells, "year") and not isinstance(cells[0], str):
        chosen = dataset(settings.model_copy(update={"features": ("ax", name)}), **{name: cells})
        assert chosen.series[0].features == ("ax", name)


@pytest.mark.parametrize("settings", [ClipDataSettings(id="who"), EventDataSettings(id="who")])
@pytest.mark.parametrize(("name", "cells"), [("t", [3, 1, 2, 3, 1, 2]), ("speed", [0, 1, 2, 0, 1, 2])])
def test_values_that_fall_or_have_another_name_are_no_times(settings: Section, name: str, cells: list[int]) -> None:
    assert dataset(settings, **{name: cells}).series[0].features == ("ax", name)


@pytest.mark.parametrize(
    ("cells", "rate_hz", "note"),
    [
        (pd.date_range("2024-01-01", periods=STEPS, freq="20ms"), 50.0, "50 steps per second, by the column 't'."),
        ([0, 0.02, 0.04, 0, 0.02, 0.04], 1.0, "if the column 't' is in seconds, pass --step-rate-hz 50."),
        (
            pd.to_datetime([f"2024-01-01 00:00:0{second}" for second in (0, 1, 5, 6, 7, 9)]),
            1.0,
            "Times count steps: the column 't' is not evenly spaced.",
        ),
    ],
)
def test_dates_have_the_rate_of_the_steps_and_numbers_suggest_it(cells: Any, rate_hz: float, note: str) -> None:
    found = dataset(EventDataSettings(id="who"), t=cells)
    assert found.series[0].annotations.step_rate_hz == rate_hz
    assert any(one.endswith(note) for one in found.report.notes)
    stated = dataset(EventDataSettings(id="who", step_rate_hz=5), t=cells)
    assert stated.series[0].annotations.step_rate_hz == 5
