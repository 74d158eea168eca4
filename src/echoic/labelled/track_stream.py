"""Events of all tracks as probabilities come."""

from collections.abc import Iterator, Sequence
from typing import TypeVar, final

from echoic.labelled.event_stream import EventState, EventStream
from echoic.labelled.event_walk import FrameEvent
from echoic.labelled.frames import Probs
from echoic.labelled.postprocessing import PostProcessing
from echoic.labelled.tracks import Tracks
from echoic.streams.state_bytes import Limits

RowT = TypeVar("RowT")

TrackState = tuple[EventState, ...]
"""A recording between two chunks: the state of each track."""


@final
class TrackStream:
    """`EventStream` on every track; events have the number of their label among all, from 1.

    Args:
        postprocessing: settings chosen on dev, of all tracks.
        tracks: the labels.
    """

    def __init__(self, postprocessing: PostProcessing, tracks: Tracks) -> None:
        self._tracks = tracks
        self._stream = EventStream(postprocessing, tracks.num_classes)
        self.look_ahead_frames = self._stream.look_ahead_frames
        """Frames after the end of an event that it depends on."""

    @property
    def limits(self) -> Limits:
        """Least and most values of what varies in a state."""
        tracks = range(len(self._tracks.rows))
        return {f"{track}.{name}": limit for track in tracks for name, limit in self._stream.limits.items()}

    def start(self) -> TrackState:
        """The state before the first frame."""
        return tuple(self._stream.start() for _ in self._tracks.rows)

    def push_many(
        self, chunks: Sequence[Probs], states: Sequence[TrackState]
    ) -> tuple[list[list[FrameEvent]], list[TrackState]]:
        """The events that each of the `chunks` makes certain, in order of time, and the states.

        Chunks are `(frames, 1 + labels)`, the probabilities of no event and of each label in a recording.
        """
        rows = [own for chunk in chunks for own in self._tracks.probs(chunk)]
        found, after = self._stream.push_many(rows, [own for state in states for own in state])
        return list(map(self._merged, self._by_recording(found))), list(map(tuple, self._by_recording(after)))

    def finish(self, state: TrackState) -> list[FrameEvent]:
        """The remaining events at the end of a recording."""
        return self._merged([self._stream.finish(own) for own in state])

    def _by_recording(self, rows: Sequence[RowT]) -> Iterator[Sequence[RowT]]:
        """The rows of each recording, one for each track."""
        count = len(self._tracks.rows)
        return (rows[begin : begin + count] for begin in range(0, len(rows), count))

    @staticmethod
    def _merged(found: Sequence[Sequence[FrameEvent]]) -> list[FrameEvent]:
        """The events of each track as those of all."""
        return sorted(one._replace(number=one.number + track) for track, own in enumerate(found) for one in own)
