import itertools

import numpy as np
import pytest

from echoic.labelled import separation
from echoic.labelled.postprocessing import PostProcessing
from echoic.labelled.separation import separate

CHOICES = list(itertools.product((1, 5), (0.0, 0.2), (False, True), (1, 9), (1, 6)))


def probabilities(frames: int) -> np.ndarray:
    """Events of two labels of many lengths with pauses of many lengths, and noise near all thresholds."""
    draw = np.random.default_rng(0)
    logits = np.zeros((frames, 3))
    at = 0
    while at < frames:
        pause, event = (int(draw.integers(1, most)) for most in (60, 30))
        logits[at : at + pause, 0] += 3
        logits[at + pause : at + pause + event, 1 + draw.integers(2)] += 3
        at += pause + event
    logits += draw.normal(0, 1, logits.shape)
    powers = np.exp(logits)
    return np.asarray(powers / powers.sum(1, keepdims=True))


@pytest.mark.parametrize("choice", CHOICES)
def test_post_processing_the_parts_equals_post_processing_the_whole(
    choice: tuple[int, float, bool, int, int], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(separation, "FEWEST_FRAMES", 100)
    chosen, probs = PostProcessing(*choice), probabilities(6000)
    parts = list(separate(np.array_split(probs, 97), chosen))
    assert len(parts) > 3
    assert [first for first, _ in parts] == [0, *np.cumsum([len(part) for _, part in parts])[:-1]]
    np.testing.assert_array_equal(np.concatenate([part for _, part in parts]), probs)
    np.testing.assert_array_equal(np.concatenate([chosen.classes(part) for _, part in parts]), chosen.classes(probs))


def test_a_recording_without_a_pause_stays_whole_and_one_without_frames_has_no_part(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(separation, "FEWEST_FRAMES", 10)
    probs = np.tile([0.1, 0.9], (500, 1))
    ((first, part),) = separate(np.array_split(probs, 50), PostProcessing())
    assert (first, len(part)) == (0, 500)
    assert list(separate([], PostProcessing())) == []
    assert list(separate([probs[:0]], PostProcessing())) == []
