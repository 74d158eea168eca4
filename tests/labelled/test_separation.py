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


@pytest.mark.parametrize("tracks", [1, 2])
@pytest.mark.parametrize("choice", CHOICES)
def test_post_processing_the_parts_equals_post_processing_the_whole(
    choice: tuple[int, float, bool, int, int], tracks: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(separation, "FEWEST_FRAMES", 100)
    first = probabilities(6000)
    # Events of the second track begin and end in pauses of the first one.
    chosen, probs = PostProcessing(*choice), np.stack([np.roll(first, 7 * track, 0) for track in range(tracks)])
    parts = list(separate(np.array_split(probs, 97, 1), chosen))
    assert len(parts) > 3
    assert [first for first, _ in parts] == [0, *np.cumsum([part.shape[1] for _, part in parts])[:-1]]
    np.testing.assert_array_equal(np.concatenate([part for _, part in parts], 1), probs)
    for track, whole in enumerate(probs):
        found = np.concatenate([chosen.classes(part[track]) for _, part in parts])
        np.testing.assert_array_equal(found, chosen.classes(whole))


def test_a_recording_without_a_pause_stays_whole_and_one_without_frames_has_no_part(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(separation, "FEWEST_FRAMES", 10)
    probs = np.tile([0.1, 0.9], (1, 500, 1))
    ((first, part),) = separate(np.array_split(probs, 50, 1), PostProcessing())
    assert (first, part.shape) == (0, (1, 500, 2))
    assert list(separate([], PostProcessing())) == []
    assert list(separate([probs[:, :0]], PostProcessing())) == []
