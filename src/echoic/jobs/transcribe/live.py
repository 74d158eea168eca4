"""A transcriber as a stream: text as it comes, partial and final."""

import math
from collections.abc import Sequence
from typing import Any, NamedTuple, final

import numpy as np
import torch
from numpy.typing import NDArray

from echoic.errors import ConfigError
from echoic.jobs.base import Fitted
from echoic.jobs.transcribe.calibration import search_of
from echoic.jobs.transcribe.lines import Found, Line, LineSearch, LineState
from echoic.jobs.transcribe.search import LogProbs
from echoic.jobs.transcribe.task import TranscribeTask
from echoic.labelled.front_stream import FrontState, FrontStream
from echoic.streams.hidden import HiddenState, HiddenStream
from echoic.streams.live import LiveStream, Record
from echoic.streams.state_bytes import Limits, nested

DEFAULT_PAUSE_S = 1.0
"""Pause that ends a line of text, unless another one is chosen."""

_TIME_DIGITS = 6

MAX_PAUSE_S = 60.0
"""Longest pause that can be chosen."""


class LiveUnit(NamedTuple):
    """A unit of text that is decided."""

    onset_s: float
    offset_s: float
    text: str
    confidence: float


class LiveText(NamedTuple):
    """A line of text; the confidence is the geometric mean over its units."""

    onset_s: float
    offset_s: float
    text: str
    confidence: float


class Transcription(NamedTuple):
    """What a chunk gives: units that are decided, lines that have ended, and the current one; None without one."""

    units: list[LiveUnit]
    ended: list[LiveText]
    current: LiveText | None


class TranscribeState(NamedTuple):
    """A recording between two chunks: the states of its features, of the network and of the search for its text."""

    front: FrontState
    network: HiddenState
    lines: LineState


@final
class TranscribeStream(LiveStream[NDArray[Any], Transcription, TranscribeState]):
    """Writes the text of sound as it comes.

    Chunks are sound `(samples,)` of `rate_hz`, full scale 1. All units and lines together are those of `predict` on the
    whole.

    Args:
        fitted: the run.
        rate_hz: rate of the sound; None: that of the run.
        pause_s: pause in seconds that ends a line; None: one second.

    Raises:
        ConfigError: the network is bidirectional, or an option does not fit.
    """

    job = "transcribe"
    gives_partial_records = True

    def __init__(
        self, fitted: Fitted[TranscribeTask], rate_hz: int | None = None, pause_s: float | None = None
    ) -> None:
        super().__init__(fitted.model)
        task = fitted.task
        if pause_s is not None and not (isinstance(pause_s, int | float) and 0 < pause_s <= MAX_PAUSE_S):
            raise ConfigError(f"`pause_s` must be a positive number of seconds up to {MAX_PAUSE_S:g}, got {pause_s!r}.")
        self.takes = "sound"
        self.rate_hz = rate_hz or task.rate_hz
        self.pause_s = pause_s or DEFAULT_PAUSE_S
        self._own_hz = task.rate_hz
        self._front = FrontStream(task.features, rate_hz)
        self._network = HiddenStream(fitted.model, task.features.values)
        self._named = LineNames(task)
        self._lines = line_search(fitted, self.pause_s)

    @property
    def delay_s(self) -> float:
        """Seconds of sound after a moment that the network's output for it requires."""
        return self._front.delay_s + self._named.step_s

    def records(self, result: Transcription) -> list[Record]:
        """Times, text and confidence of each line, and whether it has ended."""
        return [
            one._asdict() | {"ended": ended}
            for lines, ended in ((result.ended, True), ([result.current] if result.current else [], False))
            for one in lines
        ]

    @property
    def options(self) -> str:
        """The rate of the sound, and what ends a line."""
        return f"rate_hz={self.rate_hz}, pause_s={self.pause_s}"

    @property
    def limits(self) -> Limits:
        return nested(front=self._front.limits, network=self._network.limits, lines=self._lines.limits)

    def start(self) -> TranscribeState:
        """The state before the first chunk of a recording."""
        return TranscribeState(self._front.start(), self._network.start(), self._lines.start())

    def _push_many(
        self, chunks: Sequence[NDArray[Any]], states: Sequence[TranscribeState]
    ) -> tuple[list[Transcription], list[TranscribeState]]:
        features, fronts = self._front.push_many(chunks, [state.front for state in states])
        hidden, networks = self._network.push_many(features, [state.network for state in states])
        results, lines = [], []
        for own, state in zip(hidden, states, strict=True):
            found, after = self._lines.advance(self._log_probs(own), state.lines)
            results.append(self._result(found, self._lines.current(after)))
            lines.append(after)
        return results, list(map(TranscribeState, fronts, networks, lines))

    def finish(self, state: TranscribeState) -> Transcription:
        """The text up to the end of the recording."""
        frames, num_samples = self._front.finish(state.front)
        missing = self._network.missing_frames(state.network, len(frames))
        padded = np.concatenate([frames, np.zeros((missing, frames.shape[1]), np.float32)])
        (hidden,), _ = self._network.push_many([padded], [state.network])
        found, after = self._lines.advance(self._log_probs(hidden), state.lines)
        rest = self._lines.finish(after)
        both = Found([*found.units, *rest.units], [*found.lines, *rest.lines])
        return self._result(both, None, num_samples / self._own_hz)

    @torch.no_grad()
    def _log_probs(self, hidden: NDArray[np.float32]) -> LogProbs:
        return log_probs_of(self.model.head(torch.from_numpy(hidden)[None])[0])

    def _result(self, found: Found, current: Line | None, end_s: float = math.inf) -> Transcription:
        name = self._named
        units = [name.unit(one, end_s) for one in found.units]
        ended = [name.line(one, end_s) for one in found.lines]
        return Transcription(units, ended, None if current is None else name.line(current, end_s))


class LineNames:
    """Names and times of units and lines; the last step may reach beyond the end of a recording at `end_s`."""

    def __init__(self, task: TranscribeTask) -> None:
        self.step_s = task.step_s
        self._units = task.units

    def unit(self, unit: Any, end_s: float = math.inf) -> LiveUnit:
        """A unit with its name."""
        return LiveUnit(*self._times(unit, end_s), self._units.names[unit.number], unit.prob)

    def line(self, line: Line, end_s: float = math.inf) -> LiveText:
        """A line with its text."""
        return LiveText(*self._times(line, end_s), self._units.decode(line.numbers), math.exp(line.log_prob))

    def _times(self, one: Any, end_s: float) -> tuple[float, float]:
        # Rounded, so that nobody reads 3.8000000000000003.
        begin_s, until_s = (round(step * self.step_s, _TIME_DIGITS) for step in (one.begin, one.end))
        return min(begin_s, end_s), min(until_s, end_s)


def line_search(fitted: Fitted[TranscribeTask], pause_s: float) -> LineSearch:
    """The search for lines in the output of a run."""
    task = fitted.task
    names = task.units.names
    space = names.index(" ") if " " in names else None
    return LineSearch(search_of(task, fitted.calibration), space, max(1, round(pause_s / task.step_s)))


def log_probs_of(params: torch.Tensor) -> LogProbs:
    """Log-probabilities `(steps, classes)` in float64 from the head's parameters `(steps, 1, classes)`."""
    return np.asarray(params[:, 0].double().log_softmax(-1).numpy())
