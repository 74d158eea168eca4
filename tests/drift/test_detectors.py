"""Detectors of collapsed sound, each on what it is for and on what it must leave alone."""

from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from echoic.drift import Collapse, Features, detect_collapse

RATE_HZ = 8000


def syllables(seconds: int, seed: int = 0) -> NDArray[np.float32]:
    """Tones of random pitch that swell and die away, with pauses."""
    draws = np.random.default_rng(seed)
    pieces: list[NDArray[np.float64]] = []
    while sum(len(piece) for piece in pieces) < seconds * RATE_HZ:
        length = int(draws.integers(800, 2400))
        tone = draws.uniform(0.1, 0.5) * np.sin(np.arange(length) * draws.uniform(0.1, 0.6))
        pieces += [tone * np.hanning(length), np.zeros(int(draws.integers(200, 800)))]
    sound = np.concatenate(pieces)[: seconds * RATE_HZ] + 1e-3 * draws.standard_normal(seconds * RATE_HZ)
    return sound.astype(np.float32)


def collapse_of(sound: NDArray[Any]) -> Collapse | None:
    sound = sound.astype(np.float32)
    return detect_collapse(sound, Features.from_sound(sound, RATE_HZ), RATE_HZ)


def noise(level_db: Any, seconds: int = 12) -> Any:
    return 10 ** (level_db / 20) * np.random.default_rng(1).standard_normal(seconds * RATE_HZ)


def shuffled(sound: Any) -> Any:
    frames = sound.reshape(-1, RATE_HZ // 50)
    return np.random.default_rng(0).permutation(frames).reshape(-1)


def buzz(level_db: Any, period: int = 160, seconds: int = 12) -> Any:
    """What a network of means ends in: one short stretch again and again."""
    stretch = np.convolve(np.tile(np.random.default_rng(2).standard_normal(period), 3), np.ones(8), "same")[period:]
    return 10 ** (level_db / 20) * np.resize(stretch[:period] / stretch[:period].std(), seconds * RATE_HZ)


COLLAPSED = {
    "silence": [np.zeros(8 * RATE_HZ), noise(-65)],
    "noise": [noise(-20), noise(-45)],
    "clipping": [np.clip(5 * syllables(12), -0.2, 0.2)],
    "disorder": [shuffled(syllables(20))],
    "offset": [syllables(12) * 0.1 + 0.5],
    "loop": [buzz(-30), buzz(-54), np.tile(syllables(1), 12)],
}


@pytest.mark.parametrize(
    ("detector", "sound"), [(name, sound) for name, sounds in COLLAPSED.items() for sound in sounds]
)
def test_collapsed_sound_is_caught(detector: str, sound: NDArray[Any]) -> None:
    found = collapse_of(sound)
    assert found is not None
    assert found.detector == detector


@pytest.mark.parametrize("seed", range(3))
def test_continuing_sound_is_no_collapse(seed: int) -> None:
    assert collapse_of(syllables(20, seed)) is None
    assert collapse_of(0.01 * syllables(20, seed)) is None


@pytest.mark.parametrize(("sound", "begins_s"), [(np.zeros(8 * RATE_HZ), 20), (noise(-20), 20)])
def test_the_time_of_a_collapse_is_its_beginning(sound: NDArray[np.float64], begins_s: int) -> None:
    found = collapse_of(np.concatenate([syllables(20), sound]))
    assert found is not None
    assert found.time_s == pytest.approx(begins_s, abs=1)


def test_two_seconds_of_silence_are_a_pause() -> None:
    assert collapse_of(np.concatenate([syllables(8), np.zeros(2 * RATE_HZ), syllables(8, 1)])) is None
