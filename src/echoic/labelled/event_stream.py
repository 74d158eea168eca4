"""Post-processing of frame probabilities as they come: events as soon as no later frame can change them."""

from collections.abc import Sequence
from typing import NamedTuple, final

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from echoic.labelled.event_walk import MAX_STRETCHES, EventWalk, FrameEvent, Undecided
from echoic.labelled.frames import BACKGROUND, Probs
from echoic.labelled.postprocessing import PostProcessing
from echoic.streams.alike import alike, stacked
from echoic.streams.state_bytes import MAX_COUNT, Limits


class EventState(NamedTuple):
    """A recording between two chunks of probabilities.

    Attributes:
        num_frames: number of frames that have left the median filter.
        buffer: probabilities `(frames, classes)` that the filter requires.
        undecided: frames and events that later frames may change.
    """

    num_frames: int
    buffer: Probs
    undecided: Undecided


@final
class EventStream:
    """Turns class probabilities into events chunk by chunk, the same as `PostProcessing.classes` finds in the whole.

    An event comes as soon as nothing that follows can change it, in constant memory.

    Args:
        postprocessing: settings chosen on dev.
        classes: number of classes; class 0 is background.
    """

    def __init__(self, postprocessing: PostProcessing, classes: int) -> None:
        self._chosen = postprocessing
        self._classes = classes
        self._radius = postprocessing.median_frames // 2
        self.look_ahead_frames = self._radius + postprocessing.pause_frames
        """Frames after the end of an event that it depends on."""

    @property
    def limits(self) -> Limits:
        """Least and most values of what varies in a state."""
        return {
            "buffer": (0, 2 * self._radius),
            "undecided.begin": (-1, MAX_COUNT),
            "undecided.stretches": (0, MAX_STRETCHES),
        }

    def start(self) -> EventState:
        """The state before the first frame."""
        return EventState(0, np.zeros((0, self._classes)), Undecided.none(self._classes))

    def push(self, chunk: Probs, state: EventState) -> tuple[list[FrameEvent], EventState]:
        """The events that `chunk` `(frames, classes)` makes certain, in order, and the state."""
        (events,), (after,) = self.push_many([chunk], [state])
        return events, after

    def push_many(
        self, chunks: Sequence[Probs], states: Sequence[EventState]
    ) -> tuple[list[list[FrameEvent]], list[EventState]]:
        """As `push`, for a chunk of each of several recordings."""
        before = [state.buffer for state in states]
        for row, state in enumerate(states):
            if self._radius and not state.num_frames and not len(state.buffer):
                # Before the first frame, the filter repeats it.
                before[row] = np.repeat(chunks[row][:1], self._radius, 0)
        return self._go_on(before, chunks, states)

    def finish(self, state: EventState) -> list[FrameEvent]:
        """The remaining events at the end of a recording."""
        after = np.repeat(state.buffer[-1:], self._radius, 0)
        (events,), (state,) = self._go_on([state.buffer], [after], [state])
        walk = EventWalk(self._chosen, state.undecided)
        walk.finish(state.num_frames)
        return [*events, *walk.events]

    def _go_on(
        self, before: Sequence[Probs], chunks: Sequence[Probs], states: Sequence[EventState]
    ) -> tuple[list[list[FrameEvent]], list[EventState]]:
        """Goes on by those of the frames that have their neighbours on both sides.

        The frames are those `before`, then those of a chunk; rows of equal lengths are processed together.
        """
        found, after = [list[FrameEvent]() for _ in chunks], list(states)
        for lengths, rows in alike(zip(map(len, before), map(len, chunks), strict=True)).items():
            frames = np.concatenate([stacked([before[row] for row in rows]), stacked([chunks[row] for row in rows])], 1)
            count = max(0, sum(lengths) - 2 * self._radius)
            if not count:
                for row, own in zip(rows, frames, strict=True):
                    after[row] = states[row]._replace(buffer=own.copy())
                continue
            smoothed, keys = self._smoothed(frames, count)
            stretches = _stretches(keys)
            for place, (row, highest_key) in enumerate(zip(rows, keys.max(1).tolist(), strict=True)):
                state, undecided = states[row], states[row].undecided
                if highest_key or not undecided.is_none:
                    walk, own = EventWalk(self._chosen, undecided), frames[place, self._radius :]
                    for begin, end, key in stretches[place]:
                        first, probs = state.num_frames + begin, own[begin:end]
                        if key:
                            label, is_strong = key // 2, bool(key % 2)
                            walk.active(first, label, probs, smoothed[place, begin:end], is_strong=is_strong)
                        else:
                            walk.quiet(first, probs)
                    found[row], undecided = walk.events, walk.undecided()
                # A copy: a stored state must not keep the frames of all rows in memory.
                after[row] = EventState(state.num_frames + count, frames[place, count:].copy(), undecided)
        return found, after

    def _smoothed(self, frames: Probs, count: int) -> tuple[Probs, NDArray[np.int64]]:
        """The filtered probabilities of `count` frames of each row, and a key of each frame.

        The key is 0 for background, otherwise twice the most probable label, and one more if the frame is strong: if it
        makes sure that its neighbours belong to an event.
        """
        if self._radius:
            frames = ndimage.median_filter(frames, (1, self._chosen.median_frames, 1))
        smoothed, margin = frames[:, self._radius : self._radius + count], self._chosen.hysteresis
        labels = smoothed[..., BACKGROUND + 1 :].argmax(-1) + BACKGROUND + 1
        if margin:
            total = 1 - smoothed[..., BACKGROUND]
            active, strong = total > 0.5 - margin, total > 0.5 + margin
        else:
            active = strong = smoothed.argmax(-1) != BACKGROUND
        return smoothed, np.where(active, 2 * labels + strong, 0)


def _stretches(keys: NDArray[np.int64]) -> list[list[tuple[int, int, int]]]:
    """The stretches of equal keys in each row `(rows, frames)`: begin, end and key."""
    found: list[list[tuple[int, int, int]]] = [[] for _ in keys]
    is_first = np.ones(keys.shape, np.bool_)
    is_first[:, 1:] = keys[:, 1:] != keys[:, :-1]
    rows, begins = np.nonzero(is_first)
    ends = np.append(begins[1:], 0)
    ends[ends == 0] = keys.shape[1]  # the next stretch is that of the next row
    stretches = zip(begins.tolist(), ends.tolist(), keys[is_first].tolist(), strict=True)
    for row, stretch in zip(rows.tolist(), stretches, strict=True):
        found[row].append(stretch)
    return found
