"""What was copied is found, in whatever key."""

from pathlib import Path

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from numpy.typing import NDArray
from scipy.io import loadmat

from echoic.metrics.frames import frame_accuracy
from echoic.metrics.memorization import MemorizationIndex


def roll(chords: list[list[int]]) -> NDArray[np.uint8]:
    made = np.zeros((len(chords), 128), np.uint8)
    for step, chord in enumerate(chords):
        made[step, chord] = 1
    return made


Window = tuple[tuple[int, ...], ...]

chords = st.lists(st.lists(st.integers(50, 56), max_size=2).map(sorted), min_size=1, max_size=10)


def moved_window(song: NDArray[np.uint8], at: int, steps: int) -> Window | None:
    """The chords of a window above its first note; None if it begins with a rest."""
    window = [tuple(np.flatnonzero(step).tolist()) for step in song[at : at + steps]]
    return tuple(tuple(pitch - window[0][0] for pitch in chord) for chord in window) if window[0] else None


def windows(song: NDArray[np.uint8], steps: int) -> list[Window]:
    found = [moved_window(song, at, steps) for at in range(len(song) - steps + 1)]
    return [window for window in found if window is not None]


@given(st.lists(chords, min_size=1, max_size=3), st.lists(chords, min_size=1, max_size=2), st.integers(1, 5))
@example([[[51], [50]]], [[[54], [52]]], 2)  # a semitone down is not a tone down
def test_the_fraction_equals_a_plain_count(
    known: list[list[list[int]]], asked: list[list[list[int]]], steps: int
) -> None:
    known_rolls, asked_rolls = [roll(one) for one in known], [roll(one) for one in asked]
    there = {window for song in known_rolls for window in windows(song, steps)}
    wanted = [window in there for song in asked_rolls for window in windows(song, steps)]
    assert MemorizationIndex(known_rolls).memorized_fraction(asked_rolls, steps) == pytest.approx(
        np.mean(wanted) if wanted else 0
    )


@given(chords, st.integers(-20, 20))
def test_a_song_is_found_in_itself_in_any_key(song: list[list[int]], shift: int) -> None:
    made = roll(song)
    sounding = [step for step, chord in enumerate(song) if chord]
    run = MemorizationIndex([roll([[40]]), made]).longest_match(np.roll(made, shift, 1))
    if len(sounding) == len(song):
        assert run.steps == len(song)


def test_a_copied_stretch_is_found_with_its_place() -> None:
    known = [roll([[60], [61], [70]]), roll([[50, 55], [52], [53, 57], [40], [41]])]
    made = roll([[80], [64, 67], [55, 60], [57], [58, 62], [90]])
    assert MemorizationIndex(known).longest_match(made) == (3, 1, 0)


def test_other_intervals_are_no_copy() -> None:
    assert MemorizationIndex([roll([[60], [62], [64]])]).longest_match(roll([[60], [63], [66]])).steps == 1


@pytest.mark.data
@pytest.mark.parametrize(("name", "wanted"), [("JSB_Chorales", 0.011), ("Nottingham", 0.180)])
def test_memorized_fraction_of_the_published_test_splits(data_dir: Path, name: str, wanted: float) -> None:
    found = loadmat(data_dir / "music_bl2012" / f"{name}.mat")
    train, test = (list(found[part][0]) for part in ("traindata", "testdata"))
    assert MemorizationIndex(train).memorized_fraction(test, 8) == pytest.approx(wanted, abs=1e-3)


@pytest.mark.parametrize(
    ("predicted", "target", "wanted"),
    [
        ([[1, 1, 0]], [[1, 0, 1]], 1 / 3),
        ([[0, 0]], [[0, 0]], 1.0),
        ([[0, 0]], [[1, 1]], 0.0),
        ([[1, 1]], [[1, 1]], 1.0),
    ],
)
def test_frame_accuracy(predicted: list[list[int]], target: list[list[int]], wanted: float) -> None:
    assert frame_accuracy(np.array(predicted), np.array(target)) == pytest.approx(wanted)
