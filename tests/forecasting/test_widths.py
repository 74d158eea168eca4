"""Widths of intervals: the same as a plain loop, from past values alone, and with the nominal coverage."""

import math

import numpy as np
import pytest
import torch

from echoic.forecasting.target_errors import TargetBins
from echoic.forecasting.widths import COVERAGE, Widths
from echoic.types import Series
from echoic.windows import Panel

RATE = 0.1


def bins_of(lengths: tuple[int, ...], horizon: int, skip: int = 3) -> TargetBins:
    """Origins from the row `skip` of each series on."""
    panel = Panel.from_series(
        [Series(f"s{number}", np.zeros((steps, 1), np.float32), ("a",)) for number, steps in enumerate(lengths)]
    )
    return TargetBins.spaced(panel, panel.offsets[:-1] + skip, horizon)


def distances_of(bins: TargetBins, horizon: int, seed: int = 0) -> np.ndarray:
    values = np.abs(np.random.default_rng(seed).standard_normal((len(bins.origins()), horizon, 1)))
    values[::7] = np.nan
    return values


@pytest.mark.parametrize("horizon", [1, 4])
def test_factors_equal_those_of_a_plain_loop(horizon: int) -> None:
    bins = bins_of((30, 12), horizon)
    distances = distances_of(bins, horizon)
    widths = Widths(bins, distances)
    for begin, steps in ((0, 30), (30, 12)):
        log = 0.0
        for target in range(begin + 3, begin + steps):
            outside = total = 0.0
            for origin, values in zip(bins.origins().tolist(), distances[..., 0], strict=True):
                ahead = target - origin
                if begin <= origin < begin + steps and 0 <= ahead < horizon and not math.isnan(values[ahead]):
                    total += 1 / (ahead + 1)
                    outside += (values[ahead] > math.exp(log)) / (ahead + 1)
            log += RATE * (outside / total - (1 - COVERAGE)) if total else 0.0
            found = widths.at(torch.tensor([target + 1]))
            assert found.shape == (1, 1, 1)
            assert found.item() == pytest.approx(math.exp(log))


def test_the_width_is_unchanged_before_any_forecast_could_be_checked() -> None:
    bins = bins_of((30, 2), 1)
    widths = Widths(bins, distances_of(bins, 1))
    assert widths.at(torch.tensor([3, 1, 32])).ravel().tolist() == [1.0, 1.0, 1.0]


def test_later_values_change_no_earlier_width() -> None:
    bins = bins_of((40,), 3)
    distances = distances_of(bins, 3)
    changed = distances.copy()
    changed[20:] = 100.0  # forecasts from row 23 on
    before, after = (Widths(bins, one).at(torch.arange(4, 36)).ravel() for one in (distances, changed))
    assert before[: 24 - 4].tolist() == after[: 24 - 4].tolist()
    assert (after[-1] > before[-1]).all()


@pytest.mark.parametrize("scale", [0.3, 1.0, 3.0])
def test_the_coverage_becomes_nominal_whatever_the_size_of_errors(scale: float) -> None:
    bins = bins_of((903,), 1)
    distances = scale * np.abs(np.random.default_rng(1).standard_normal((900, 1, 1))) / 1.2816
    factors = Widths(bins, distances).at(bins.origins())
    inside = distances <= factors
    assert abs(inside[100:].mean() - COVERAGE) < 0.03
