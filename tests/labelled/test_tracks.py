"""Labels on one track, and on one track each."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from echoic.labelled.overlap import overlap_fraction, overlap_notes
from echoic.labelled.postprocessing import PostProcessing
from echoic.labelled.track_stream import TrackStream
from echoic.labelled.tracks import Tracks
from echoic.metrics.events import class_spans
from echoic.types import Event

LABELS = ("a", "b", "c")
HOP_S = 0.01

SPANS = st.lists(st.tuples(st.integers(1, 9), st.integers(1, 9)), max_size=5)


def events_of(label: str, spans: list[tuple[int, int]]) -> list[Event]:
    """Events with pauses between them."""
    events, at = [], 0
    for pause, length in spans:
        events.append(Event((at + pause) * HOP_S, (at + pause + length) * HOP_S, label))
        at += pause + length
    return events


@given(of_labels=st.lists(SPANS, min_size=3, max_size=3))
def test_events_that_overlap_come_back_from_their_frames(of_labels: list[list[tuple[int, int]]]) -> None:
    tracks = Tracks(LABELS, overlap=True)
    events = sorted(event for label, spans in zip(LABELS, of_labels, strict=True) for event in events_of(label, spans))
    found = tracks.events(tracks.frames(events, 100, HOP_S), HOP_S)
    assert [one.label for one in sorted(found)] == [one.label for one in found]
    assert {(round(one.onset_s / HOP_S), round(one.offset_s / HOP_S), one.label) for one in found} == {
        (round(one.onset_s / HOP_S), round(one.offset_s / HOP_S), one.label) for one in events
    }


def test_one_track_has_the_later_of_two_events() -> None:
    events = [Event(0.01, 0.05, "b"), Event(0.03, 0.06, "a")]
    assert Tracks(("a", "b")).frames(events, 7, HOP_S).tolist() == [[0, 2, 2, 1, 1, 1, 0]]
    both = Tracks(("a", "b"), overlap=True).frames(events, 7, HOP_S)
    assert both.tolist() == [[0, 0, 0, 1, 1, 1, 0], [0, 1, 1, 1, 1, 0, 0]]


def test_labels_are_active_in_segments_on_any_track() -> None:
    one, each = Tracks(LABELS), Tracks(LABELS, overlap=True)
    expected = [[True, False, False], [False, True, True], [False, False, True]]
    assert one.activity(np.array([[1, 0, 2, 3, 3]]), 2).tolist() == expected
    frames = np.array([[1, 0, 0, 0, 0], [0, 0, 1, 0, 0], [0, 0, 0, 1, 1]])
    assert each.activity(frames, 2).tolist() == expected


def test_the_probabilities_of_each_track_add_up_to_one() -> None:
    probs = np.array([[0.1, 0.6, 0.3], [0.0, 0.9, 0.8]])
    assert Tracks(("a", "b")).probs(probs).tolist() == [probs.tolist()]
    each = Tracks(("a", "b"), overlap=True).probs(probs)
    np.testing.assert_allclose(each, [[[0.4, 0.6], [0.1, 0.9]], [[0.7, 0.3], [0.2, 0.8]]])


def test_the_overlap_is_the_fraction_of_the_time_with_any_event() -> None:
    assert overlap_fraction([]) == overlap_fraction([[]]) == 0
    assert overlap_fraction([[Event(0, 1, "a"), Event(1, 2, "b")]]) == 0
    assert overlap_fraction([[Event(0, 2, "a"), Event(1, 3, "b")]]) == pytest.approx(1 / 3)
    # Three at once count as two do, and recordings by their time.
    assert overlap_fraction([[Event(0, 4, "a"), Event(1, 3, "b"), Event(2, 3, "c")], [Event(5, 9, "a")]]) == 2 / 8


def test_the_notes_say_what_becomes_of_overlaps() -> None:
    assert overlap_notes(0.0, overlap=False) == overlap_notes(0.0, overlap=True) == []
    (each,) = overlap_notes(0.123, overlap=True)
    assert each == "Events overlap during 12 % of their time; each label is detected by itself."
    (one,) = overlap_notes(0.004, overlap=False)
    assert one.startswith("Events overlap during 0.4 % of their time, in which the later one counts (--overlap ")


@settings(deadline=None, max_examples=60)
@given(st.integers(0, 10_000), st.integers(1, 200), st.integers(1, 40), st.booleans())
def test_events_of_several_recordings_are_those_of_the_whole(seed: int, frames: int, size: int, overlap: bool) -> None:
    draws = np.random.default_rng(seed)
    chosen, tracks = PostProcessing(3, 0.2, False, 4, 2), Tracks(LABELS, overlap)
    levels = draws.standard_normal((2, frames, 4)).cumsum(1)
    probs = np.exp(levels) / np.exp(levels).sum(-1, keepdims=True)
    if overlap:
        probs = 1 / (1 + np.exp(-levels))
    stream = TrackStream(chosen, tracks)
    states, found = [stream.start(), stream.start()], [list[tuple[int, ...]](), list[tuple[int, ...]]()]
    for begin in range(0, frames, size):
        some, states = stream.push_many(list(probs[:, begin : begin + size]), states)
        for own, more in zip(found, some, strict=True):
            own += [one[:3] for one in more]
    for own, state, whole in zip(found, states, probs, strict=True):
        own += [one[:3] for one in stream.finish(state)]
        expected = [
            (begin, end, number + track)
            for track, rows in enumerate(tracks.probs(whole))
            for begin, end, number in class_spans(chosen.classes(rows))
        ]
        assert sorted(own) == sorted(expected)
