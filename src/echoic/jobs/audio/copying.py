"""How much of the generated sound stands in the sound that was trained on."""

from collections.abc import Sequence
from itertools import pairwise
from typing import NamedTuple, final

import numpy as np

from echoic.jobs.audio.parts import Stretch
from echoic.metrics.drift import DEAD_S, Death, KnownSound
from echoic.metrics.drift.known import COPY_LIKENESS
from echoic.types import Floats

SPANS = 96
"""Spans of 3 s that are looked up second by second, however much sound there is: with 20 minutes of training sound it
takes 19 s."""

_SPAN_SECONDS = round(DEAD_S)


class Place(NamedTuple):
    """How like a generated second is to a place in the training sound; 1 is a copy."""

    likeness: float
    name: str
    time_s: float


@final
class Copying:
    """Looks up generated streams in the training sound; `places` are the likest to each second looked up."""

    def __init__(self, training: Sequence[Stretch], rate_hz: int, streams: int) -> None:
        self.places = list[Place]()
        self._training = training
        self._rate_hz = rate_hz
        self._known = KnownSound([stretch.sound for stretch in training], rate_hz)
        self._spans = max(1, SPANS // streams)
        self._left = SPANS

    @property
    def share(self) -> float:
        """How many of the seconds that were looked up and can be heard are copies."""
        return float(np.mean([place.likeness > COPY_LIKENESS for place in self.places]))

    def death(self, sound: Floats) -> Death | None:
        """The first of the spans of a stream `(samples,)` that were looked up and are copies from begin to end."""
        copied = [begin for begin in self._begins(len(sound)) if self._is_copied(sound, begin)]
        return Death(copied[0] / self._rate_hz, "copy") if copied else None

    def _begins(self, samples: int) -> list[int]:
        """Where spans begin: at random in each of as many equal parts of a stream."""
        span = _SPAN_SECONDS * self._rate_hz
        many = min(self._spans, self._left, samples // span)
        self._left -= many
        draws = np.random.default_rng(self._left)
        edges = [samples * part // many for part in range(many + 1)] if many else [0]
        return [begin + int(draws.integers(end - begin - span + 1)) for begin, end in pairwise(edges)]

    def _is_copied(self, sound: Floats, begin: int) -> bool:
        seconds = np.split(sound[begin : begin + _SPAN_SECONDS * self._rate_hz], _SPAN_SECONDS)
        found = [self._likest(second) for second in seconds]
        self.places += [place for place in found if place]
        return all(place is not None and place.likeness > COPY_LIKENESS for place in found)

    def _likest(self, second: Floats) -> Place | None:
        found = self._known.likest(second)
        if found is None:
            return None
        stretch = self._training[found.recording]
        return Place(found.value, stretch.recording.name, stretch.begin / self._rate_hz + found.time_s)
