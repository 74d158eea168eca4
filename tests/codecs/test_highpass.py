"""What takes rumble out of generated sound and leaves the rest."""

from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from echoic.codecs import HighPass

RATE_HZ = 8000
TIME_S = np.arange(4 * RATE_HZ) / RATE_HZ


def tone(hz: float, level: float = 0.3) -> NDArray[np.float32]:
    return (level * np.sin(2 * np.pi * hz * TIME_S)).astype(np.float32)


def power_db(sound: NDArray[np.float32]) -> float:
    return float(10 * np.log10(np.square(sound[RATE_HZ:]).mean()))


def filtered(high_pass: HighPass, sound: NDArray[np.float32]) -> NDArray[np.float32]:
    signals, _ = high_pass.apply(sound[None], high_pass.start(1))
    signal: NDArray[np.float32] = signals[0]
    return signal


@pytest.mark.parametrize("lowest_hz", [60, 200, 1000])
def test_a_source_passes_and_sound_two_octaves_below_does_not(lowest_hz: int) -> None:
    high_pass = HighPass.fit([tone(lowest_hz) + tone(3 * lowest_hz)], RATE_HZ)
    assert power_db(filtered(high_pass, tone(lowest_hz))) == pytest.approx(power_db(tone(lowest_hz)), abs=0.2)
    assert power_db(filtered(high_pass, tone(lowest_hz / 4))) < power_db(tone(lowest_hz / 4)) - 20


@pytest.mark.parametrize(
    "source",
    [tone(200) + 0.1, np.random.default_rng(0).normal(size=32_000).cumsum() / 1e3, tone(200)[:50], tone(200)[:0]],
    ids=["offset", "random walk", "short", "empty"],
)
def test_sources_with_power_down_to_0_hz_or_too_short_are_not_filtered(source: NDArray[Any]) -> None:
    high_pass = HighPass.fit([np.asarray(source, np.float32)], RATE_HZ)
    assert high_pass.cutoff_hz == 0
    np.testing.assert_array_equal(filtered(high_pass, tone(5) + 0.2), tone(5) + 0.2)


def test_pieces_are_the_whole_and_streams_do_not_meet() -> None:
    high_pass = HighPass(60.0, RATE_HZ)
    streams = np.stack([tone(30) + 0.1, tone(500)])
    whole = high_pass.apply(streams, high_pass.start(2))[0]
    state, pieces = high_pass.start(2), []
    for piece in np.split(streams, [1, 80, 81, 5000], 1):
        left, state = high_pass.apply(piece, state)
        pieces.append(left)
    np.testing.assert_allclose(np.concatenate(pieces, 1), whole, atol=1e-7)
    np.testing.assert_allclose(whole[1], filtered(high_pass, streams[1]), atol=1e-7)


def test_it_survives_json() -> None:
    high_pass = HighPass(54.7, RATE_HZ)
    assert HighPass.from_json(high_pass.to_json()) == high_pass


def test_low_sound_that_comes_late_is_not_cut() -> None:
    late = HighPass.fit([np.tile(tone(1000), 40), tone(60), tone(60)[:9]], RATE_HZ)
    assert power_db(filtered(late, tone(60))) == pytest.approx(power_db(tone(60)), abs=0.2)


def test_many_short_sounds_count_as_much_as_a_long_one() -> None:
    kicks = [tone(60)[: RATE_HZ // 5]] * 50
    high_pass = HighPass.fit([tone(1000)[:RATE_HZ], *kicks], RATE_HZ)
    assert high_pass.cutoff_hz < 60
