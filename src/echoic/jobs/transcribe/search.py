"""Search for the text of log-probabilities per step: greedy, or over prefixes of texts (Graves 2012, Hannun 2014).

The search proceeds step by step, and its state is a value.
"""

import math
from collections.abc import Callable, Sequence
from functools import lru_cache
from typing import NamedTuple, final

import numpy as np
from numpy.typing import NDArray

from echoic.baselines.ngrams import NGram
from echoic.heads.ctc import BLANK

LogProbs = NDArray[np.float64]

MAX_OPEN = 16
"""Units of a text that later steps may still change; beyond that the most probable text decides."""

_LEAST_LOG_PROB = math.log(1e-3)
"""Units that are less probable in a step are not considered there."""

_CACHED_CONTEXTS = 1 << 14


class Unit(NamedTuple):
    """A unit, from step `begin` to before `end`, and the highest probability that a step of it gave it."""

    number: int
    begin: int
    end: int
    prob: float


class Prefix(NamedTuple):
    """A text so far.

    Attributes:
        units: those that are not decided yet.
        log_blank, log_unit: log-probability of all its alignments that end with a blank, and with its last unit.
        bonus: weighted log-probability of the text by the n-gram model, besides.
    """

    units: tuple[Unit, ...]
    log_blank: float
    log_unit: float
    bonus: float

    @property
    def score(self) -> float:
        """The logarithm by which texts are compared."""
        return _log_add(self.log_blank, self.log_unit) + self.bonus


class SearchState(NamedTuple):
    """The search between two steps: texts, the best first, the decided units before all of them, and the step."""

    prefixes: tuple[Prefix, ...]
    context: tuple[int, ...]
    step: int


@final
class TextSearch:
    """Finds the most probable text, with up to `size` texts at a time; with `greedy` that of the best alignment.

    Args:
        size: number of texts that are kept.
        ngram: a model of texts, whose probabilities count with `weight`: each is compared to the mean `mean_log_prob`,
            so that texts are neither lengthened nor shortened.
        greedy: follow the most probable class of each step instead.
    """

    def __init__(
        self,
        size: int,
        ngram: NGram | None = None,
        weight: float = 0.0,
        mean_log_prob: float = 0.0,
        *,
        greedy: bool = False,
    ) -> None:
        self.size = 1 if greedy else size
        self._greedy = greedy
        self.context_size = 0 if ngram is None or not weight else ngram.n - 1
        """Decided units that the n-gram model needs."""
        self._bonus: Callable[[tuple[int, ...]], LogProbs] | None = None
        if ngram is not None and weight:
            self._bonus = lru_cache(_CACHED_CONTEXTS)(
                lambda context: weight * (np.log(ngram.probs(np.array(context, np.int64))) - mean_log_prob)
            )

    def start(self) -> SearchState:
        """The state before the first step."""
        return SearchState((Prefix((), 0.0, -math.inf, 0.0),), (), 0)

    def advance(self, log_probs: LogProbs, state: SearchState) -> tuple[list[Unit], SearchState]:
        """The units that steps `(steps, classes)` decide, in order, and the state after them."""
        prefixes = state.prefixes
        advance = self._greedy_step if self._greedy else self._step
        for number, step in enumerate(log_probs, state.step):
            prefixes = advance(step, number, prefixes, state.context)
        return self._decided(state._replace(prefixes=prefixes, step=state.step + len(log_probs)))

    def finish(self, state: SearchState) -> list[Unit]:
        """The units of the best text that were not decided."""
        return list(state.prefixes[0].units)

    def whole(self, log_probs: LogProbs) -> list[Unit]:
        """The units of all of `log_probs` `(steps, classes)`."""
        units, state = self.advance(log_probs, self.start())
        return [*units, *self.finish(state)]

    def _greedy_step(
        self, log_probs: LogProbs, step: int, prefixes: Sequence[Prefix], _context: tuple[int, ...]
    ) -> tuple[Prefix, ...]:
        """`log_unit` is finite where the last step had the last unit."""
        (prefix,) = prefixes
        best, units = int(log_probs.argmax()), prefix.units
        if best == BLANK:
            return (prefix._replace(log_blank=0.0, log_unit=-math.inf),)
        prob = math.exp(log_probs[best])
        if units and units[-1].number == best - 1 and prefix.log_unit > -math.inf:
            last = units[-1]
            units = (*units[:-1], last._replace(end=step + 1, prob=max(last.prob, prob)))
        else:
            units = (*units, Unit(best - 1, step, step + 1, prob))
        return (Prefix(units, -math.inf, 0.0, 0.0),)

    def _step(
        self, log_probs: LogProbs, step: int, prefixes: Sequence[Prefix], context: tuple[int, ...]
    ) -> tuple[Prefix, ...]:
        found = dict[tuple[int, ...], Prefix]()
        classes = [int(one) for one in np.flatnonzero(log_probs[1:] > _LEAST_LOG_PROB)]
        values = log_probs.tolist()

        def add(key: tuple[int, ...], prefix: Prefix) -> None:
            known = found.get(key)
            if known is None:
                found[key] = prefix
                return
            # The times are those of the more probable way to the text.
            units = known.units if known.score >= prefix.score else prefix.units
            blank, unit = _log_add(known.log_blank, prefix.log_blank), _log_add(known.log_unit, prefix.log_unit)
            found[key] = Prefix(units, blank, unit, known.bonus)

        for prefix in prefixes:
            key, total = tuple(one.number for one in prefix.units), _log_add(prefix.log_blank, prefix.log_unit)
            history = (*context, *key)
            last = history[-1] if history else None
            repeated = -math.inf if last is None else prefix.log_unit + values[last + 1]
            add(key, Prefix(_lasting(prefix.units, values, step), total + values[BLANK], repeated, prefix.bonus))
            bonuses = None
            for number in classes:
                log_unit = (prefix.log_blank if number == last else total) + values[number + 1]
                if log_unit == -math.inf:
                    continue
                if self._bonus is not None and bonuses is None:
                    bonuses = self._bonus(_last(history, self.context_size))
                bonus = prefix.bonus + (0.0 if bonuses is None else float(bonuses[number]))
                unit = Unit(number, step, step + 1, math.exp(values[number + 1]))
                add((*key, number), Prefix((*prefix.units, unit), -math.inf, log_unit, bonus))
        best = sorted(found.values(), key=lambda prefix: -prefix.score)[: self.size]
        return _scaled(best)

    def _decided(self, state: SearchState) -> tuple[list[Unit], SearchState]:
        """Takes out the units that all texts begin with, and the first ones of a text with too many."""
        best, prefixes = state.prefixes[0].units, state.prefixes
        # The last unit of a text may still last.
        count = min(_common(prefixes), max(0, min(len(one.units) for one in prefixes) - 1))
        if len(best) - count > MAX_OPEN:
            count = len(best) - MAX_OPEN
            numbers = [one.number for one in best[:count]]
            prefixes = tuple(one for one in prefixes if [unit.number for unit in one.units[:count]] == numbers)
            prefixes = tuple(one for one in prefixes if len(one.units) > count)
        decided = list(best[:count])
        context = _last((*state.context, *(one.number for one in decided)), self.context_size)
        rest = tuple(one._replace(units=one.units[count:]) for one in prefixes)
        return decided, SearchState(rest, context, state.step)


def _last(values: tuple[int, ...], count: int) -> tuple[int, ...]:
    """The last `count` values."""
    return values[len(values) - min(count, len(values)) :]


def _lasting(units: tuple[Unit, ...], values: Sequence[float], step: int) -> tuple[Unit, ...]:
    """The last unit lasts as long as it is more probable than a blank."""
    if not units or units[-1].end != step:
        return units
    last, log_prob = units[-1], values[units[-1].number + 1]
    if log_prob <= values[BLANK]:
        return units
    return (*units[:-1], last._replace(end=step + 1, prob=max(last.prob, math.exp(log_prob))))


def _common(prefixes: Sequence[Prefix]) -> int:
    """How many units all prefixes have in common at their beginning, within those of the best."""
    best = prefixes[0].units
    count = len(best)
    for other in prefixes[1:]:
        count = min(count, len(other.units))
        while [one.number for one in other.units[:count]] != [one.number for one in best[:count]]:
            count -= 1
    return count


def _scaled(prefixes: Sequence[Prefix]) -> tuple[Prefix, ...]:
    """Scores relative to the best, so that they stay small however long a text is."""
    best = prefixes[0]
    highest = _log_add(best.log_blank, best.log_unit)
    return tuple(
        Prefix(one.units, one.log_blank - highest, one.log_unit - highest, one.bonus - best.bonus) for one in prefixes
    )


def _log_add(one: float, other: float) -> float:
    high, low = (one, other) if one > other else (other, one)
    return high if low == -math.inf else high + math.log1p(math.exp(low - high))
