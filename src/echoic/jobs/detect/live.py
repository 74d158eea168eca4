"""A detector as a stream: events as soon as they are certain."""

from collections.abc import Sequence
from typing import Any, NamedTuple, final

import numpy as np
from numpy.typing import NDArray

from echoic.jobs.base import Fitted
from echoic.jobs.detect.task import DetectTask
from echoic.labelled.event_walk import FrameEvent
from echoic.labelled.frames import Probs
from echoic.labelled.front_stream import FrontState, FrontStream
from echoic.labelled.postprocessing import PostProcessing, read_postprocessing
from echoic.labelled.track_stream import TrackState, TrackStream
from echoic.streams.detection import DetectionState, DetectionStream
from echoic.streams.live import LiveStream, Record
from echoic.streams.state_bytes import Limits, nested


class LiveEvent(NamedTuple):
    """An event, with the mean probability of its frames as confidence."""

    onset_s: float
    offset_s: float
    label: str
    confidence: float


class Detections(NamedTuple):
    """What a chunk gives.

    Attributes:
        events: those that have become certain.
        first_frame: number of the first frame of `probs` since the start.
        probs: probabilities `(frames, 1 + labels)` of no event and of each label.
    """

    events: list[LiveEvent]
    first_frame: int
    probs: Probs


class DetectState(NamedTuple):
    """A recording between two chunks: the states of its features, of the network and of the post-processing."""

    front: FrontState
    network: DetectionState
    events: TrackState


@final
class DetectStream(LiveStream[NDArray[Any], Detections, DetectState]):
    """Detects events in sound or sensor values as they come.

    Chunks are sound `(samples,)` of `rate_hz`, full scale 1, or values `(steps, features)`. All events together are
    those of `predict` on the whole.

    Args:
        fitted: the run.
        rate_hz: rate of the sound; None: that of the run.

    Raises:
        ConfigError: the network is bidirectional, or a rate that does not fit.
    """

    job = "detect"

    def __init__(self, fitted: Fitted[DetectTask], rate_hz: int | None = None) -> None:
        super().__init__(fitted.model)
        task = fitted.task
        postprocessing = read_postprocessing(fitted.calibration) or PostProcessing()
        self.takes = "values" if task.features.mel is None else "sound"
        self.labels = task.labels
        self.hop_s = task.hop_s
        self.rate_hz = rate_hz or round(task.rate_hz)
        self._rate_hz, self._frame_samples = task.rate_hz, task.frame_samples
        self._front = FrontStream(task.features, rate_hz)
        self.features = task.settings.data.features or self._front.names
        self._network = DetectionStream(fitted.model, task.features.values, task.delay)
        self._events = TrackStream(postprocessing, task.tracks)

    @property
    def delay_s(self) -> float:
        """Seconds from the end of an event until it is certain, at most, if a pause follows."""
        frames = self._network.delay + self._network.hidden.stride + self._events.look_ahead_frames
        return self._front.delay_s + frames * self.hop_s

    def records(self, result: Detections) -> list[Record]:
        """Onset, offset, label and confidence of each event."""
        return [one._asdict() for one in result.events]

    @property
    def options(self) -> str:
        """The rate of the sound."""
        return f"rate_hz={self.rate_hz}"

    def start(self) -> DetectState:
        """The state before the first chunk of a recording."""
        return DetectState(self._front.start(), self._network.start(), self._events.start())

    def _push_many(
        self, chunks: Sequence[NDArray[Any]], states: Sequence[DetectState]
    ) -> tuple[list[Detections], list[DetectState]]:
        features, fronts = self._front.push_many(chunks, [state.front for state in states])
        probs, networks = self._network.push_many(features, [state.network for state in states])
        found, events = self._events.push_many(probs, [state.events for state in states])
        firsts = [state.network.num_predicted for state in states]
        named = [[self._event(one) for one in own] for own in found]
        return list(map(Detections, named, firsts, probs)), list(map(DetectState, fronts, networks, events))

    def finish(self, state: DetectState) -> Detections:
        """The events up to the end of the recording."""
        frames, num_samples = self._front.finish(state.front)
        (early,), (network,) = self._network.push_many([frames], [state.network])
        late = self._network.finish(network)
        rest = np.concatenate([early, late])
        (found,), (events,) = self._events.push_many([rest], [state.events])
        found = sorted([*found, *self._events.finish(events)])
        end_s = num_samples / self._rate_hz
        named = [self._event(one) for one in found]
        # The last frame may reach beyond the end of the recording.
        cut = [one._replace(offset_s=min(one.offset_s, end_s)) for one in named]
        return Detections(cut, state.network.num_predicted, rest)

    @property
    def limits(self) -> Limits:
        return nested(front=self._front.limits, network=self._network.limits, events=self._events.limits)

    def _event(self, one: FrameEvent) -> LiveEvent:
        label = self.labels[one.number - 1]
        onset_s, offset_s = (frame * self._frame_samples / self._rate_hz for frame in (one.begin, one.end))
        return LiveEvent(onset_s, offset_s, label, one.confidence)
