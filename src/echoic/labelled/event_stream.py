"""Post-processing of frame probabilities as they come: events as soon as no later frame can change them."""

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
        if not len(chunk):
            return [], state
        is_first = not state.num_frames and not len(state.buffer)
        # Before the first frame, the filter repeats it.
        before = np.repeat(chunk[:1], self._radius, 0) if is_first else state.buffer
        return self._go_on(np.concatenate([before, chunk]), state)

    def finish(self, state: EventState) -> list[FrameEvent]:
        """The remaining events at the end of a recording."""
        after = np.repeat(state.buffer[-1:], self._radius, 0)
        events, state = self._go_on(np.concatenate([state.buffer, after]), state)
        walk = EventWalk(self._chosen, state.undecided)
        walk.finish(state.num_frames)
        return [*events, *walk.events]

    def _go_on(self, frames: Probs, state: EventState) -> tuple[list[FrameEvent], EventState]:
        """Goes on by those of `frames` that have their neighbours on both sides."""
        radius, chosen = self._radius, self._chosen
        count = max(0, len(frames) - 2 * radius)
        own = frames[radius : radius + count]
        smoothed = ndimage.median_filter(frames, (chosen.median_frames, 1))[radius : radius + count] if radius else own
        active, is_strong = self._active(smoothed)
        rest = state._replace(num_frames=state.num_frames + count, buffer=frames[count:].copy())
        if state.undecided.is_none and not active.any():
            return [], rest
        walk = EventWalk(chosen, state.undecided)
        labels = smoothed[:, BACKGROUND + 1 :].argmax(1) + BACKGROUND + 1 if count else np.zeros(0, np.int64)
        for number in range(count):
            frame = state.num_frames + number
            if active[number]:
                walk.active(
                    frame, int(labels[number]), own[number], smoothed[number], is_strong=bool(is_strong[number])
                )
            else:
                walk.quiet(frame, own[number])
        return walk.events, rest._replace(undecided=walk.undecided())

    def _active(self, smoothed: Probs) -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
        """Whether each frame may belong to an event, and whether it makes sure that its neighbours do."""
        margin = self._chosen.hysteresis
        if not margin:
            active = smoothed.argmax(1) != BACKGROUND if len(smoothed) else np.zeros(0, bool)
            return active, active
        labels = 1 - smoothed[:, BACKGROUND]
        return labels > 0.5 - margin, labels > 0.5 + margin
