"""Lines of text: pauses that end them, and states that are values."""

import math

import numpy as np
import pytest

from echoic.jobs.transcribe.lines import MAX_UNITS, LineSearch
from echoic.jobs.transcribe.search import TextSearch

SPACE, CLASSES = 2, 4


def spoken(*classes: int) -> np.ndarray:
    """Log-probabilities that make these classes nearly certain."""
    probs = np.full((len(classes), CLASSES), 0.01)
    probs[np.arange(len(classes)), classes] = 0.97
    return np.asarray(np.log(probs))


BLANKS = [0] * 12
SIGNAL = spoken(0, 1, 0, 2, 3, 0, 1, *BLANKS, 3, 2, 0, 3, 1, *BLANKS, *BLANKS, 2)


def search(*, greedy: bool = False) -> LineSearch:
    return LineSearch(TextSearch(4, greedy=greedy), SPACE, pause_steps=10)


@pytest.mark.parametrize("greedy", [False, True])
@pytest.mark.parametrize("size", [1, 3, 100])
def test_pauses_end_lines_whatever_the_chunks(size: int, greedy: bool) -> None:
    lines = search(greedy=greedy)
    state, found, units = lines.start(), [], []
    for begin in range(0, len(SIGNAL), size):
        some, state = lines.advance(SIGNAL[begin : begin + size], state)
        found += some.lines
        units += some.units
    rest = lines.finish(state)
    texts = [line.numbers for line in [*found, *rest.lines]]
    # No line begins or ends with a space, which is unit 2 (class 3).
    assert texts == [(0, 1, 2, 0), (1, 2, 0), (1,)]
    assert [unit.number for unit in [*units, *rest.units]] == [0, 1, 2, 0, 2, 1, 2, 0, 1]
    assert (found[0].begin, found[0].end) == (1, 7)
    assert math.exp(found[0].log_prob) == pytest.approx(0.97, abs=1e-3)


def test_the_current_line_grows_and_the_state_stays() -> None:
    lines = search()
    state, before = lines.start(), None
    seen = []
    for step in SIGNAL[:8]:
        _, state = lines.advance(step[None], state)
        current = lines.current(state)
        seen.append(() if current is None else current.numbers)
        before = lines.current(state)
        assert current == before
    assert seen == [(), (0,), (0,), (0, 1), (0, 1), (0, 1), (0, 1, 2, 0), (0, 1, 2, 0)]


def test_a_line_without_a_pause_ends_with_a_space_in_the_end() -> None:
    lines = LineSearch(TextSearch(4), SPACE, pause_steps=10_000)
    state, found = lines.start(), []
    for _ in range(3 * MAX_UNITS // 4):
        some, state = lines.advance(spoken(1, 0, 2, 0, 3, 0), state)
        found += some.lines
    assert found
    assert all(MAX_UNITS - 1 <= len(line.numbers) < 2 * MAX_UNITS for line in found)
    assert len(state.line) <= 2 * MAX_UNITS
