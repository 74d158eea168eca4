"""Errors by target: the same as a plain loop, and none counts before its target is known."""

import itertools
from typing import Any

import numpy as np
import pytest
import torch

from echoic.forecasting.target_errors import Discount, TargetBins
from echoic.types import Series
from echoic.windows import Panel

LENGTHS = (40, 23, 9)
FEATURES = 2


def panel() -> Panel:
    return Panel.from_series(
        [Series(f"s{steps}", np.zeros((steps, FEATURES), np.float32), ("a", "b")) for steps in LENGTHS]
    )


def bins_of(strides: tuple[int, ...], horizon: int) -> TargetBins:
    """Origins from the third row of each series on, as many as leave a whole horizon."""
    own = panel()
    first = own.offsets[:-1] + 3
    stride = torch.tensor(strides)
    possible = (own.offsets.diff() - 3 - horizon + 1).clamp(min=0)
    return TargetBins(own, first, stride, (possible + stride - 1) // stride, horizon)


def errors_of(bins: TargetBins, horizon: int) -> Any:
    rng = np.random.default_rng(0)
    errors = rng.uniform(1, 2, (len(bins.origins()), horizon, FEATURES))
    errors[rng.random(errors.shape) < 0.2] = np.nan
    return errors


def naive_mean(bins: TargetBins, errors: Any, origin: int, stride: int, discount: Discount) -> Any:
    """The discounted mean of all errors in bins that end before the row `origin`, of the series of that row."""
    offsets = panel().offsets.tolist()
    begin, end = next((a, b) for a, b in itertools.pairwise(offsets) if a < origin <= b)
    last = min(
        (origin - begin - 3) // stride - 1,
        max((row - begin - 3 + errors.shape[1] - 1) // stride for row in bins.origins().tolist() if begin < row < end),
    )
    total, count = np.zeros(FEATURES), np.zeros(FEATURES)
    for row, own in zip(bins.origins().tolist(), errors, strict=True):
        for step, values in enumerate(own):
            at = (row - begin - 3 + step) // stride
            if begin < row < end and at <= last:
                weight = ~np.isnan(values) / (step + 1) * discount.decay(stride) ** (last - at)
                total += weight * np.nan_to_num(values)
                count += weight
    return total / count


@pytest.mark.parametrize("horizon", [1, 4])
@pytest.mark.parametrize("strides", [(1, 1, 1), (1, 3, 2), (5, 2, 1)])
def test_means_equal_a_plain_loop(strides: tuple[int, ...], horizon: int) -> None:
    bins, discount = bins_of(strides, horizon), Discount(3, 2)
    errors = errors_of(bins, horizon)
    means = bins.mean(errors, discount)
    for origin, stride in ((30, strides[0]), (40, strides[0]), (52, strides[1]), (63, strides[1]), (72, strides[2])):
        at = bins.last_before(torch.tensor([origin]))[0]
        assert at >= 0
        np.testing.assert_allclose(means[at], naive_mean(bins, errors, origin, stride, discount))


def test_an_error_counts_right_after_its_target_and_not_before() -> None:
    bins = bins_of((1, 1, 1), 4)
    errors = np.ones((len(bins.origins()), 4, FEATURES))
    errors[10, 2] = 1000.0  # the target is row 3 + 10 + 2
    means = bins.mean(errors, Discount(3, 2))
    before, after = bins.last_before(torch.tensor([15, 16]))
    np.testing.assert_allclose(means[before], 1.0)
    assert (means[after] > 20).all()


def test_there_is_nothing_before_the_first_target_and_in_a_short_series() -> None:
    bins = bins_of((1, 1, 1), 8)
    assert bins.last_before(torch.tensor([1, 3, 4, 65, 72])).tolist() == [-1, -1, 0, -1, -1]


def test_older_errors_count_less_and_the_number_of_bins_has_a_floor() -> None:
    assert Discount(20, 10).decay(1) == pytest.approx(0.5 ** (1 / 20))
    assert Discount(20, 10).decay(4) == pytest.approx(0.5 ** (1 / 10))
