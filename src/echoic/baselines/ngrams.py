"""Symbols foretold by counting what followed the last few."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple, Self, final

import numpy as np
from numpy.typing import NDArray

Integers = NDArray[np.int64]
Floats = NDArray[np.float64]


class _Table(NamedTuple):
    """Counts after contexts of one length. Contexts have dense numbers.

    `contexts` sorted: number of the context one shorter * vocabulary + the symbol before it. `pairs` sorted: number of
    the context * vocabulary + the symbol after it, seen `counts` times. `totals` and `kinds` of each context: how many
    symbols came after it, and how many different ones.
    """

    contexts: Integers
    pairs: Integers
    counts: Integers
    totals: Integers
    kinds: Integers


@final
@dataclass(frozen=True, eq=False)
class NGram:
    """Witten-Bell's interpolation of all orders up to `n`, down to the uniform distribution.

    After a context h seen N times with K different symbols: P(s | h) = (count(h, s) + K * P(s | shorter h)) / (N + K);
    an unseen context leaves it to the shorter one (method C of Witten and Bell 1991, as in Chen and Goodman 1998).
    Every symbol has a chance, and chances add up to 1.
    """

    vocabulary: int
    tables: tuple[_Table, ...]

    @classmethod
    def fit(cls, texts: Sequence[NDArray[Any]], n: int, vocabulary: int) -> Self:
        """Counts `texts`, each `(symbols,)` below `vocabulary`; no context reaches from one text into the next."""
        tables: list[_Table] = []
        for length in range(n):
            contexts, symbols = _joined(_numbered(tables, text, vocabulary, length) for text in texts)
            if not len(contexts):
                break  # no text is as long
            keys = np.unique(contexts)
            pairs, counts = np.unique(np.searchsorted(keys, contexts) * vocabulary + symbols, return_counts=True)
            owner = pairs // vocabulary
            totals = np.bincount(owner, counts, minlength=len(keys)).astype(np.int64)
            tables.append(_Table(keys, pairs, counts, totals, np.bincount(owner, minlength=len(keys))))
        return cls(vocabulary, tuple(tables))

    def log_probs(self, text: NDArray[Any]) -> Floats:
        """Natural logarithm of the chance of each of `text` `(symbols,)` after those before it."""
        symbols = np.asarray(text, np.int64)
        chance = np.full(len(symbols), 1 / self.vocabulary)
        context = np.zeros(len(symbols), np.int64)
        for length, table in enumerate(self.tables):
            context = _longer(table, context, symbols, self.vocabulary, length)
            seen = context >= 0
            owner = np.where(seen, context, 0)
            place, there = _find(table.pairs, owner * self.vocabulary + symbols)
            count = np.where(there, table.counts[place], 0)
            kinds = table.kinds[owner]
            chance = np.where(seen, (count + kinds * chance) / (table.totals[owner] + kinds), chance)
        return np.asarray(np.log(chance))


def _numbered(tables: Sequence[_Table], text: NDArray[Any], vocabulary: int, length: int) -> tuple[Integers, Integers]:
    """The keys of all contexts of a length in a training text, and the symbols after them."""
    symbols = np.asarray(text, np.int64)
    context = np.zeros(len(symbols), np.int64)
    for shorter, table in enumerate(tables):
        context = _longer(table, context, symbols, vocabulary, shorter)
    return _keys(context, symbols, vocabulary, length)[length:], symbols[length:]


def _keys(context: Integers, symbols: Integers, vocabulary: int, length: int) -> Integers:
    """Keys of contexts of a length, from the numbers of those one shorter; negative where there is none."""
    if length == 0:
        return np.zeros(len(symbols), np.int64)
    before = np.concatenate([np.zeros(length, np.int64), symbols[:-length]])[: len(symbols)]
    keys = np.where(context >= 0, context * vocabulary + before, -1)
    keys[:length] = -1
    return keys


def _longer(table: _Table, context: Integers, symbols: Integers, vocabulary: int, length: int) -> Integers:
    """Numbers of the contexts of a length; -1 for those never seen."""
    place, there = _find(table.contexts, _keys(context, symbols, vocabulary, length))
    return np.where(there, place, -1)


def _find(known: Integers, keys: Integers) -> tuple[Integers, NDArray[np.bool_]]:
    """Where each key is among the sorted known ones, and whether it is there."""
    place = np.minimum(np.searchsorted(known, keys), len(known) - 1)
    return place, known[place] == keys


def _joined(parts: Iterator[tuple[Integers, Integers]]) -> tuple[Integers, Integers]:
    contexts, symbols = zip(*parts, strict=True)
    return np.concatenate(contexts), np.concatenate(symbols)
