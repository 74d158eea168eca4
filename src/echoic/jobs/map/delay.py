"""The constant delay between inputs and targets, by cross-correlation of the train split."""

from collections.abc import Callable, Sequence
from typing import NamedTuple, Self

import numpy as np
from numpy.typing import NDArray
from scipy.linalg import solve_toeplitz

Floats = NDArray[np.float64]

_MAX_LAG, _WIDTH = 8192, 256
"""Steps of the longest delay, and those before and after the peak of the correlation in which a response is sought."""

_MOST_STEPS = 1 << 20
"""Steps of a series that are correlated at most."""

_KNOWN, _CORRELATED, _DEVIATIONS = 0.5, 0.1, 8.0
"""Fraction of the targets that must be known; the least correlation of changes that is taken for a response, as such
and in standard deviations of that of noise."""

_CLEAR, _ABRUPT = 0.05, 2e-3
"""Fractions of what is explained: a response has begun where this much would be lost without it; it begins at once
where one step before hardly anything would."""

_STEPS_PER_WEIGHT = 40
"""Steps that there must be for each weight of the filter."""

_RISE, _GROWTH, _LEAST_GROWTH = 16, 1.2, 1e-5
"""Steps in which other responses begin, and how much the loss grows in them where nothing is lost."""

_RIDGE = 1e-6


def find_delay(pairs: Sequence[tuple[Floats, Floats]], *, may_lead: bool) -> int:
    """Steps by which all targets come after all inputs; 0 where it is not clear.

    With `may_lead` also below 0, for targets that come first: recordings are shifted against each other by their
    devices. Where a controller answers to a target, its reaction comes first, too, but must not be predicted from.

    `pairs` are inputs `(steps, inputs)` and targets `(steps, targets)` of each sequence of train, NaN where missing.
    Of the inputs that a linear filter has, the newest ones are left out until that costs something: what comes after a
    response begins carries nothing. One that begins gradually is given as many steps more as it takes to rise.
    """
    inputs, targets = pairs[0][0].shape[1], pairs[0][1].shape[1]
    columns = [(one, other) for one in range(inputs) for other in range(targets)]
    found = [lag for place in columns if (lag := _lag(_Correlations.of(pairs, *place), may_lead=may_lead)) is not None]
    return min(found, default=0)


class _Correlations(NamedTuple):
    """Sums of products of changes, over `num_steps`.

    `auto` `(lags,)` is the input with itself some steps before, `cross` the target with the input from `-most` to
    `most` steps before, `energy` the target with itself.
    """

    auto: Floats
    cross: Floats
    energy: float
    num_steps: int
    most: int

    @classmethod
    def of(cls, pairs: Sequence[tuple[Floats, Floats]], one: int, other: int) -> Self | None:
        """The correlations of a column of inputs and one of targets; None if too little is known."""
        most = min(_MAX_LAG, max(len(inputs) for inputs, _ in pairs) // 4)
        auto, cross, energy, count, total = np.zeros(2 * _WIDTH + 1), np.zeros(2 * most + 1), 0.0, 0, 0
        for inputs, targets in pairs:
            # Changes of random walks are independent, the walks themselves seem correlated.
            driving, driven = (np.diff(part[:_MOST_STEPS]) for part in (inputs[:, one], targets[:, other]))
            total, count = total + len(driven), count + int(np.isfinite(driven).sum())
            size = 1 << (len(driving) + max(most, len(auto))).bit_length()
            spectra = [np.fft.rfft(np.nan_to_num(part), size) for part in (driving, driven)]
            auto += np.fft.irfft(np.abs(spectra[0]) ** 2)[: len(auto)]
            cross += np.fft.irfft(np.conj(spectra[0]) * spectra[1])[np.arange(-most, most + 1)]
            energy += float(np.nansum(driven**2))
        if count < max(4 * _WIDTH, _KNOWN * total) or not auto[0] or not energy:
            return None
        return cls(auto, cross, energy, count, most)

    def unexplained(self, first: int, last: int) -> float:
        """The energy of the target that a filter of the inputs from `first` to `last` steps before leaves."""
        wanted = self.cross[first + self.most : last + self.most + 1]
        column = self.auto[: len(wanted)].copy()
        column[0] *= 1 + _RIDGE
        return max(self.energy - float(wanted @ solve_toeplitz(column, wanted)), 0.0)


def _lag(found: _Correlations | None, *, may_lead: bool) -> int | None:
    """The beginning of the response of a target to an input; None if there is none."""
    if found is None:
        return None
    peak = int(np.abs(found.cross).argmax()) - found.most
    if peak < 0 and not may_lead:
        return 0
    least = -found.most if may_lead else 0
    correlation = abs(found.cross[peak + found.most]) / np.sqrt(found.auto[0] * found.energy)
    if correlation < max(_CORRELATED, _DEVIATIONS / np.sqrt(found.num_steps)):
        return None
    width = min(_WIDTH, found.num_steps // _STEPS_PER_WEIGHT)
    first, last = max(least, peak - width), min(found.most, peak + width)
    left = found.unexplained(first, last)

    def loss(lag: int) -> float:
        """The fraction of what is explained that is lost without the inputs after `lag` steps before.

        Inputs that carry nothing explain a little by chance, too.
        """
        by_chance = left * (lag - first) / (found.num_steps - (last - first))
        return max(0.0, found.unexplained(lag, last) - left - by_chance) / (found.energy - left)

    risen = _last(lambda lag: loss(lag) <= _CLEAR, first, last)
    if loss(risen) <= _ABRUPT:
        return risen
    early = max(first, risen - _RISE)
    limit = _GROWTH * loss(early) + _LEAST_GROWTH
    begin = _last(lambda lag: loss(lag) <= limit, early, risen)
    kept = begin - (risen - begin)
    return kept if risen < 0 else max(0, kept)


def _last(holds: Callable[[int], bool], low: int, high: int) -> int:
    """The last lag that holds, of which all before do."""
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (middle, high) if holds(middle) else (low, middle)
    return low
