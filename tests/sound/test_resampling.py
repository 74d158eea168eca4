"""Resampling in chunks: independent of them, and equal to soxr and to a sum of sines."""

import numpy as np
import pytest
import soxr

from echoic.errors import ConfigError
from echoic.sound.resampling import Resampler

RATES = [(48000, 16000), (44100, 16000), (22050, 44100), (8000, 16000), (16000, 16000), (11025, 8000)]


def tones(rate_hz: int, seconds: float, highest_hz: float) -> np.ndarray:
    """A sum of ten sines that fades in and out."""
    time = np.arange(int(seconds * rate_hz)) / rate_hz
    waves = [np.sin(2 * np.pi * hz * time + hz) for hz in np.linspace(30, highest_hz, 10)]
    return np.asarray(np.sin(np.pi * time / seconds) ** 2 * np.mean(waves, 0), np.float32)


def resampled(sound: np.ndarray, resampler: Resampler, sizes: list[int]) -> np.ndarray:
    state, pieces, at = resampler.start(), [], 0
    for size in sizes:
        piece, state = resampler.push(sound[at : at + size], state)
        pieces.append(piece)
        at += size
    return np.concatenate([*pieces, resampler.finish(state)])


@pytest.mark.parametrize(("from_hz", "to_hz"), RATES)
def test_sines_below_the_pass_band_keep_their_values(from_hz: int, to_hz: int) -> None:
    highest_hz = 0.9 * min(from_hz, to_hz) / 2
    sound, expected = (tones(rate_hz, 0.5, highest_hz) for rate_hz in (from_hz, to_hz))
    found = resampled(sound, Resampler(from_hz, to_hz), [len(sound)])
    assert len(found) == -(-len(sound) * to_hz // from_hz)
    overlap = min(len(found), len(expected))
    np.testing.assert_allclose(found[:overlap], expected[:overlap], atol=2e-5)
    np.testing.assert_allclose(found, soxr.resample(sound, from_hz, to_hz)[: len(found)], atol=2e-4)


@pytest.mark.parametrize(("from_hz", "to_hz"), RATES)
def test_chunks_do_not_matter(from_hz: int, to_hz: int) -> None:
    sound = np.random.default_rng(0).standard_normal(3000).astype(np.float32)
    resampler = Resampler(from_hz, to_hz)
    whole = resampled(sound, resampler, [3000])
    np.testing.assert_array_equal(resampled(sound, resampler, [1] * 50 + [7, 0, 113, 997, 2000]), whole)


def test_sound_above_the_new_nyquist_frequency_is_removed() -> None:
    time = np.arange(24000) / 48000
    alias = np.sin(2 * np.pi * 9000 * time).astype(np.float32)
    found = resampled(alias, Resampler(48000, 16000), [24000])
    middle = found[len(found) // 4 : -len(found) // 4]
    assert np.abs(middle).max() < 1e-6


def test_a_constant_stays_itself() -> None:
    found = resampled(np.ones(4000, np.float32), Resampler(44100, 16000), [4000])
    np.testing.assert_allclose(found[300:-300], 1.0, atol=1e-6)


@pytest.mark.parametrize("rates", [(0, 8000), (8000, -1), (8000, 8000 * 65)])
def test_rates_that_are_too_far_apart_are_refused(rates: tuple[int, int]) -> None:
    with pytest.raises(ConfigError, match="the rates may differ by a factor of up to 64"):
        Resampler(*rates)
