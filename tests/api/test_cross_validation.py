"""Rolling-origin cross-validation."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from echoic import cross_validate
from echoic.errors import ConfigError, DataError

TINY: dict[str, Any] = {"lookback": 8, "horizon": 5, "layers": (3,), "epochs": 1, "threads": 1, "strategy": "direct"}
STEPS = 120


def wave(steps: int = STEPS) -> np.ndarray:
    return np.sin(np.arange(steps) / 3).astype(np.float32)


def test_folds_train_components() -> None:
    sizes = []

    def gru(input_size: int) -> torch.nn.Module:
        sizes.append(input_size)
        return torch.nn.GRU(input_size, 2, batch_first=True)

    settings = {name: value for name, value in TINY.items() if name != "layers"}
    assert len(list(cross_validate(wave(), folds=2, components={"network": gru}, **settings))) == 2
    assert len(sizes) >= 2


def test_every_fold_is_scored_on_the_horizon_after_its_training_data() -> None:
    folds = list(cross_validate(wave(), folds=3, residual_baseline="last", **TINY))
    assert [fold.train_steps for fold in folds] == [STEPS - 20, STEPS - 15, STEPS - 10]
    for number, fold in enumerate(folds):
        first = STEPS - 5 * (3 - number)
        assert fold.forecasts["ds"].tolist() == list(range(first, first + 5))
        np.testing.assert_allclose(fold.forecasts["y"], wave()[first : first + 5], rtol=0, atol=1e-6)
        error = np.abs(fold.forecasts["y"] - fold.forecasts["mean"]).mean()
        assert fold.scores["mae"] == pytest.approx(error, rel=1e-5)  # scores are computed in float32
        assert {"persistence", "linear"} <= fold.baselines.keys()


def test_a_fold_does_not_depend_on_later_data() -> None:
    changed = wave()
    changed[-5:] = 1e6
    settings = TINY | {"residual_baseline": "last", "season": 19}
    one, other = (next(iter(cross_validate(data, folds=2, **settings))) for data in (wave(), changed))
    assert one.scores == other.scores
    assert one.baselines == other.baselines
    np.testing.assert_array_equal(one.forecasts["mean"], other.forecasts["mean"])


@pytest.mark.parametrize(
    ("options", "error", "message"),
    [
        ({"folds": 0}, ConfigError, "at least 1"),
        ({"split": (1, 2, 3)}, ConfigError, "makes the splits itself"),
        ({"folds": 40}, DataError, "40 folds with a horizon of 5 need more than 205 steps, and .* has 120"),
        ({"lookbak": 3}, ConfigError, "did you mean 'lookback'"),
    ],
)
def test_impossible_folds_are_refused(
    options: dict[str, int | tuple[int, ...]], error: type[Exception], message: str
) -> None:
    with pytest.raises(error, match=message):
        cross_validate(wave(), **TINY | options)


def long_table(tmp_path: Path, **lengths: int) -> Path:
    """Series of these lengths, which count from 1000, 2000, ... on."""
    rows = [f"{name},{1000 * number + step}" for number, name in enumerate(lengths, 1) for step in range(lengths[name])]
    (tmp_path / "long.csv").write_text("\n".join(["unique_id,y", *rows]))
    return tmp_path / "long.csv"


def test_every_series_of_unequal_length_is_scored_on_its_own_last_horizons(tmp_path: Path) -> None:
    folds = list(cross_validate(long_table(tmp_path, a=60, b=75), folds=2, **TINY))
    assert [fold.train_steps for fold in folds] == [60, 65]
    for fold, end in zip(folds, (5, 0), strict=True):
        first = {"a": 1000 + 55 - end, "b": 2000 + 70 - end}
        assert fold.forecasts["y"].tolist() == [first[name] + step for name in "ab" for step in range(5)]
        assert fold.forecasts["unique_id"].tolist() == ["a"] * 5 + ["b"] * 5


def test_series_that_are_too_short_for_the_folds_are_left_out_and_listed(tmp_path: Path) -> None:
    data = long_table(tmp_path, a=60, short=15, b=75, tiny=2)
    with pytest.warns(UserWarning, match=r"Skipped 2:\n.*'short' has 15\.\n.*'tiny' has 2"):
        (fold, _) = cross_validate(data, folds=2, **TINY)
    assert set(fold.forecasts["unique_id"]) == {"a", "b"}
    with pytest.raises(DataError, match=r"2 of 4 series cannot be used .*'short' has 15; .*'tiny' has 2"):
        cross_validate(data, folds=2, on_error="stop", **TINY)
