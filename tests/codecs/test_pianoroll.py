"""Rolls as steps and back, in any key."""

from typing import Any, Literal

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from numpy.typing import NDArray

from echoic.codecs import PianoRoll
from echoic.codecs.pianoroll import HOLD, REST
from echoic.types.score import ONSET, SILENT, SUSTAIN

Form = Literal["chords", "onsets", "line"]
Outside = Literal["fold", "drop"]

LOW, HIGH = 48, 71
FORMS = ("chords", "onsets", "line")


def codec(form: Form, low: int = LOW, high: int = HIGH, outside: Outside = "fold") -> PianoRoll:
    return PianoRoll(form, low, high, outside)


def sounding(roll: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """A roll in which what goes on has begun, as sources make them."""
    before = np.concatenate([np.zeros_like(roll[:1]), roll[:-1]])
    return np.where((roll == SUSTAIN) & (before == SILENT), ONSET, roll).astype(np.uint8)


@st.composite
def rolls(draw: Any, low: Any = LOW, high: Any = HIGH, most_notes: Any = None) -> Any:
    steps = draw(st.integers(1, 12))
    inside = draw(arrays(np.uint8, (steps, high - low + 1), elements=st.integers(0, 2)))
    roll = np.zeros((steps, 128), np.uint8)
    roll[:, low : high + 1] = inside
    if most_notes == 1:
        top = 127 - (roll[:, ::-1] > 0).argmax(1)
        roll = np.where(np.arange(128)[None] == top[:, None], roll, 0).astype(np.uint8)
    return sounding(roll)


@given(rolls())
def test_onsets_survive(roll: NDArray[np.uint8]) -> None:
    assert np.array_equal(codec("onsets").decode(codec("onsets").encode(roll)), roll)


@given(rolls())
def test_chords_keep_sounding_pitches_and_join_repeated_notes(roll: NDArray[np.uint8]) -> None:
    decoded = codec("chords").decode(codec("chords").encode(roll))
    assert np.array_equal(decoded > 0, roll > 0)
    before = np.concatenate([np.zeros_like(roll[:1]), roll[:-1]]) > 0
    assert np.array_equal(decoded == SUSTAIN, (roll > 0) & before)


@given(rolls(most_notes=1))
def test_a_single_line_survives(roll: NDArray[np.uint8]) -> None:
    assert np.array_equal(codec("line").decode(codec("line").encode(roll)), roll)


def test_a_line_is_the_highest_note_and_marks_holds() -> None:
    roll = np.zeros((5, 128), np.uint8)
    roll[0, [50, 60]] = ONSET
    roll[1, [50, 60]] = SUSTAIN
    roll[2, 50] = SUSTAIN  # the upper voice stops: the lower one sounds again
    roll[4, 60] = ONSET
    assert codec("line").encode(roll)[:, 0].tolist() == [60 - LOW + 2, HOLD, 50 - LOW + 2, REST, 60 - LOW + 2]


def test_a_hold_after_a_rest_is_silent() -> None:
    assert not codec("line").decode(np.array([[HOLD], [REST], [HOLD]])).any()


@given(rolls(low=54, high=60), st.integers(-5, 6), st.sampled_from(FORMS))
def test_a_key_moves_every_note_alike(roll: NDArray[np.uint8], shift: int, form: Form) -> None:
    moved = np.roll(roll, shift, 1)
    assert np.array_equal(codec(form).encode(roll, shift), codec(form).encode(moved))


@pytest.mark.parametrize(
    ("pitch", "place"),
    [
        (LOW - 1, LOW + 11),
        (LOW - 12, LOW),
        (LOW - 13, LOW + 11),
        (HIGH + 1, HIGH - 11),
        (HIGH + 25, HIGH - 11),
        (127, 67),
    ],
)
def test_notes_outside_are_folded_by_octaves_to_the_nearest_place_inside(pitch: int, place: int) -> None:
    roll = np.zeros((1, 128), np.uint8)
    roll[0, pitch] = ONSET
    decoded = codec("onsets").decode(codec("onsets").encode(roll))
    assert np.flatnonzero(decoded[0]).tolist() == [place]
    assert (pitch - place) % 12 == 0
    assert not codec("onsets", outside="drop").encode(roll).any()
    assert codec("onsets").count_outside(roll) == 1


def test_of_two_notes_on_one_pitch_the_onset_wins() -> None:
    roll = np.zeros((1, 128), np.uint8)
    roll[0, [HIGH + 1, HIGH - 11]] = [ONSET, SUSTAIN]
    assert codec("onsets").decode(codec("onsets").encode(roll))[0, HIGH - 11] == ONSET


@pytest.mark.parametrize(("form", "symbols", "features"), [("line", 26, 1), ("chords", 24, 24), ("onsets", 48, 48)])
def test_sizes(form: Form, symbols: int, features: int) -> None:
    made = codec(form)
    assert (made.symbols, made.features) == (symbols, features)
    assert made.encode(np.zeros((3, 128), np.uint8)).shape == (3, features)
    assert PianoRoll.from_json(made.to_json()) == made


def test_a_predicted_sustain_without_an_onset_becomes_an_onset() -> None:
    steps = np.zeros((2, 48), np.uint8)
    steps[:, 0] = 1
    assert codec("onsets").decode(steps)[:, LOW].tolist() == [ONSET, SUSTAIN]
