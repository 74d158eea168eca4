"""The search for texts, against all alignments of short outputs."""

import itertools
import math

import numpy as np
import pytest

from echoic.baselines.ngrams import NGram
from echoic.jobs.transcribe.search import TextSearch

CLASSES = 4


def outputs(steps: int, seed: int, sharpness: float = 1.5) -> np.ndarray:
    logits = sharpness * np.random.default_rng(seed).standard_normal((steps, CLASSES))
    return np.asarray(logits - np.log(np.exp(logits).sum(1, keepdims=True)))


def text_of(classes: tuple[int, ...]) -> tuple[int, ...]:
    return tuple(one - 1 for one, _ in itertools.groupby(classes) if one)


def all_texts(log_probs: np.ndarray) -> dict[tuple[int, ...], float]:
    found: dict[tuple[int, ...], float] = {}
    for classes in itertools.product(range(CLASSES), repeat=len(log_probs)):
        prob = math.exp(sum(log_probs[step, one] for step, one in enumerate(classes)))
        found[text_of(classes)] = found.get(text_of(classes), 0.0) + prob
    return found


def numbers(search: TextSearch, log_probs: np.ndarray) -> tuple[int, ...]:
    return tuple(unit.number for unit in search.whole(log_probs))


@pytest.mark.parametrize("seed", range(20))
def test_a_wide_search_finds_the_most_probable_text(seed: int) -> None:
    log_probs = outputs(6, seed)
    texts = all_texts(log_probs)
    assert numbers(TextSearch(10_000), log_probs) == max(texts, key=lambda text: texts[text])


@pytest.mark.parametrize("seed", range(10))
def test_with_an_ngram_model_it_finds_the_best_of_both(seed: int) -> None:
    draws = np.random.default_rng(seed)
    ngram = NGram.fit([draws.integers(0, CLASSES - 1, 40)], 3, CLASSES - 1)
    log_probs, weight, mean = outputs(6, seed, 0.7), 0.8, -1.0
    scores = {
        text: math.log(prob) + weight * (ngram.log_probs(np.array(text, np.int64)) - mean).sum()
        for text, prob in all_texts(log_probs).items()
    }
    best = max(scores, key=lambda text: scores[text])
    assert numbers(TextSearch(10_000, ngram, weight, mean), log_probs) == best


@pytest.mark.parametrize("seed", range(10))
def test_the_greedy_text_is_that_of_the_best_alignment(seed: int) -> None:
    log_probs = outputs(30, seed)
    found = numbers(TextSearch(8, greedy=True), log_probs)
    assert found == text_of(tuple(log_probs.argmax(1).tolist()))


def test_the_sum_over_alignments_beats_the_best_alignment() -> None:
    """Two steps, each a blank with 0.6: the best alignment is empty, but the unit is more probable in all."""
    log_probs = np.log(np.tile([0.6, 0.4, 1e-12, 1e-12], (2, 1)))
    assert numbers(TextSearch(8, greedy=True), log_probs) == ()
    assert numbers(TextSearch(8), log_probs) == (0,)


@pytest.mark.parametrize("greedy", [False, True])
def test_any_chunks_give_the_same_units(greedy: bool) -> None:
    log_probs = outputs(60, 3, 4.0)
    search = TextSearch(4, greedy=greedy)
    whole = search.whole(log_probs)
    assert len(whole) > 10
    for size in (1, 7, 25):
        state, found = search.start(), []
        for begin in range(0, len(log_probs), size):
            units, state = search.advance(log_probs[begin : begin + size], state)
            found += units
        assert [*found, *search.finish(state)] == whole


def test_times_and_probabilities_are_those_of_the_steps() -> None:
    probs = np.full((7, CLASSES), 0.01)
    probs[:, 0] = 0.97
    probs[2:4] = [[0.1, 0.8, 0.05, 0.05], [0.05, 0.9, 0.03, 0.02]]
    probs[5] = [0.2, 0.7, 0.05, 0.05]
    for greedy in (False, True):
        first, second = TextSearch(8, greedy=greedy).whole(np.log(probs))
        assert (first.number, first.begin, first.end) == (0, 2, 4)
        assert first.prob == pytest.approx(0.9)
        assert (second.number, second.begin, second.end) == (0, 5, 6)


def test_a_long_text_is_decided_as_it_goes() -> None:
    log_probs = outputs(4000, 0, 0.3)
    search = TextSearch(8)
    _, state = search.advance(log_probs, search.start())
    assert max(len(one.units) for one in state.prefixes) <= 2000
    for step in log_probs[:200]:
        _, state = search.advance(step[None], state)
    assert max(len(one.units) for one in state.prefixes) <= 18
