"""Measures of events by hand, and against plain definitions."""

import itertools
from typing import NamedTuple

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from echoic.metrics.events import (
    class_spans,
    count_matches,
    edit_distance,
    label_error_rate,
    num_transitions,
    segment_scores,
)


class E(NamedTuple):
    onset_s: float
    offset_s: float
    label: str


def frames(text: str) -> NDArray[np.int64]:
    return np.array([int(sign) for sign in text])


def test_class_spans_leave_out_the_background() -> None:
    assert class_spans(frames("0011022")) == [(2, 4, 1), (5, 7, 2)]
    assert class_spans(frames("1122")) == [(0, 2, 1), (2, 4, 2)]
    assert class_spans(frames("000")) == []


def slow_distance(one: str, other: str) -> int:
    if not one or not other:
        return len(one) + len(other)
    return min(
        slow_distance(one[1:], other) + 1,
        slow_distance(one, other[1:]) + 1,
        slow_distance(one[1:], other[1:]) + (one[0] != other[0]),
    )


@given(one=st.text("abc", max_size=5), other=st.text("abc", max_size=5))
def test_edit_distance_is_that_of_its_definition(one: str, other: str) -> None:
    assert edit_distance(one, other) == slow_distance(one, other) == edit_distance(other, one)


def test_string_error_counts_edits_for_each_label_that_there_is() -> None:
    true = [frames("110220330"), frames("111")]
    assert label_error_rate(true, true) == 0
    assert label_error_rate(true, [frames("110200330"), frames("111")]) == 0
    assert label_error_rate(true, [frames("110000330"), frames("122")]) == 2 / 4
    assert label_error_rate([frames("000")], [frames("010")]) == 1


def test_switches() -> None:
    assert num_transitions(frames("0011022")) == 3
    assert num_transitions(frames("000")) == 0


def active(*segments: str) -> list[NDArray[np.bool_]]:
    """A recording in which these labels of a, b, c are active in each segment."""
    return [np.array([[label in segment for label in "abc"] for segment in segments])]


def test_segments_by_hand() -> None:
    true, predicted = active("a", "", "b", ""), active("a", "", "bc", "")
    # The labels a and b are found, c is one too many.
    assert segment_scores(true, predicted) == pytest.approx((4 / 5, 1 / 2))
    assert segment_scores(true, true) == (1, 0)
    assert segment_scores(true, active("", "", "", "")) == (0, 1)
    # A substitution counts once, not as one missing and one too many.
    assert segment_scores(active("a"), active("b")) == (0, 1)
    assert segment_scores(active("abc"), active("a")) == (1 / 2, 2 / 3)
    assert segment_scores(active(""), active("")) == (1, 0)
    # Recordings add up.
    assert segment_scores([*true, *active("a")], [*predicted, *active("b")]) == pytest.approx((4 / 7, 2 / 3))


def test_events_are_matched_one_to_one_within_their_collars() -> None:
    true = [E(1.0, 1.1, "a"), E(2.0, 3.0, "b")]
    assert count_matches(true, true, 0.02) == 2
    assert count_matches(true, [E(1.02, 1.12, "a"), E(2.0, 3.2, "b")], 0.02) == 2  # a fifth of a long event
    assert count_matches(true, [E(1.03, 1.1, "a"), E(2.0, 3.21, "b")], 0.02) == 0
    assert count_matches(true, [E(1.0, 1.1, "b"), E(2.0, 3.0, "a")], 0.02) == 0
    assert count_matches(true[:1], [E(0.99, 1.1, "a"), E(1.0, 1.1, "a")], 0.02) == 1
    assert count_matches([], true, 0.02) == count_matches(true, [], 0.02) == 0


@given(
    onsets=st.lists(st.integers(0, 40), min_size=1, max_size=6, unique=True),
    moved=st.lists(st.integers(-3, 3), min_size=6, max_size=6),
)
def test_never_more_hits_than_the_best_matching(onsets: list[int], moved: list[int]) -> None:
    true = [E(at / 10, at / 10 + 0.05, "a") for at in sorted(onsets)]
    predicted = sorted(
        E(at.onset_s + by / 100, at.offset_s + by / 100, "a") for at, by in zip(true, moved, strict=False)
    )
    best = max(
        sum(abs(one.onset_s - other.onset_s) <= 0.02 + 1e-9 for one, other in zip(true, order, strict=True))
        for order in itertools.permutations(predicted)
    )
    assert count_matches(true, predicted, 0.02) == best
