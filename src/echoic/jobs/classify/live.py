"""A classifier as a stream: the probabilities of the clip so far, and of clips that have ended."""

from collections.abc import Sequence
from typing import Any, NamedTuple, final

import numpy as np
import torch
from numpy.typing import NDArray

from echoic.errors import ConfigError
from echoic.jobs.base import Fitted
from echoic.jobs.classify.combination import Combination
from echoic.jobs.classify.task import ClassifyTask
from echoic.labelled.front_stream import FrontState, FrontStream
from echoic.labelled.segmenter import Piece, Segmenter, SegmenterState
from echoic.streams.hidden import HiddenState, HiddenStream
from echoic.streams.live import LiveStream, Record
from echoic.streams.pooling import PoolingState, RunningPooling
from echoic.streams.state_bytes import Limits, nested

MAX_PAUSE_S = 60.0
"""Longest pause that ends a clip."""

Values = NDArray[np.float64]


class LiveClip(NamedTuple):
    """A clip, its label with its probability as confidence, and the probabilities `(classes,)`."""

    onset_s: float
    offset_s: float
    label: str
    confidence: float
    probs: Values


class Classifications(NamedTuple):
    """What a chunk gives: the clips that have ended, and the current one, as far as it has come; or None."""

    ended: list[LiveClip]
    current: LiveClip | None


class ClipState(NamedTuple):
    """A clip between two chunks: its first sample or step, its features, the network, and what is pooled."""

    begin: int
    front: FrontState
    network: HiddenState
    pooling: PoolingState


class ClassifyState(NamedTuple):
    """The state between two chunks: of the search for clips, and of the clip."""

    segmenter: SegmenterState
    clip: ClipState


@final
class ClassifyStream(LiveStream[NDArray[Any], Classifications, ClassifyState]):
    """Classifies clips as they come.

    Chunks are sound `(samples,)` of `rate_hz`, full scale 1, or values `(steps, features)`. The probabilities of a clip
    are those of `predict`.

    Args:
        fitted: the run.
        rate_hz: rate of the sound; None: that of the run.
        pause_s: pause in seconds that ends a clip of sound, see `Segmenter`; None: all is one clip, which `finish`
            ends.

    Raises:
        ConfigError: the network needs whole clips, or an option does not fit.
    """

    job = "classify"
    gives_partial_records = True

    def __init__(self, fitted: Fitted[ClassifyTask], rate_hz: int | None = None, pause_s: float | None = None) -> None:
        task = fitted.task
        check_streamable(fitted)
        super().__init__(fitted.model)
        mel = task.features.mel
        is_pause = isinstance(pause_s, int | float) and 0 < pause_s <= MAX_PAUSE_S
        if pause_s is not None and (mel is None or not is_pause):
            raise ConfigError(
                f"`pause_s` must be a positive number of seconds up to {MAX_PAUSE_S:g}, for sound, got {pause_s!r}."
            )
        self.takes = "values" if mel is None else "sound"
        self.classes = task.classes
        self.pause_s = pause_s
        self._own_hz = 1 if mel is None else mel.rate_hz
        self.rate_hz = rate_hz or self._own_hz
        self._labelling = task.labelling
        self._front = FrontStream(task.features, rate_hz)
        self.features = task.settings.data.features or self._front.names
        self._network = HiddenStream(fitted.model, task.features.values)
        self._pooling = RunningPooling(fitted.model.readout)
        self._segmenter = Segmenter(self.rate_hz, pause_s or 1.0)

    def start(self) -> ClassifyState:
        """The state before the first chunk."""
        return ClassifyState(self._segmenter.start(), self._new_clip(0))

    def _push_many(
        self, chunks: Sequence[NDArray[Any]], states: Sequence[ClassifyState]
    ) -> tuple[list[Classifications], list[ClassifyState]]:
        if self.pause_s is None:
            pieces = [[Piece(chunk, 0, is_end=False)] for chunk in chunks]
            segmenters = [state.segmenter for state in states]
        else:
            pairs = zip(map(self._front.checked, chunks), states, strict=True)
            cut = [self._segmenter.push(chunk, state.segmenter) for chunk, state in pairs]
            pieces, segmenters = [found for found, _ in cut], [after for _, after in cut]
        results, clips = self._advance(pieces, [state.clip for state in states])
        return results, list(map(ClassifyState, segmenters, clips))

    def finish(self, state: ClassifyState) -> Classifications:
        """The clip that has not ended, ended."""
        if self.pause_s is None:
            pieces = [Piece(self._front.nothing, 0, is_end=True)] if state.clip.front.num_values else []
        else:
            pieces = self._segmenter.finish(state.segmenter)
        (result,), _ = self._advance([pieces], [state.clip])
        return result

    def records(self, result: Classifications) -> list[Record]:
        """Times, label, confidence and probabilities of each clip, and whether it has ended."""
        return [
            one._asdict() | {"probs": dict(zip(self.classes, one.probs.round(6).tolist(), strict=True)), "ended": ended}
            for clips, ended in ((result.ended, True), ([result.current] if result.current else [], False))
            for one in clips
        ]

    @property
    def options(self) -> str:
        """The rate of the sound, and what ends a clip."""
        return f"rate_hz={self.rate_hz}, pause_s={self.pause_s}"

    @property
    def limits(self) -> Limits:
        clip = nested(front=self._front.limits, network=self._network.limits)
        return nested(segmenter=self._segmenter.limits, clip=clip)

    def _new_clip(self, begin: int) -> ClipState:
        return ClipState(begin, self._front.start(), self._network.start(), self._pooling.start())

    def _advance(
        self, pieces: Sequence[Sequence[Piece]], clips: Sequence[ClipState]
    ) -> tuple[list[Classifications], list[ClipState]]:
        """Goes on with the n-th pieces of all rows together."""
        ended, states = [list[LiveClip]() for _ in pieces], list(clips)
        for place in range(max(map(len, pieces), default=0)):
            rows = [row for row, own in enumerate(pieces) if len(own) > place]
            now = [pieces[row][place] for row in rows]
            after = self._pushed([one.samples for one in now], [states[row] for row in rows])
            for row, piece, state in zip(rows, now, after, strict=True):
                states[row] = state._replace(begin=piece.begin)
                if piece.is_end:
                    ended[row].append(self._ended(states[row]))
                    states[row] = self._new_clip(0)
        current = [self._clip(state) if state.pooling.weight else None for state in states]
        return list(map(Classifications, ended, current)), states

    def _pushed(self, chunks: Sequence[NDArray[Any]], states: Sequence[ClipState]) -> list[ClipState]:
        features, fronts = self._front.push_many(chunks, [state.front for state in states])
        hidden, networks = self._network.push_many(features, [state.network for state in states])
        pooled = [self._pooling.push(own, state.pooling) for own, state in zip(hidden, states, strict=True)]
        begins = [state.begin for state in states]
        return list(map(ClipState, begins, fronts, networks, pooled))

    def _ended(self, state: ClipState) -> LiveClip:
        frames, num_values = self._front.finish(state.front)
        missing = self._network.missing_frames(state.network, len(frames))
        padded = np.concatenate([frames, np.zeros((missing, frames.shape[1]), np.float32)])
        (hidden,), (network,) = self._network.push_many([padded], [state.network])
        front = state.front._replace(num_values=num_values)
        return self._clip(
            state._replace(front=front, network=network, pooling=self._pooling.push(hidden, state.pooling))
        )

    def _clip(self, state: ClipState) -> LiveClip:
        vector = torch.from_numpy(self._pooling.pooled(state.pooling))
        with torch.no_grad():
            probs = self._labelling.probabilities(self.model.head(vector[None, None]))
        predicted = self._labelling.predict(probs)
        (label,) = self._labelling.format(predicted.targets)
        onset_s = state.begin / self.rate_hz
        offset_s = onset_s + state.front.num_values / self._own_hz
        return LiveClip(onset_s, offset_s, label, float(predicted.confidence[0]), probs[0])


def check_streamable(fitted: Fitted[ClassifyTask]) -> None:
    """Checks that the network and all else that predicts read a clip in one direction.

    Raises:
        ConfigError: they do not; the message names all settings to train with.
    """
    settings, features = fitted.task.settings, fitted.task.features
    remedies = []
    if settings.network.model != "recurrent":
        remedies.append("--model recurrent")
    if settings.encoder.bidirectional:
        remedies.append("--no-bidirectional")
    if features.clip_norm.center or features.clip_norm.scale:
        remedies.append("--clip-norm none")
    if fitted.calibration is not None and Combination.from_json(fitted.calibration).weight != 1:
        remedies.append("--network-weight 1")
    if remedies:
        raise ConfigError(
            f"This run needs whole clips; to stream, train with --live, which implies {' '.join(remedies)}."
        )
