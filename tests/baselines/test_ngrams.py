"""Witten-Bell against a slow, plain reckoning, and against the chances that must add up to one."""

import json
from collections import Counter
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from echoic.baselines.compact import pack, unpack
from echoic.baselines.ngrams import NGram

VOCABULARY = 4
symbols = st.lists(st.integers(0, VOCABULARY - 1), min_size=1, max_size=30)


def plain_chance(texts: list[list[int]], n: int, context: list[int], symbol: int) -> float:
    """Of a symbol after a context (the symbols before it, as many as there are)."""
    chance = 1 / VOCABULARY
    for length in range(min(n - 1, len(context)) + 1):
        after = Counter(
            text[at]
            for text in texts
            for at in range(length, len(text))
            if text[at - length : at] == context[len(context) - length :]
        )
        if not after:
            return chance
        total, kinds = sum(after.values()), len(after)
        chance = (after[symbol] + kinds * chance) / (total + kinds)
    return chance


@given(st.lists(symbols, min_size=1, max_size=3), symbols, st.integers(1, 5))
def test_the_plain_reckoning(texts: list[list[int]], asked: list[int], n: int) -> None:
    model = NGram.fit([np.array(text) for text in texts], n, VOCABULARY)
    found = np.exp(model.log_probs(np.array(asked)))
    wanted = [plain_chance(texts, n, asked[:at], symbol) for at, symbol in enumerate(asked)]
    np.testing.assert_allclose(found, wanted, rtol=1e-10)


@given(symbols, symbols, st.integers(1, 5))
def test_chances_add_up_to_one(text: list[int], context: list[int], n: int) -> None:
    model = NGram.fit([np.array(text)], n, VOCABULARY)
    total = sum(np.exp(model.log_probs(np.array([*context, symbol]))[-1]) for symbol in range(VOCABULARY))
    assert total == pytest.approx(1.0, abs=1e-12)


@given(st.lists(symbols, min_size=1, max_size=3), symbols, st.integers(1, 5), st.booleans())
def test_the_next_symbol_has_the_probabilities_of_scored_text(
    texts: list[list[int]], context: list[int], n: int, novel: bool
) -> None:
    model = NGram.fit([np.array(text) for text in texts], n, VOCABULARY)
    model = model.with_novel_symbol() if novel else model
    wanted = [np.exp(model.log_probs(np.array([*context, symbol]))[-1]) for symbol in range(VOCABULARY)]
    np.testing.assert_allclose(
        model.probs(np.array(context[-(n - 1) :] if n > 1 else [], np.int64)), wanted, rtol=1e-12
    )


@given(st.lists(symbols, min_size=1, max_size=3), symbols)
def test_lower_orders_are_in_the_higher(texts: list[list[int]], asked: list[int]) -> None:
    arrays = [np.array(text) for text in texts]
    model = NGram.fit(arrays, 4, VOCABULARY)
    for order, found in enumerate(model.log_probs_by_order(np.array(asked)), 1):
        assert np.array_equal(found, NGram.fit(arrays, order, VOCABULARY).log_probs(np.array(asked)))
        assert np.array_equal(found, model.of_order(order).log_probs(np.array(asked)))


@given(st.lists(symbols, min_size=1, max_size=3), symbols, st.integers(1, 5))
def test_a_model_survives_json(texts: list[list[int]], asked: list[int], n: int) -> None:
    model = NGram.fit([np.array(text) for text in texts], n, VOCABULARY).with_novel_symbol()
    again = NGram.from_json(json.loads(json.dumps(model.to_json())))
    assert np.array_equal(again.log_probs(np.array(asked)), model.log_probs(np.array(asked)))


def test_a_novel_symbol_is_as_probable_as_those_that_occur_once() -> None:
    text = np.array([0, 0, 0, 0, 1, 1, 1, 2])
    (novel,) = np.exp(NGram.fit([text], 1, 4).with_novel_symbol().log_probs(np.array([3])))
    assert novel == pytest.approx(1 / 8)
    uniform = NGram.fit([text[:7]], 1, 4)  # nothing occurs once
    assert uniform.with_novel_symbol().log_probs(text).tolist() == pytest.approx(uniform.log_probs(text).tolist())


@given(st.lists(st.integers(0, 2**62), max_size=50), st.booleans())
def test_packed_integers_survive(values: list[int], increasing: bool) -> None:
    array = np.array(sorted(values) if increasing else values, np.int64)
    assert np.array_equal(unpack(pack(array)), array)


def test_a_large_vocabulary_does_not_overflow() -> None:
    vocabulary = 100_000
    text = np.random.default_rng(0).integers(0, vocabulary, 500)
    known = NGram.fit([text], 5, vocabulary).log_probs(text)
    assert np.exp(known[5:]).min() > 0.4  # each was seen once: (1 + p) / 2


@pytest.mark.data
def test_tiny_shakespeare(data_dir: Path) -> None:
    text = (data_dir / "text_tinyshakespeare" / "input.txt").read_text()
    numbers = {character: number for number, character in enumerate(sorted(set(text)))}
    codes = np.array([numbers[character] for character in text])
    cut = int(len(codes) * 0.9)
    found = [-NGram.fit([codes[:cut]], n, len(numbers)).log_probs(codes[cut:])[1:].mean() for n in (1, 2)]
    assert found == pytest.approx([3.347, 2.484], abs=2e-3)  # reference figures without smoothing
