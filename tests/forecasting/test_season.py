from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from echoic.forecasting.season import MAX_LAG, calendar_seasons, detect_season, has_season, season_fractions
from echoic.types import Series
from echoic.types.frequency import Frequency
from echoic.windows import Panel, full_ranges


def wave(steps: int, season: int, noise: float = 0.0, seed: int = 0) -> NDArray[np.float64]:
    draw = np.random.default_rng(seed).standard_normal(steps)
    return np.sin(2 * np.pi * np.arange(steps) / season) + noise * draw


def airline(steps: int = 144) -> NDArray[np.float64]:
    """A trend, times a yearly shape: as airline passengers."""
    month = np.arange(steps)
    shape = 1 + 0.25 * np.sin(2 * np.pi * month / 12) + 0.08 * np.cos(4 * np.pi * month / 12)
    return (110 + 2.6 * month) * shape + 3 * np.random.default_rng(0).standard_normal(steps)


@pytest.mark.parametrize("noise", [0.0, 0.3])
@pytest.mark.parametrize("season", [4, 7, 12, 24, 96, 168])
def test_the_season_of_a_wave_is_found(season: int, noise: float) -> None:
    assert detect_season(wave(10 * season + 3, season, noise)) == season


def test_a_yearly_season_under_a_trend_is_found() -> None:
    assert detect_season(airline()) == 12


def test_float32_values_far_from_zero_are_enough() -> None:
    assert detect_season((5000 + wave(300, 12)).astype(np.float32)) == 12


def test_a_square_pulse_once_a_week_is_found() -> None:
    assert detect_season((np.arange(200) % 7 == 3).astype(float)) == 7


@pytest.mark.parametrize("seed", range(10))
def test_a_random_walk_and_noise_have_no_season(seed: int) -> None:
    draw = np.random.default_rng(seed).standard_normal(1000)
    assert detect_season(draw) is None
    assert detect_season(draw.cumsum()) is None


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("steps", [50, 144, 300, 1000])
def test_a_straight_line_has_no_season_of_rounding(steps: int, dtype: type[Any]) -> None:
    assert detect_season((3.1 + 0.37 * np.arange(steps)).astype(dtype)) is None
    assert detect_season(np.full(steps, 0.1, dtype)) is None


@pytest.mark.parametrize("steps", [0, 1, 2, 5, 23, 35])
def test_a_series_too_short_for_three_seasons_has_none(steps: int) -> None:
    assert detect_season(wave(steps, 12)) is None


def test_a_season_longer_than_the_longest_candidate_is_not_found() -> None:
    assert detect_season(wave(4 * (MAX_LAG + 200), MAX_LAG + 200)) is None


@pytest.mark.parametrize("share", [0.1, 0.4])
def test_missing_values_do_not_hide_the_season(share: float) -> None:
    values = wave(400, 24, noise=0.1)
    values[np.random.default_rng(0).random(400) < share] = np.nan
    assert detect_season(values) == 24


def test_all_missing_values_have_no_season() -> None:
    assert detect_season(np.full(100, np.nan)) is None


def test_of_a_day_in_a_week_the_day_is_the_season() -> None:
    assert detect_season(wave(24 * 7 * 6, 24) + 0.2 * wave(24 * 7 * 6, 168)) == 24


@pytest.mark.parametrize(
    ("frequency", "seasons"),
    [
        (Frequency("us", 3_600_000_000), (24, 168)),
        (Frequency("us", 900_000_000), (96, 672)),
        (Frequency("us", 86_400_000_000), (7,)),
        (Frequency("us", 7 * 86_400_000_000), (52,)),
        (Frequency("us", 7_000_000_000), ()),
        (Frequency("month", 1), (12,)),
        (Frequency("month", 3), (4,)),
        (Frequency("month", 12), ()),
        (Frequency("business_day", 1), (5,)),
        (Frequency("step", 1), ()),
    ],
)
def test_the_calendar_suggests_seasons(frequency: Frequency, seasons: tuple[int, ...]) -> None:
    assert calendar_seasons(frequency) == seasons


def test_a_season_on_a_walk_is_confirmed() -> None:
    walk = 2 * np.cumsum(np.random.default_rng(0).normal(0, 1, 960))
    values = walk + 6 * wave(960, 24)
    assert has_season(values, 24)
    assert not has_season(values, 17)
    values[100:140] = np.nan
    assert has_season(values, 24)


@pytest.mark.parametrize("seed", range(10))
def test_noise_and_walks_have_no_season_of_the_calendar(seed: int) -> None:
    noise = np.random.default_rng(seed).normal(0, 1, 960)
    assert not has_season(noise, 24)
    assert not has_season(np.cumsum(noise), 24)
    assert not has_season(wave(60, 24), 24)  # fewer than three seasons
    assert not has_season(np.full(960, np.nan), 24)


def test_fractions_are_of_columns_the_most_frequent_first() -> None:
    columns = [wave(240, 12, 0.1, seed) for seed in range(3)] + [wave(240, 7, 0.1)]
    series = [Series(f"s{number}", one[:, None].astype(np.float32), ("y",)) for number, one in enumerate(columns)]
    found = season_fractions(Panel.from_series(series), full_ranges(series), (12,))
    assert next(iter(found.items())) == (12, 0.75)
    assert found[7] == 0.25
