"""Events as they come equal those of post-processing the whole."""

from typing import Any

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from echoic.labelled.event_stream import EventStream
from echoic.labelled.event_walk import MAX_STRETCHES, FrameEvent
from echoic.labelled.postprocessing import PostProcessing
from echoic.metrics.events import class_spans

CHOICES = st.builds(
    PostProcessing,
    st.sampled_from([1, 2, 3, 5, 9]),
    st.sampled_from([0.0, 0.2, 0.4]),
    st.booleans(),
    st.integers(1, 12),
    st.integers(1, 8),
)


def wandering(seed: int, frames: int, classes: int) -> np.ndarray:
    """Probabilities that wander from class to class."""
    draws = np.random.default_rng(seed)
    steps = draws.standard_normal((frames, classes)) * draws.uniform(0.2, 2)
    levels = steps.cumsum(0) if draws.random() < 0.6 else steps
    levels[:, 0] += draws.uniform(-1, 2)
    odds = np.exp(levels - levels.max(1, keepdims=True))
    return np.asarray(odds / odds.sum(1, keepdims=True))


def streamed(stream: EventStream, probs: np.ndarray, sizes: list[int]) -> tuple[list[FrameEvent], list[int]]:
    """The events, and the number of frames after which each came."""
    state, found, known, at = stream.start(), list[FrameEvent](), list[int](), 0
    for size in sizes:
        some, state = stream.push(probs[at : at + size], state)
        at += size
        found += some
        known += [at] * len(some)
    return [*found, *stream.finish(state)], known


def offline(chosen: PostProcessing, probs: np.ndarray) -> list[Any]:
    return [
        (begin, end, number, probs[begin:end, number].mean())
        for begin, end, number in class_spans(chosen.classes(probs))
    ]


@settings(deadline=None, max_examples=150)
@given(CHOICES, st.integers(0, 10_000), st.integers(1, 250), st.integers(2, 5), st.integers(1, 40))
def test_events_are_those_of_the_whole(chosen: PostProcessing, seed: int, frames: int, classes: int, size: int) -> None:
    probs = wandering(seed, frames, classes)
    stream = EventStream(chosen, classes)
    found, known = streamed(stream, probs, [size] * (frames // size + 1))
    expected = offline(chosen, probs)
    assert [one[:3] for one in found] == [one[:3] for one in expected]
    np.testing.assert_allclose([one[3] for one in found], [one[3] for one in expected], atol=1e-12)
    # Certain means certain: an event never comes before its last frame.
    assert all(one.end <= at for one, at in zip(found, known, strict=False))


def test_an_event_comes_as_soon_as_the_pause_after_it_is_long_enough() -> None:
    probs = np.tile([0.9, 0.1], (60, 1))
    probs[10:20] = [0.2, 0.8]
    stream = EventStream(PostProcessing(median_frames=5, pause_frames=7), 2)
    _, known = streamed(stream, probs, [1] * 60)
    assert known == [20 + stream.look_ahead_frames] == [20 + 2 + 7]


def test_a_weak_run_of_any_length_belongs_to_its_event_however_it_is_cut() -> None:
    weak = MAX_STRETCHES + 500
    probs = np.tile([0.9, 0.1], (weak + 40, 1))
    probs[10 : 10 + weak] = [0.6, 0.4]
    probs[10 + weak : 20 + weak] = [0.1, 0.9]
    chosen = PostProcessing(hysteresis=0.2)
    found, _ = streamed(EventStream(chosen, 2), probs, [1] * len(probs))
    assert [one[:3] for one in found] == [one[:3] for one in offline(chosen, probs)] == [(10, 20 + weak, 1)]


def test_a_run_that_flickers_without_end_takes_constant_memory() -> None:
    frames = 3 * MAX_STRETCHES
    probs = np.where(np.arange(frames)[:, None] % 2, [0.45, 0.35, 0.2], [0.45, 0.2, 0.35])
    stream = EventStream(PostProcessing(hysteresis=0.2), 3)
    found, state = stream.push(probs, stream.start())
    assert not found
    assert len(state.undecided.stretches) <= MAX_STRETCHES
