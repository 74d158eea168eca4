"""Tracks of events: whether labels are active one at a time, or each by itself."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import final

import numpy as np
from jaxtyping import Float, Int
from numpy.typing import NDArray

from echoic.labelled.frames import Probs, events_in, frame_classes
from echoic.metrics.events import Activity
from echoic.types import Event

TrackFrames = Int[NDArray[np.int64], "tracks frames"]
"""The class of each frame on each track; 0 is background."""

TrackProbs = Float[NDArray[np.float64], "tracks frames classes"]


@final
@dataclass(frozen=True)
class Tracks:
    """Labels on tracks, each of which has one class per frame: background, or one of its labels, counted from 1.

    Without `overlap` one track has all labels, so that one is active at a time. With it each label has a track of its
    own. Either way the label with the number `n` among all, from 1, is the class `n - track` of its track.
    """

    labels: tuple[str, ...]
    overlap: bool = False

    @cached_property
    def rows(self) -> tuple[tuple[str, ...], ...]:
        """The labels of each track."""
        return tuple((label,) for label in self.labels) if self.overlap else (self.labels,)

    @property
    def num_classes(self) -> int:
        """Number of classes of each track."""
        return len(self.rows[0]) + 1

    def frames(self, events: Sequence[Event], frames: int, hop_s: float) -> TrackFrames:
        """The classes of a recording of `frames` frames with these events, which are in order of time.

        Where events of one track overlap, the later one counts.
        """
        own = ([event for event in events if event.label in row] for row in self.rows)
        return np.stack([frame_classes(some, row, frames, hop_s) for some, row in zip(own, self.rows, strict=True)])

    def events(self, frames: TrackFrames, hop_s: float) -> list[Event]:
        """Runs of frames of one class as events, in order of time."""
        return sorted(event for own, row in zip(frames, self.rows, strict=True) for event in events_in(own, row, hop_s))

    def probs(self, probs: Probs) -> TrackProbs:
        """The probabilities of the classes of each track.

        Args:
            probs: the probabilities of no event and of each label `(frames, 1 + labels)`.
        """
        if not self.overlap:
            return probs[None]
        active = probs[:, 1:].T
        return np.stack([1 - active, active], -1)

    def activity(self, frames: TrackFrames, segment_frames: int) -> Activity:
        """Whether each label is active in any frame of each segment; the last segment may be shorter."""
        track, frame = np.nonzero(frames)
        active = np.zeros((-(-frames.shape[1] // segment_frames), len(self.labels)), np.bool_)
        active[frame // segment_frames, frames[track, frame] + track - 1] = True
        return active
