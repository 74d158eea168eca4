import numpy as np
import pytest
import torch

from echoic.codecs import WindowFrame
from echoic.codecs.frame import BASES

FLOAT32 = 1e-5
LOOKBACK = 9
NAN = float("nan")


def make(base="none", seasons=(), horizon=5, *, lags=(), lookback=LOOKBACK, own_scale=False):
    return WindowFrame(base, tuple(seasons), tuple(lags), lookback, horizon, own_scale)


def noise(frame, rows=3, features=2, seed=0):
    return torch.randn(rows, frame.context, features, generator=torch.Generator().manual_seed(seed)) + 10


def last_known(column, lookback):
    known = [value for value in column[-lookback:] if not np.isnan(value)]
    return known[-1] if known else 0.0


def naive_location(column, base, seasons, horizon, lookback=LOOKBACK):
    """The base of one column, `column` ending with the last known step."""
    last = last_known(column, lookback)
    if base == "last":
        return [last] * horizon
    out = []
    for step in range(horizon):
        total = 0.0
        for season in seasons:
            back = season - step % season
            value = column[-back]
            total += last if np.isnan(value) else value
            if base == "growth":
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


def assert_location_is_naive(frame, window):
    location = frame(window).frame.location
    assert location.shape == (len(window), frame.horizon, window.shape[2])
    for row, column in np.ndindex(len(window), window.shape[2]):
        wanted = naive_location(window[row, :, column].numpy(), frame.base, frame.seasons, frame.horizon)
        np.testing.assert_allclose(location[row, :, column].numpy(), wanted, atol=FLOAT32)


@pytest.mark.parametrize("own_scale", [False, True])
@pytest.mark.parametrize("horizon", [1, 5, 17])
@pytest.mark.parametrize(("base", "seasons"), CASES)
def test_location_is_the_naive_forecast(base, seasons, horizon, own_scale):
    frame = make(base, seasons, horizon, own_scale=own_scale)
    assert_location_is_naive(frame, noise(frame))


@pytest.mark.parametrize(("base", "seasons"), CASES)
def test_missing_values_fall_back_on_the_last_known_one(base, seasons):
    frame = make(base, seasons)
    for seed in range(5):
        window = noise(frame, seed=seed)
        window[torch.rand(window.shape, generator=torch.Generator().manual_seed(seed)) < 0.4] = torch.nan
        assert_location_is_naive(frame, window)
        assert torch.isfinite(frame(window).frame.location).all()


@pytest.mark.parametrize("own_scale", [False, True])
@pytest.mark.parametrize("base", BASES)
def test_decode_undoes_encode(base, own_scale):
    frame = make(base, (3,), own_scale=own_scale)
    way = frame(noise(frame)).frame
    target = torch.randn(3, 5, 2) * 20
    torch.testing.assert_close(way.decode(way.encode(target)), target, atol=1e-4, rtol=0)


@pytest.mark.parametrize("base", BASES)
def test_own_scale_makes_inputs_standard_over_the_lookback(base):
    frame = make(base, (12,), own_scale=True)
    window = 100 + 7 * noise(frame)
    inputs, way, _ = frame(window)
    assert inputs.shape == (3, LOOKBACK, 2)
    torch.testing.assert_close(inputs.mean(1), torch.zeros(3, 2), atol=1e-4, rtol=0)
    torch.testing.assert_close(inputs.std(1, correction=0), torch.ones(3, 2), atol=1e-4, rtol=0)
    torch.testing.assert_close(way.scale[:, 0], window[:, -LOOKBACK:].std(1, correction=0), atol=1e-4, rtol=0)


@pytest.mark.parametrize("base", BASES)
def test_own_scale_makes_input_and_target_blind_to_level_and_size(base):
    frame = make(base, (3,), own_scale=True)
    window, target = noise(frame), torch.randn(3, 5, 2)
    inputs, way, _ = frame(window)
    moved, moved_way, _ = frame(16 * window + 100)
    torch.testing.assert_close(moved, inputs, atol=1e-4, rtol=0)
    torch.testing.assert_close(moved_way.encode(16 * target + 100), way.encode(target), atol=1e-4, rtol=0)


@pytest.mark.parametrize("base", ["last", "seasonal", "growth"])
def test_a_base_takes_the_last_value_out_of_the_inputs(base):
    frame = make(base, (3,))
    window = noise(frame)
    seen = window[:, -LOOKBACK:]
    torch.testing.assert_close(frame(window).inputs, seen - seen[:, -1:], atol=FLOAT32, rtol=0)


def test_without_base_and_scale_values_stay_as_they_are():
    frame = make()
    window = noise(frame)
    inputs, way, lagged = frame(window)
    assert torch.equal(inputs, window)
    assert torch.equal(way.encode(window[:, :5]), window[:, :5])
    assert lagged.shape == (3, 5, 0)


@pytest.mark.parametrize("own_scale", [False, True])
def test_missing_inputs_become_zero_and_do_not_move_the_statistics(own_scale):
    frame = make("last", own_scale=own_scale)
    window = torch.tensor([NAN, NAN, 1.0, NAN, 3.0, NAN, 5.0, 7.0, NAN])[None, :, None]
    inputs, way, _ = frame(window)
    known = np.array([1.0, 3.0, 5.0, 7.0])
    center, scale = (known.mean(), known.std()) if own_scale else (7.0, 1.0)
    wanted = [0, 0, (1 - center) / scale, 0, (3 - center) / scale, 0, (5 - center) / scale, (7 - center) / scale, 0]
    np.testing.assert_allclose(inputs.flatten().numpy(), wanted, atol=FLOAT32)
    np.testing.assert_allclose(way.location.flatten().numpy(), [7.0] * 5)


@pytest.mark.parametrize("base", BASES)
@pytest.mark.parametrize("fill", [0.0, 5.0, NAN])
def test_a_window_that_stands_still_or_is_empty_stays_finite(base, fill):
    frame = make(base, (3,), own_scale=True)
    inputs, way, _ = frame(torch.full((1, frame.context, 1), fill))
    assert not inputs.any()
    assert torch.isfinite(way.encode(torch.zeros(1, 5, 1))).all()
    assert torch.isfinite(way.location).all()


@pytest.mark.parametrize("own_scale", [False, True])
def test_lagged_values_are_those_a_lag_before_each_step(own_scale):
    frame = make("last", lags=(3, 11), own_scale=own_scale)
    window = noise(frame)
    inputs, way, lagged = frame(window)
    assert lagged.shape == (3, 5, 4)
    seen = window[:, -LOOKBACK:]
    center = seen.mean(1) if own_scale else seen[:, -1]
    for at, lag in enumerate((3, 11)):
        for step in range(5):
            wanted = (window[:, step % lag - lag] - center) / way.scale[:, 0]
            torch.testing.assert_close(lagged[:, step, 2 * at : 2 * at + 2], wanted, atol=FLOAT32, rtol=0)
    assert inputs.shape == (3, LOOKBACK, 2)


@pytest.mark.parametrize(
    ("base", "seasons", "lags", "context"),
    [
        ("none", (), (), 9),
        ("last", (24,), (), 9),
        ("seasonal", (24, 7), (), 24),
        ("growth", (24,), (), 26),
        ("growth", (3,), (), 9),
        ("last", (), (30, 5), 30),
    ],
)
def test_context_is_the_furthest_that_anything_reaches(base, seasons, lags, context):
    assert make(base, seasons, lags=lags).context == context


@pytest.mark.parametrize("base", BASES)
def test_rows_and_features_do_not_see_each_other(base):
    frame = make(base, (3,), lags=(4,), own_scale=True)
    window = noise(frame)
    whole = frame(window)
    alone = frame(window[1:2, :, 1:])
    torch.testing.assert_close(alone.inputs, whole.inputs[1:2, :, 1:])
    torch.testing.assert_close(alone.frame.location, whole.frame.location[1:2, :, 1:])
    torch.testing.assert_close(alone.lagged, whole.lagged[1:2, :, 1:])
