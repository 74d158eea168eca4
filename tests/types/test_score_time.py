"""Changes of tempo, meter and key over a piece."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from echoic.types.score import Key, Meter, Tempo
from echoic.types.score_time import beats_at, before, first_bar_end, from_then_on, in_force, seconds_at

TEMPOS = (Tempo(0.0, 120.0), Tempo(4.0, 60.0), Tempo(6.0, 240.0))


def test_seconds_follow_all_tempo_changes() -> None:
    seconds = seconds_at(TEMPOS, np.array([0.0, 1.0, 4.0, 5.0, 6.0, 8.0]))
    assert seconds.tolist() == pytest.approx([0.0, 0.5, 2.0, 3.0, 4.0, 4.5])


@given(
    st.lists(st.tuples(st.floats(0.1, 9), st.floats(20, 300)), max_size=5),
    st.lists(st.floats(0, 100), min_size=1, max_size=9),
)
def test_beats_are_the_inverse_of_seconds(changes: list[tuple[float, float]], beats: list[float]) -> None:
    places = np.cumsum([gap for gap, _ in changes]).tolist()
    tempos = (Tempo(0.0, 100.0), *(Tempo(at, bpm) for at, (_, bpm) in zip(places, changes, strict=True)))
    there = seconds_at(tempos, np.array(beats))
    assert beats_at(tempos, there).tolist() == pytest.approx(beats, abs=1e-6)
    assert (np.diff(there[np.argsort(beats)]) >= -1e-9).all()


def test_a_part_begins_with_what_is_in_force_there() -> None:
    assert in_force(TEMPOS, 5.9) == Tempo(4.0, 60.0)
    assert in_force(TEMPOS, 6.0) == Tempo(6.0, 240.0)
    assert from_then_on(TEMPOS, 5.0) == (Tempo(0.0, 60.0), Tempo(1.0, 240.0))
    assert from_then_on(TEMPOS, 0.0) == TEMPOS
    assert from_then_on((Key(2.0, "C"),), 3.0) == (Key(0.0, "C"),)
    assert from_then_on((), 3.0) == ()
    assert before(TEMPOS, 6.0) == TEMPOS[:2]


@pytest.mark.parametrize(
    ("meters", "end"),
    [
        ((Meter(0.0, 3, 4),), 3.0),
        ((Meter(0.0, 1, 4), Meter(1.0, 3, 4)), 4.0),
        ((Meter(0.0, 1, 8), Meter(0.5, 4, 4), Meter(8.5, 3, 4)), 4.5),
        ((Meter(0.0, 4, 4), Meter(4.0, 3, 4)), 4.0),
        ((Meter(0.0, 2, 4), Meter(8.0, 4, 4)), 2.0),
    ],
)
def test_the_first_bar_has_its_pick_up(meters: tuple[Meter, ...], end: float) -> None:
    assert first_bar_end(meters) == end
