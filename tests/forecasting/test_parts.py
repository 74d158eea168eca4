"""Series in parts: the same forecasts as of all at once, with one part in memory at a time."""

from typing import Any

import numpy as np
import pytest
import torch
from tests.forecasting.test_combination import framing_of

from echoic.forecasting import parts
from echoic.forecasting.baselines import Baselines
from echoic.forecasting.combination import Combination
from echoic.forecasting.framing import Framing
from echoic.forecasting.linear_maps import CombinationState
from echoic.forecasting.parts import Parts
from echoic.forecasting.target_errors import PanelSize
from echoic.windows import Panel, Ranges

LENGTHS = (50, 61, 40, 40, 55, 33, 70)


@pytest.fixture(name="framing")
def ragged(monkeypatch: pytest.MonkeyPatch) -> Framing:
    """Series of unequal lengths, two in a part."""
    monkeypatch.setattr(parts, "MAX_PART_VALUES", 2 * max(LENGTHS) * 2)
    draw = np.random.default_rng(0)
    values = [5 + np.sin(np.arange(steps) + draw.normal(0, 0.3, (2, steps))).T for steps in LENGTHS]
    values[1][30:34] = np.nan
    return framing_of(*values, horizon=2)


def both(framing: Framing) -> tuple[Baselines, Combination, torch.Tensor]:
    """The baselines in parts and at once, and the rows where the train splits end."""
    panel = framing.panel
    train = Ranges(panel.offsets[:-1], panel.offsets[:-1] + (panel.offsets.diff() * 0.6).long())
    state = CombinationState.fit(framing, train, train)
    size = PanelSize.of(panel, framing.horizon)
    return Baselines(state, framing, train.end, size), Combination(state, framing, train.end), train.end


def some_rows(panel: Panel) -> torch.Tensor:
    """Some rows of each series, the one right after it among them, in the order of no series."""
    rows = torch.cat([panel.offsets[1:], panel.offsets[:-1] + 30, panel.offsets[:-1] + 1])
    return rows[torch.randperm(len(rows), generator=torch.Generator().manual_seed(0))]


@pytest.mark.parametrize("method", ["forecast", "held_out", "smoothed", "majority_value"])
def test_forecasts_of_parts_are_those_of_all_series_at_once(framing: Framing, method: str) -> None:
    apart, whole, _ = both(framing)
    assert len(apart.parts) > 2
    rows = some_rows(framing.panel)
    found, expected = (
        getattr(one, method, None) or getattr(getattr(one, "candidates", None), method) for one in (apart, whole)
    )
    for one, other in zip(tables(found(rows)), tables(expected(rows)), strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-9)


def test_weights_and_past_errors_of_parts_are_those_of_all_series_at_once(framing: Framing) -> None:
    apart, whole, ends = both(framing)
    rows = some_rows(framing.panel)
    assert apart.mean_weights(rows) == pytest.approx(whole.mean_weights(rows))
    np.testing.assert_allclose(apart.past_errors(), whole.past_errors(ends), rtol=1e-9)


def test_rows_in_the_order_of_series_build_each_part_once(framing: Framing) -> None:
    built = list[list[int]]()

    def build(series: torch.Tensor) -> int:
        built.append(series.tolist())
        return len(built)

    every = Parts(framing.panel, framing.horizon, build)
    for rows in torch.split(torch.arange(1, len(framing.panel.values) + 1), 13):
        assert sum(len(part.selected) for part in every.each(rows)) == len(rows)
    assert [number for part in built for number in part] == list(range(len(LENGTHS)))


def test_parts_are_bounded_by_their_padded_values(framing: Framing) -> None:
    sizes = Parts(framing.panel, framing.horizon, lambda series: series)
    steps = framing.panel.offsets.diff()
    for series, begin in sizes.every():
        assert begin == framing.panel.offsets[series[0]]
        assert len(series) == 1 or int(steps[series].max()) * len(series) * 2 <= parts.MAX_PART_VALUES


def test_a_panel_of_some_series_has_their_values(framing: Framing) -> None:
    panel, series = framing.panel, torch.tensor([1, 4, 5])
    some = panel.select(series)
    assert some.names == ("s1", "s4", "s5")
    for number, one in enumerate(series.tolist()):
        own = some.values[some.offsets[number] : some.offsets[number + 1]]
        torch.testing.assert_close(own, panel.values[panel.offsets[one] : panel.offsets[one + 1]], equal_nan=True)


def tables(found: Any) -> tuple[Any, ...]:
    return found if isinstance(found, tuple) else (found,)
