"""Post-processing of frame probabilities as they come: events as soon as no later frame can change them."""

import itertools
from collections.abc import Sequence
from typing import NamedTuple, final

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from echoic.labelled.event_walk import MAX_STRETCHES, EventWalk, FrameEvent, Undecided
from echoic.labelled.frames import BACKGROUND, Probs
from echoic.labelled.postprocessing import PostProcessing
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
        if not self._radius:
            return self._go_on(chunks, states)
        frames = []
        for chunk, state in zip(chunks, states, strict=True):
            is_first = not state.num_frames and not len(state.buffer)
            # Before the first frame, the filter repeats it.
            before = np.repeat(chunk[:1], self._radius, 0) if is_first else state.buffer
            frames.append(np.concatenate([before, chunk]))
        return self._go_on(frames, states)

    def finish(self, state: EventState) -> list[FrameEvent]:
        """The remaining events at the end of a recording."""
        after = np.repeat(state.buffer[-1:], self._radius, 0)
        (events,), (state,) = self._go_on([np.concatenate([state.buffer, after])], [state])
        walk = EventWalk(self._chosen, state.undecided)
        walk.finish(state.num_frames)
        return [*events, *walk.events]

    def _go_on(
        self, frames: Sequence[Probs], states: Sequence[EventState]
    ) -> tuple[list[list[FrameEvent]], list[EventState]]:
        """Goes on by those of the frames that have their neighbours on both sides; rows of equal length together."""
        alike = dict[int, list[int]]()
        for row, own in enumerate(frames):
            alike.setdefault(len(own), []).append(row)
        found, after = [list[FrameEvent]() for _ in frames], list(states)
        for length, rows in alike.items():
            count = max(0, length - 2 * self._radius)
            if not count:
                for row in rows:
                    after[row] = states[row]._replace(buffer=frames[row])
                continue
            smoothed, keys = self._smoothed(np.stack([frames[row] for row in rows]), count)
            for place, row in enumerate(rows):
                own = frames[row][self._radius : self._radius + count]
                found[row], undecided = self._walk(own, smoothed[place], keys[place], states[row])
                buffer = frames[row][count:].copy() if self._radius else states[row].buffer
                after[row] = EventState(states[row].num_frames + count, buffer, undecided)
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

    def _walk(
        self, own: Probs, smoothed: Probs, keys: NDArray[np.int64], state: EventState
    ) -> tuple[list[FrameEvent], Undecided]:
        if state.undecided.is_none and not keys.any():
            return [], state.undecided
        walk = EventWalk(self._chosen, state.undecided)
        edges = [0, *(np.flatnonzero(np.diff(keys)) + 1).tolist(), len(keys)]
        for begin, end in itertools.pairwise(edges):
            first, key = state.num_frames + begin, int(keys[begin])
            if key:
                walk.active(first, key // 2, own[begin:end], smoothed[begin:end], is_strong=bool(key % 2))
            else:
                walk.quiet(first, own[begin:end])
        return walk.events, walk.undecided()
