from typing import get_args

import numpy as np
import pytest
import torch
from numpy.typing import NDArray

from echoic.codecs import WindowNormalizer
from echoic.config.scale import ResidualBaseline

BASELINES = get_args(ResidualBaseline)
FLOAT32 = 1e-5
LOOKBACK = 9
NAN = float("nan")


def make(
    baseline: str = "none",
    seasons: tuple[int, ...] = (),
    horizon: int = 5,
    *,
    lags: tuple[int, ...] = (),
    lookback: int = LOOKBACK,
    instance_norm: bool = False,
) -> WindowNormalizer:
    return WindowNormalizer(baseline, tuple(seasons), tuple(lags), lookback, horizon, instance_norm)


def noise(normalizer: WindowNormalizer, rows: int = 3, features: int = 2, seed: int = 0) -> torch.Tensor:
    return torch.randn(rows, normalizer.context, features, generator=torch.Generator().manual_seed(seed)) + 10


def last_known(column: NDArray[np.float32], lookback: int) -> float:
    known = [value for value in column[-lookback:] if not np.isnan(value)]
    return known[-1] if known else 0.0


def naive_location(
    column: NDArray[np.float32], baseline: str, seasons: tuple[int, ...], horizon: int, lookback: int = LOOKBACK
) -> list[float]:
    """The base of one column, `column` ending with the last known step."""
    last = last_known(column, lookback)
    if baseline == "last":
        return [last] * horizon
    out = []
    for step in range(horizon):
        total = 0.0
        for season in seasons:
            back = season - step % season
            value = column[-back]
            total += last if np.isnan(value) else value
            if baseline == "growth":
                change = [column[-at] - column[-at - season] for at in (1, 2)]
                total += 0.0 if np.isnan(change).any() else sum(change) / 2
        out.append(total / len(seasons))
    return out


CASES = [
    ("last", ()),
    ("seasonal", (3,)),
    ("seasonal", (7,)),
    ("seasonal", (2, 7)),
    ("growth", (3,)),
    ("growth", (2, 7)),
]


def assert_location_is_naive(normalizer: WindowNormalizer, window: torch.Tensor) -> None:
    location = normalizer(window).stats.location
    assert location.shape == (len(window), normalizer.horizon, window.shape[2])
    for row, column in np.ndindex(len(window), window.shape[2]):
        wanted = naive_location(
            window[row, :, column].numpy(), normalizer.baseline, normalizer.seasons, normalizer.horizon
        )
        np.testing.assert_allclose(location[row, :, column].numpy(), wanted, atol=FLOAT32)


@pytest.mark.parametrize("instance_norm", [False, True])
@pytest.mark.parametrize("horizon", [1, 5, 17])
@pytest.mark.parametrize(("baseline", "seasons"), CASES)
def test_location_is_the_forecast_of_the_baseline(
    baseline: str, seasons: tuple[int, ...], horizon: int, instance_norm: bool
) -> None:
    normalizer = make(baseline, seasons, horizon, instance_norm=instance_norm)
    assert_location_is_naive(normalizer, noise(normalizer))


@pytest.mark.parametrize(("baseline", "seasons"), CASES)
def test_missing_values_fall_back_on_the_last_known_one(baseline: str, seasons: tuple[int, ...]) -> None:
    normalizer = make(baseline, seasons)
    for seed in range(5):
        window = noise(normalizer, seed=seed)
        window[torch.rand(window.shape, generator=torch.Generator().manual_seed(seed)) < 0.4] = torch.nan
        assert_location_is_naive(normalizer, window)
        assert torch.isfinite(normalizer(window).stats.location).all()


@pytest.mark.parametrize("instance_norm", [False, True])
@pytest.mark.parametrize("baseline", BASELINES)
def test_decode_undoes_encode(baseline: str, instance_norm: bool) -> None:
    normalizer = make(baseline, (3,), instance_norm=instance_norm)
    way = normalizer(noise(normalizer)).stats
    target = torch.randn(3, 5, 2) * 20
    torch.testing.assert_close(way.decode(way.encode(target)), target, atol=1e-4, rtol=0)


@pytest.mark.parametrize("baseline", BASELINES)
def test_own_scale_makes_inputs_standard_over_the_lookback(baseline: str) -> None:
    normalizer = make(baseline, (12,), instance_norm=True)
    window = 100 + 7 * noise(normalizer)
    inputs, way, _ = normalizer(window)
    assert inputs.shape == (3, LOOKBACK, 2)
    torch.testing.assert_close(inputs.mean(1), torch.zeros(3, 2), atol=1e-4, rtol=0)
    torch.testing.assert_close(inputs.std(1, correction=0), torch.ones(3, 2), atol=1e-4, rtol=0)
    torch.testing.assert_close(way.scale[:, 0], window[:, -LOOKBACK:].std(1, correction=0), atol=1e-4, rtol=0)


@pytest.mark.parametrize("baseline", BASELINES)
def test_own_scale_makes_input_and_target_blind_to_level_and_size(baseline: str) -> None:
    normalizer = make(baseline, (3,), instance_norm=True)
    window, target = noise(normalizer), torch.randn(3, 5, 2)
    inputs, way, _ = normalizer(window)
    moved, moved_way, _ = normalizer(16 * window + 100)
    torch.testing.assert_close(moved, inputs, atol=1e-4, rtol=0)
    torch.testing.assert_close(moved_way.encode(16 * target + 100), way.encode(target), atol=1e-4, rtol=0)


@pytest.mark.parametrize("baseline", ["last", "seasonal", "growth"])
def test_a_residual_baseline_subtracts_the_last_value_from_the_inputs(baseline: str) -> None:
    normalizer = make(baseline, (3,))
    window = noise(normalizer)
    seen = window[:, -LOOKBACK:]
    torch.testing.assert_close(normalizer(window).inputs, seen - seen[:, -1:], atol=FLOAT32, rtol=0)


def test_without_base_and_scale_values_stay_as_they_are() -> None:
    normalizer = make()
    window = noise(normalizer)
    inputs, way, lagged = normalizer(window)
    assert torch.equal(inputs, window)
    assert torch.equal(way.encode(window[:, :5]), window[:, :5])
    assert lagged.shape == (3, 5, 0)


@pytest.mark.parametrize("instance_norm", [False, True])
def test_missing_inputs_become_zero_and_do_not_move_the_statistics(instance_norm: bool) -> None:
    normalizer = make("last", instance_norm=instance_norm)
    window = torch.tensor([NAN, NAN, 1.0, NAN, 3.0, NAN, 5.0, 7.0, NAN])[None, :, None]
    inputs, way, _ = normalizer(window)
    known = np.array([1.0, 3.0, 5.0, 7.0])
    center, scale = (known.mean(), known.std()) if instance_norm else (7.0, 1.0)
    wanted = [0, 0, (1 - center) / scale, 0, (3 - center) / scale, 0, (5 - center) / scale, (7 - center) / scale, 0]
    np.testing.assert_allclose(inputs.flatten().numpy(), wanted, atol=FLOAT32)
    np.testing.assert_allclose(way.location.flatten().numpy(), [7.0] * 5)


@pytest.mark.parametrize("baseline", BASELINES)
@pytest.mark.parametrize("fill", [0.0, 5.0, NAN])
def test_a_constant_or_empty_window_stays_finite(baseline: str, fill: float) -> None:
    normalizer = make(baseline, (3,), instance_norm=True)
    inputs, way, _ = normalizer(torch.full((1, normalizer.context, 1), fill))
    assert not inputs.any()
    assert torch.isfinite(way.encode(torch.zeros(1, 5, 1))).all()
    assert torch.isfinite(way.location).all()


@pytest.mark.parametrize("instance_norm", [False, True])
def test_lagged_values_are_those_a_lag_before_each_step(instance_norm: bool) -> None:
    normalizer = make("last", lags=(3, 11), instance_norm=instance_norm)
    window = noise(normalizer)
    inputs, way, lagged = normalizer(window)
    assert lagged.shape == (3, 5, 4)
    seen = window[:, -LOOKBACK:]
    center = seen.mean(1) if instance_norm else seen[:, -1]
    for at, lag in enumerate((3, 11)):
        for step in range(5):
            wanted = (window[:, step % lag - lag] - center) / way.scale[:, 0]
            torch.testing.assert_close(lagged[:, step, 2 * at : 2 * at + 2], wanted, atol=FLOAT32, rtol=0)
    assert inputs.shape == (3, LOOKBACK, 2)


@pytest.mark.parametrize(
    ("baseline", "seasons", "lags", "context"),
    [
        ("none", (), (), 9),
        ("last", (24,), (), 9),
        ("seasonal", (24, 7), (), 24),
        ("growth", (24,), (), 26),
        ("growth", (3,), (), 9),
        ("last", (), (30, 5), 30),
    ],
)
def test_context_is_the_furthest_that_anything_reaches(
    baseline: str, seasons: tuple[int, ...], lags: tuple[int, ...], context: int
) -> None:
    assert make(baseline, seasons, lags=lags).context == context


@pytest.mark.parametrize("baseline", BASELINES)
def test_rows_and_features_are_independent(baseline: str) -> None:
    normalizer = make(baseline, (3,), lags=(4,), instance_norm=True)
    window = noise(normalizer)
    whole = normalizer(window)
    alone = normalizer(window[1:2, :, 1:])
    torch.testing.assert_close(alone.inputs, whole.inputs[1:2, :, 1:])
    torch.testing.assert_close(alone.stats.location, whole.stats.location[1:2, :, 1:])
    torch.testing.assert_close(alone.lagged, whole.lagged[1:2, :, 1:])
