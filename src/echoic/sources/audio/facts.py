"""What was done to sound, and what is odd about it, counted by file."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple, Self

import numpy as np

from echoic.sources.examples import Examples
from echoic.types import Series
from echoic.types.annotations import SoundOrigin

NO_FILES = Examples()

_QUIET = 0.01
"""Below this peak, 40 dB under full scale, 16-bit sound has eight bits or fewer."""

_FULL, _CLIPPED = 0.999, 1e-3
"""Sound is clipped if at least this fraction of its samples is at full scale."""


@dataclass(frozen=True)
class SoundFacts:
    """Files by what was done to them.

    `rates_hz` are the lowest and the highest of the files. `resampled` had another rate than `rate_hz`, `lower` a lower
    one; `mixed` have several channels, which in `cancelling` nearly cancel out; `silent` have only zeros, `quiet` no
    sample above 1 % of full scale, `clipped` many at full scale; `streamed` do not state their length.
    """

    rate_hz: int = 0
    rates_hz: tuple[int, int] = (0, 0)
    resampled: Examples = NO_FILES
    lower: Examples = NO_FILES
    mixed: Examples = NO_FILES
    cancelling: Examples = NO_FILES
    silent: Examples = NO_FILES
    quiet: Examples = NO_FILES
    clipped: Examples = NO_FILES
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
        cancelled = {place for place, (_, origin) in origins.items() if origin.cancels}
        levels = {one.origin: _Level.of(one) for one in sounds if one.origin not in cancelled}

        def with_level(holds: Callable[[_Level], bool]) -> Examples:
            return Examples.of(origins[place][0] for place, level in levels.items() if holds(level))

        return cls(
            rate_hz,
            (min(rates), max(rates)),
            those(lambda origin: origin.rate_hz != rate_hz),
            those(lambda origin: origin.rate_hz < rate_hz),
            those(lambda origin: origin.channels > 1),
            those(lambda origin: origin.cancels),
            with_level(lambda level: level.peak == 0),
            with_level(lambda level: 0 < level.peak < _QUIET),
            with_level(lambda level: level.clipped >= _CLIPPED),
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
            f"Quiet, 40 dB or more below full scale: {self.quiet.as_text('file')}; record louder, or amplify "
            "before sound is stored in 16 bits.": self.quiet,
            f"Clipped, with many samples at full scale: {self.clipped.as_text('file')}; the distortion is learned, so "
            "record at a lower level.": self.clipped,
            f"Without a stated length, read to the end: {self.streamed.as_text('file')}.": self.streamed,
        }


class _Level(NamedTuple):
    """The largest absolute sample, and the fraction of samples at full scale."""

    peak: float
    clipped: float

    @classmethod
    def of(cls, one: Series) -> Self:
        """The level of a file, or of an excerpt of one."""
        if not one.values.size:
            return cls(0.0, 0.0)
        peak = float(max(one.values.max(), -one.values.min()))
        return cls(peak, float((np.abs(one.values) >= _FULL).mean()) if peak >= _FULL else 0.0)


def lower_rate_note(lower: Examples, lowest_hz: int, rate_hz: int) -> str:
    """The sentence on new sound of a lower rate than that of training."""
    return (
        f"Sampled at a lower rate than the {rate_hz:,} Hz that the network was trained at: {lower.as_text('file')}. "
        f"From {lowest_hz / 2:,.0f} to {rate_hz / 2:,.0f} Hz such sound is empty, so expect worse predictions."
    )
