"""Search for generated sound that was memorized from the training sound."""

from collections.abc import Sequence
from itertools import pairwise
from typing import NamedTuple, final

import numpy as np

from echoic.drift import COLLAPSE_S, Collapse, RecordingIndex
from echoic.drift.memorization import COPY_SIMILARITY
from echoic.types import Floats
from echoic.windows.recordings import Excerpt

SPANS = 96
"""Total number of spans of 3 s to search for, whatever the amount of sound; 19 s for 20 minutes of training sound."""

_SPAN_SECONDS = round(COLLAPSE_S)


class TrainingMatch(NamedTuple):
    """The best match of a generated second in the training sound; `similarity` is 1 for a copy."""

    similarity: float
    name: str
    time_s: float


@final
class MemorizationSearch:
    """Searches for copies of the training sound; `matches` are the best ones of all seconds searched for."""

    def __init__(self, training: Sequence[Excerpt], rate_hz: int, streams: int) -> None:
        self.matches = list[TrainingMatch]()
        self._training = training
        self._rate_hz = rate_hz
        self._index = RecordingIndex([excerpt.sound for excerpt in training], rate_hz)
        self._spans = max(1, SPANS // streams)
        self._left = SPANS

    @property
    def fraction(self) -> float:
        """Fraction of the audible seconds searched for that are copies."""
        return float(np.mean([match.similarity > COPY_SIMILARITY for match in self.matches]))

    def collapse(self, sound: Floats) -> Collapse | None:
        """The first sampled span of a stream `(samples,)` that is a copy throughout; None if there is none."""
        memorized = [begin for begin in self._begins(len(sound)) if self._is_memorized(sound, begin)]
        return Collapse(memorized[0] / self._rate_hz, "copy") if memorized else None

    def _begins(self, samples: int) -> list[int]:
        """First samples of the spans to search for: one at random in each of equal parts of a stream."""
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
