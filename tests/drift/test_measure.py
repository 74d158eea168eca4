"""Distances of generated from real sound: streams of any length, and bands in which real sound has nothing."""

import itertools

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy.signal import butter, sosfilt

from echoic.drift import Features, RecordingIndex, StreamWindows, measure_windows

RATE_HZ = 16_000


def babble(seconds: float, seed: int) -> NDArray[np.float32]:
    """Noise that is coloured and swells several times per second."""
    draws = np.random.default_rng(seed)
    sound = np.convolve(draws.standard_normal(round(seconds * RATE_HZ)), np.hanning(24), "same")
    points = np.arange(0, len(sound) + 4000, 4000)
    swell = np.interp(np.arange(len(sound)), points, draws.uniform(0, 0.2, len(points)))
    return (sound * swell * 0.1).astype(np.float32)


def stream(sound: NDArray[np.float32]) -> StreamWindows:
    return StreamWindows(Features.from_sound(sound, RATE_HZ), None)


@pytest.fixture(scope="module")
def real() -> Features:
    return Features.from_sound(babble(40, 0), RATE_HZ)


@pytest.mark.slow
@pytest.mark.parametrize("lengths_s", [[12.5], [3] * 200, [2] * 159 + [9], [5] * 20 + [60]])
def test_streams_may_be_of_any_length(real: Features, lengths_s: list[float]) -> None:
    sound = babble(sum(lengths_s), 1)
    ends = np.cumsum([0, *(round(length * RATE_HZ) for length in lengths_s)])
    found = measure_windows([stream(sound[a:b]) for a, b in itertools.pairwise(ends)], real)
    assert 0.3 < found.overall["frechet_ratio"] < 3
    assert len(found.time_s) >= 1
    assert np.isfinite(found.frechet).all()
    assert (np.diff(found.time_s) > 0).all()


@pytest.mark.slow
def test_slopes_follow_each_stream_by_itself(real: Features) -> None:
    """Streams that get worse the longer they are: those that end early leave the slope of the others as it was."""
    streams = [stream(babble(30, seed) * np.linspace(1, 0.01, 30 * RATE_HZ, dtype=np.float32)) for seed in range(1, 17)]
    short = [StreamWindows(one.features.select(np.arange(10)), None) for one in streams[:8]]
    whole, partly = measure_windows(streams, real).slope, measure_windows([*short, *streams[8:]], real).slope
    assert whole is not None
    assert partly is not None
    assert whole.low > 0.1
    assert partly.value == pytest.approx(whole.value, rel=0.2)


@pytest.mark.slow
def test_streams_that_end_make_no_slope(real: Features) -> None:
    """Distances of fewer windows come out larger; that is no drift."""
    lengths_s = [36] * 8 + [11] * 7
    found = measure_windows([stream(babble(length, seed)) for seed, length in enumerate(lengths_s, 1)], real)
    assert found.slope is not None
    assert found.slope.low < 0 < found.slope.high


def test_few_streams_have_no_slope(real: Features) -> None:
    found = measure_windows([stream(babble(120, seed)) for seed in range(1, 8)], real)
    assert len(found.time_s) >= 3
    assert found.slope is None


@pytest.mark.parametrize("lengths_s", [[7.9], [2] * 10, [2, 2, 2, 7]])
def test_survival_requires_eight_seconds_of_streams(real: Features, lengths_s: list[float]) -> None:
    with pytest.raises(ValueError, match="8 s of real sound and 8 s of generated sound in streams of at least 3 s"):
        measure_windows([stream(babble(length, 1)) for length in lengths_s], real)


def test_a_little_where_real_sound_has_nothing_is_not_far() -> None:
    telephone = butter(12, 3000, fs=RATE_HZ, output="sos")
    real = Features.from_sound(sosfilt(telephone, babble(60, 0)).astype(np.float32), RATE_HZ)
    made = sosfilt(telephone, babble(60, 1)).astype(np.float32)
    assert real.mel.std(0).min() < 1e-3
    hiss = made + 2e-4 * np.random.default_rng(2).standard_normal(len(made)).astype(np.float32)
    assert (
        measure_windows([stream(hiss)], real).overall["frechet_ratio"]
        < 1000 * measure_windows([stream(made)], real).overall["frechet_ratio"]
    )


@pytest.mark.parametrize("shift", range(5))
def test_copies_are_found_wherever_they_begin(shift: int) -> None:
    training = [babble(5, 0), babble(20, 1), babble(0.4, 2)]
    known = RecordingIndex(training, RATE_HZ)
    begin = 7 * RATE_HZ + 1000 + shift
    found = known.best_match(training[1][begin : begin + RATE_HZ])
    assert found is not None
    assert found.similarity > 0.999
    assert found.recording == 1
    assert found.time_s == pytest.approx(begin / RATE_HZ)
    other = known.best_match(babble(1, 5))
    assert other is not None
    assert other.similarity < 0.5
