"""From log-probabilities per step to lines of text, each of which ends with a pause."""

import math
from collections.abc import Sequence
from typing import NamedTuple, final

import numpy as np
from numpy.typing import NDArray

from echoic.jobs.transcribe.search import MAX_OPEN, LogProbs, Prefix, SearchState, TextSearch, Unit
from echoic.streams.state_bytes import Limits

MAX_UNITS = 100
"""A line of more units ends with the next space, one of twice as many at once."""

Numbers = NDArray[np.int16]


class Line(NamedTuple):
    """A line of text: the numbers of its units, its first step, the one after its last, and the mean log-probability.

    `ended`: no more of it will come.
    """

    numbers: tuple[int, ...]
    begin: int
    end: int
    log_prob: float
    ended: bool


class Found(NamedTuple):
    """What some steps give: units that are decided, and lines that have ended."""

    units: list[Unit]
    lines: list[Line]


class LineState(NamedTuple):
    """The search, and the line so far, as arrays and numbers.

    Attributes:
        lengths: number of open units of each text of the search.
        numbers, begins, ends, probs: the open units of all texts, one after the other; begins and ends are numbers of
            steps before `step`.
        scores: of each text `(texts, 3)`: log-probability that ends with a blank, with a unit, and by the n-gram model.
        context: decided units before all texts.
        step: number of steps so far.
        line: the decided units of the line.
        line_begin, line_end: steps of the line; -1 before its first unit.
        line_log_prob: sum over its units.
    """

    lengths: NDArray[np.int64]
    numbers: Numbers
    begins: NDArray[np.int32]
    ends: NDArray[np.int32]
    probs: NDArray[np.float32]
    scores: NDArray[np.float64]
    context: Numbers
    step: int
    line: Numbers
    line_begin: int
    line_end: int
    line_log_prob: float


@final
class LineSearch:
    """Runs a search over the steps of a recording, and cuts its text into lines.

    Args:
        search: finds the text.
        space: the number of the unit that only separates others; None without one.
        pause_steps: steps without a unit, spaces aside, that end a line.
    """

    def __init__(self, search: TextSearch, space: int | None, pause_steps: int) -> None:
        self._search = search
        self._space = space
        self._pause_steps = pause_steps

    @property
    def limits(self) -> Limits:
        """Least and most values of what varies in a state."""
        most = self._search.size * (MAX_OPEN + 2)
        units = dict.fromkeys(("numbers", "begins", "ends", "probs"), (0, most))
        texts = dict.fromkeys(("lengths", "scores"), (1, self._search.size))
        since = {"line_begin": (-1, 1 << 53), "line_end": (-1, 1 << 53)}
        return {**units, **texts, **since, "context": (0, self._search.context_size), "line": (0, 3 * MAX_UNITS)}

    def start(self) -> LineState:
        """The state before the first step."""
        return _packed(self._search.start(), [], -1, -1, 0.0)

    def advance(self, log_probs: LogProbs, state: LineState) -> tuple[Found, LineState]:
        """What steps `(steps, classes)` give, and the state after them."""
        search, line = _search_state(state), _Line.of(state, self._space)
        found = Found([], [])
        for step in log_probs:
            units, search = self._search.advance(step[None], search)
            self._add(units, line, found)
            open_units = search.prefixes[0].units
            last = max([line.end, *(one.end for one in open_units if one.number != self._space)])
            if last >= 0 and search.step - last >= self._pause_steps:
                self._add(self._search.finish(search), line, found)
                found.lines.extend(line.taken())
                context = (*search.context, *(one.number for one in open_units))
                fresh = self._search.start()
                kept = context[len(context) - min(len(context), self._search.context_size) :]
                search = fresh._replace(context=kept, step=search.step)
        return found, _packed(search, line.numbers, line.begin, line.end, line.log_prob)

    def current(self, state: LineState) -> Line | None:
        """The line as far as it has come, with what is most probable at its end; None before its first unit."""
        line = _Line.of(state, self._space)
        for unit in self._search.finish(_search_state(state)):
            line.add(unit)
        return next(iter(line.taken(ended=False)), None)

    def finish(self, state: LineState) -> Found:
        """The rest at the end of a recording."""
        line, found = _Line.of(state, self._space), Found([], [])
        self._add(self._search.finish(_search_state(state)), line, found)
        found.lines.extend(line.taken())
        return found

    def _add(self, units: Sequence[Unit], line: "_Line", found: Found) -> None:
        for unit in units:
            found.units.append(unit)
            line.add(unit)
            count = len(line.numbers)
            if count >= 2 * MAX_UNITS or (count >= MAX_UNITS and unit.number == self._space):
                found.lines.extend(line.taken())


class _Line:
    """The line that is being made."""

    def __init__(self, space: int | None, numbers: list[int], begin: int, end: int, log_prob: float) -> None:
        self.space, self.numbers, self.begin, self.end, self.log_prob = space, numbers, begin, end, log_prob

    @classmethod
    def of(cls, state: LineState, space: int | None) -> "_Line":
        return cls(space, state.line.tolist(), state.line_begin, state.line_end, state.line_log_prob)

    def add(self, unit: Unit) -> None:
        if unit.number == self.space and not self.numbers:
            return  # no line begins with a space
        self.numbers.append(unit.number)
        self.log_prob += math.log(unit.prob)
        if unit.number != self.space:
            self.begin, self.end = (unit.begin if self.begin < 0 else self.begin), unit.end

    def taken(self, *, ended: bool = True) -> list[Line]:
        """The line so far, if there is one; the next unit starts a new line."""
        numbers, mean = self.numbers, self.log_prob / max(len(self.numbers), 1)
        while numbers and numbers[-1] == self.space:
            numbers = numbers[:-1]
        made = [Line(tuple(numbers), self.begin, self.end, mean, ended)] if numbers else []
        self.numbers, self.begin, self.end, self.log_prob = [], -1, -1, 0.0
        return made


def _packed(search: SearchState, line: list[int], begin: int, end: int, log_prob: float) -> LineState:
    units = [unit for prefix in search.prefixes for unit in prefix.units]
    return LineState(
        np.array([len(prefix.units) for prefix in search.prefixes], np.int64),
        np.array([unit.number for unit in units], np.int16),
        np.array([search.step - unit.begin for unit in units], np.int32),
        np.array([search.step - unit.end for unit in units], np.int32),
        np.array([unit.prob for unit in units], np.float32),
        np.array([(one.log_blank, one.log_unit, one.bonus) for one in search.prefixes], np.float64),
        np.array(search.context, np.int16),
        search.step,
        np.array(line, np.int16),
        begin,
        end,
        log_prob,
    )


def _search_state(state: LineState) -> SearchState:
    columns = zip(*(one.tolist() for one in (state.numbers, state.begins, state.ends, state.probs)), strict=True)
    units = [Unit(number, state.step - begin, state.step - end, prob) for number, begin, end, prob in columns]
    prefixes, place = list[Prefix](), 0
    for length, (log_blank, log_unit, bonus) in zip(state.lengths.tolist(), state.scores.tolist(), strict=True):
        prefixes.append(Prefix(tuple(units[place : place + length]), log_blank, log_unit, bonus))
        place += length
    return SearchState(tuple(prefixes), tuple(state.context.tolist()), state.step)
