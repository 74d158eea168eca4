"""What was done to sound, and what is odd about it, counted by file."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Self

import numpy as np

from echoic.sources.examples import Examples
from echoic.types import Series
from echoic.types.annotations import SoundOrigin

NO_FILES = Examples()


@dataclass(frozen=True)
class SoundFacts:
    """Files by what was done to them.

    `rates_hz` are the lowest and the highest of the files. `resampled` had another rate than `rate_hz`, `lower` a lower
    one; `mixed` have several channels, which in `cancelling` nearly cancel out; `silent` have only zeros; `streamed` do
    not state their length.
    """

    rate_hz: int = 0
    rates_hz: tuple[int, int] = (0, 0)
    resampled: Examples = NO_FILES
    lower: Examples = NO_FILES
    mixed: Examples = NO_FILES
    cancelling: Examples = NO_FILES
    silent: Examples = NO_FILES
    streamed: Examples = NO_FILES

    @classmethod
    def of(cls, series: Sequence[Series]) -> Self:
        """The facts of sound; several excerpts of a file count once."""
        sounds = [one for one in series if one.annotations.sound is not None]
        if not sounds:
            return cls()
        rate_hz = sounds[0].annotations.rate_hz or 0
        origins = {one.origin: (one.name, one.annotations.sound or SoundOrigin(rate_hz, 1)) for one in sounds}

        def those(holds: Callable[[SoundOrigin], bool]) -> Examples:
            return Examples.of(name for name, origin in origins.values() if holds(origin))

        rates = [origin.rate_hz for _, origin in origins.values()]
        zeros = {one.origin: one.name for one in sounds if not np.any(one.values)}
        cancelled = {place for place, (_, origin) in origins.items() if origin.cancels}
        return cls(
            rate_hz,
            (min(rates), max(rates)),
            those(lambda origin: origin.rate_hz != rate_hz),
            those(lambda origin: origin.rate_hz < rate_hz),
            those(lambda origin: origin.channels > 1),
            those(lambda origin: origin.cancels),
            Examples.of(name for place, name in zeros.items() if place not in cancelled),
            those(lambda origin: origin.streamed),
        )

    @property
    def notes(self) -> dict[str, Any]:
        """Sentences, each with what decides whether it applies."""
        low, high = self.rates_hz
        rates = f"{low:,} Hz" if low == high else f"rates from {low:,} to {high:,} Hz"
        return {
            f"Resampled to {self.rate_hz:,} Hz: {self.resampled.as_text('file')} (files have {rates}).": self.resampled,
            f"Of lower sampling rate than {self.rate_hz:,} Hz, so that the highest frequencies are empty: "
            f"{self.lower.as_text('file')}; choose the rate with --rate-hz.": self.lower,
            f"Channels mixed into one: {self.mixed.as_text('file')}.": self.mixed,
            "Nearly silent once mixed, because the channels cancel out (opposite phases): "
            f"{self.cancelling.as_text('file')}; take one channel with --channel 1.": self.cancelling,
            f"Silent from beginning to end: {self.silent.as_text('file')}.": self.silent,
            f"Without a stated length, read to the end: {self.streamed.as_text('file')}.": self.streamed,
        }


def lower_rate_note(lower: Examples, lowest_hz: int, rate_hz: int) -> str:
    """The sentence on new sound of a lower rate than that of training."""
    return (
        f"Sampled at a lower rate than the {rate_hz:,} Hz that the network was trained at: {lower.as_text('file')}. "
        f"From {lowest_hz / 2:,.0f} to {rate_hz / 2:,.0f} Hz such sound is empty, so expect worse predictions."
    )
