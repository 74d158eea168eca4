"""How much of the generated sound stands in the sound that was trained on."""

from collections.abc import Sequence
from itertools import pairwise
from typing import NamedTuple, final

import numpy as np

from echoic.drift import COLLAPSE_S, Collapse, RecordingIndex
from echoic.drift.memorization import COPY_SIMILARITY
from echoic.types import Floats
from echoic.windows.recordings import Excerpt

SPANS = 96
"""Spans of 3 s that are looked up second by second, however much sound there is: with 20 minutes of training sound it
takes 19 s."""

_SPAN_SECONDS = round(COLLAPSE_S)


class TrainingMatch(NamedTuple):
    """How like a generated second is to a place in the training sound; 1 is a copy."""

    similarity: float
    name: str
    time_s: float


@final
class MemorizationSearch:
    """Looks up generated streams in the training sound; `matches` are the nearest to each second looked up."""

    def __init__(self, training: Sequence[Excerpt], rate_hz: int, streams: int) -> None:
        self.matches = list[TrainingMatch]()
        self._training = training
        self._rate_hz = rate_hz
        self._index = RecordingIndex([excerpt.sound for excerpt in training], rate_hz)
        self._spans = max(1, SPANS // streams)
        self._left = SPANS

    @property
    def fraction(self) -> float:
        """How many of the audible seconds that were looked up are copies."""
        return float(np.mean([match.similarity > COPY_SIMILARITY for match in self.matches]))

    def collapse(self, sound: Floats) -> Collapse | None:
        """The first of the spans of a stream `(samples,)` that were looked up and are copies from begin to end."""
        memorized = [begin for begin in self._begins(len(sound)) if self._is_memorized(sound, begin)]
        return Collapse(memorized[0] / self._rate_hz, "copy") if memorized else None

    def _begins(self, samples: int) -> list[int]:
        """Where spans begin: at random in each of as many equal parts of a stream."""
        span = _SPAN_SECONDS * self._rate_hz
        count = min(self._spans, self._left, samples // span)
        self._left -= count
        rng = np.random.default_rng(self._left)
        edges = [samples * part // count for part in range(count + 1)] if count else [0]
        return [begin + int(rng.integers(end - begin - span + 1)) for begin, end in pairwise(edges)]

    def _is_memorized(self, sound: Floats, begin: int) -> bool:
        seconds = np.split(sound[begin : begin + _SPAN_SECONDS * self._rate_hz], _SPAN_SECONDS)
        found = [self._best_match(second) for second in seconds]
        self.matches += [match for match in found if match]
        return all(match is not None and match.similarity > COPY_SIMILARITY for match in found)

    def _best_match(self, second: Floats) -> TrainingMatch | None:
        found = self._index.best_match(second)
        if found is None:
            return None
        excerpt = self._training[found.recording]
        return TrainingMatch(found.similarity, excerpt.recording.name, excerpt.begin / self._rate_hz + found.time_s)
