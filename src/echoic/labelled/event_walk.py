"""Events stretch by stretch: hysteresis, one label per run, short pauses and short events."""

from typing import NamedTuple, Self, final

import numpy as np
from numpy.typing import NDArray

from echoic.labelled.frames import BACKGROUND, Probs
from echoic.labelled.postprocessing import PostProcessing

MAX_STRETCHES = 1000
"""Most stretches of one label in a run that has not exceeded the margin; a run of more is dropped."""

_NONE = -1


_NO_STRETCHES, _NO_EVENT = np.zeros((0, 4)), np.array([_NONE, 0.0, 0.0, 0.0])
for _shared in (_NO_STRETCHES, _NO_EVENT):
    _shared.flags.writeable = False


class FrameEvent(NamedTuple):
    """An event from frame `begin` to before `end`, the number of its class, and its mean probability."""

    begin: int
    end: int
    number: int
    confidence: float


class _Stretch(NamedTuple):
    """Frames of one class, and the sum of its probabilities over them."""

    number: int
    begin: int
    end: int
    total: float


class Undecided(NamedTuple):
    """What later frames may change.

    Attributes:
        begin: the first frame of the run of active frames up to the newest one; -1 without a run.
        is_strong: whether the run has exceeded the margin of the hysteresis.
        totals: sums `(classes,)` of the probabilities over the run.
        smoothed: sums `(classes,)` of the smoothed probabilities over the run.
        stretches: undecided stretches of one label in the run, `(stretches, 4)`: class, begin, end, sum.
        last: the newest event `(4,)`, which continues if the pause is short; its class is -1 without one.
        pause: sum of the probabilities of its class over the decided frames since its end.
    """

    begin: int
    is_strong: bool
    totals: Probs
    smoothed: Probs
    stretches: NDArray[np.float64]
    last: NDArray[np.float64]
    pause: float

    @classmethod
    def none(cls, classes: int) -> Self:
        """Nothing is undecided."""
        zeros = np.zeros(classes)
        return cls(_NONE, False, zeros, zeros, _NO_STRETCHES, _NO_EVENT, 0.0)  # noqa: FBT003

    @property
    def is_none(self) -> bool:
        """Whether nothing is undecided."""
        return self.begin == _NONE and self.last[0] == _NONE


@final
class EventWalk:
    """Goes from stretch to stretch of frames and collects the `events` that have become certain."""

    def __init__(self, chosen: PostProcessing, state: Undecided) -> None:
        self.events: list[FrameEvent] = []
        self._chosen = chosen
        self._begin, self._is_strong = state.begin, state.is_strong
        self._totals, self._smoothed = state.totals, state.smoothed  # of the state: replaced, never written to
        self._stretches = [_stretch(row) for row in state.stretches]
        self._last = None if state.last[0] == _NONE else _stretch(state.last)
        self._pause = state.pause

    def undecided(self) -> Undecided:
        """What later frames may change."""
        return Undecided(
            self._begin,
            self._is_strong,
            self._totals,
            self._smoothed,
            np.array(self._stretches, np.float64) if self._stretches else _NO_STRETCHES,
            _NO_EVENT if self._last is None else np.array(self._last, np.float64),
            self._pause,
        )

    def active(self, begin: int, label: int, probs: Probs, smoothed: Probs, *, is_strong: bool) -> None:
        """Consecutive frames that may belong to an event of `label`; `probs` and `smoothed` `(frames, classes)`."""
        goes_on = bool(self._stretches) and self._stretches[-1].number == label
        if len(self._stretches) >= MAX_STRETCHES and not goes_on:
            self._end_run(begin)
        if self._begin == _NONE:
            self._begin = begin
        self._is_strong |= is_strong
        totals = probs.sum(0)
        self._totals = self._totals + totals
        if self._chosen.one_label:
            self._smoothed = self._smoothed + smoothed.sum(0)
            return
        own = _Stretch(label, begin, begin + len(probs), float(totals[label]))
        if goes_on:  # the end of a chunk may cut a stretch
            before = self._stretches.pop()
            own = own._replace(begin=before.begin, total=before.total + own.total)
        self._stretches.append(own)
        if self._is_strong:
            for stretch in self._stretches:
                self._extend(stretch)
            self._stretches = []

    def quiet(self, begin: int, probs: Probs) -> None:
        """Consecutive frames of background."""
        self._end_run(begin)
        if self._last is not None:
            self._pause += float(probs[:, self._last.number].sum())
            self._end_after(begin + len(probs))

    def finish(self, frame: int) -> None:
        """The recording ends before `frame`."""
        self._end_run(frame)
        self._end_event()

    def _end_run(self, frame: int) -> None:
        """Decides the run of active frames that ends before `frame`."""
        if self._begin == _NONE:
            return
        if self._is_strong and self._chosen.one_label:
            label = int(self._smoothed[BACKGROUND + 1 :].argmax()) + BACKGROUND + 1
            self._extend(_Stretch(label, self._begin, frame, float(self._totals[label])))
        elif not self._is_strong and self._last is not None:
            self._pause += float(self._totals[self._last.number])
            self._end_after(frame)
        self._begin, self._is_strong, self._stretches = _NONE, False, []
        self._totals = self._smoothed = np.zeros_like(self._totals)

    def _extend(self, stretch: _Stretch) -> None:
        """Frames that are decided: they continue the last event, or begin another."""
        last = self._last
        if last is not None and last.number == stretch.number and stretch.begin - last.end < self._chosen.pause_frames:
            total = last.total + self._pause + stretch.total
            self._last = _Stretch(last.number, last.begin, stretch.end, total)
        else:
            self._end_event()
            self._last = stretch
        self._pause = 0.0

    def _end_after(self, frame: int) -> None:
        """Ends the last event if the pause up to `frame` is too long to be closed."""
        if self._last is not None and frame - self._last.end >= self._chosen.pause_frames:
            self._end_event()

    def _end_event(self) -> None:
        last, self._last, self._pause = self._last, None, 0.0
        if last is not None and last.end - last.begin >= self._chosen.shortest_frames:
            self.events.append(FrameEvent(last.begin, last.end, last.number, last.total / (last.end - last.begin)))


def _stretch(row: NDArray[np.float64]) -> _Stretch:
    number, begin, end, total = row.tolist()
    return _Stretch(int(number), int(begin), int(end), total)
