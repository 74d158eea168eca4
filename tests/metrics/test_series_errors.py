"""Errors by series against plain means, and their order."""

import numpy as np
import pytest

from echoic.metrics.series_errors import SeriesErrors, series_table

SERIES = np.array([0, 1, 0, 2])
TARGET = np.random.default_rng(0).normal(0, 1, (4, 3, 2))
ONES = np.ones((4, 1, 2))


def errors(mean: np.ndarray, target: np.ndarray = TARGET, scale: float = 1.0, mase_scale: float = 1.0) -> SeriesErrors:
    found = SeriesErrors(4)
    for part in (slice(0, 2), slice(2, 4)):
        found.add(SERIES[part], target[part], mean[part], scale * ONES[part], mase_scale * ONES[part])
    return found


def test_means_are_over_all_windows_steps_and_features_of_a_series() -> None:
    mean = np.zeros_like(TARGET)
    found = errors(mean, scale=2.0, mase_scale=4.0)
    for number in range(3):
        size = np.abs(TARGET[number == SERIES])
        assert found.mae[number] == pytest.approx(size.mean() / 2)
        assert found.mase[number] == pytest.approx(size.mean() / 4)
    assert np.isnan(found.mae[3])


def test_missing_targets_are_left_out() -> None:
    target = TARGET.copy()
    target[0, 1] = np.nan
    assert errors(np.zeros_like(TARGET), target).mae[0] == pytest.approx(np.nanmean(np.abs(target[[0, 2]])))


def test_the_worst_series_against_its_best_baseline_comes_first() -> None:
    offset = np.array([1.0, 3.0, 1.0, 2.0])[:, None, None]
    tables = {"model": errors(TARGET + offset), "a": errors(TARGET + 1), "b": errors(TARGET + 2 * offset)}
    rows = series_table(["x", "y", "z", "unscored"], tables)
    assert list(rows) == ["y", "z", "x"]
    assert rows["y"] == pytest.approx({"mae": 3.0, "mase": 3.0, "best_baseline_mae": 1.0})
