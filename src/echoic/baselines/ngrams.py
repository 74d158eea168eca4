"""N-gram models of symbols."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple, Self, final

import numpy as np
from numpy.typing import NDArray

Integers = NDArray[np.int64]
Floats = NDArray[np.float64]


class _Table(NamedTuple):
    """Counts of the symbols after all contexts of one length. Contexts are numbered from 0.

    `contexts` (sorted): number of the context without its first symbol * vocabulary + that symbol. `pairs` (sorted):
    number of the context * vocabulary + the next symbol, which occurred `counts` times. `totals` and `num_distinct`:
    number of next symbols and of distinct next symbols per context.
    """

    contexts: Integers
    pairs: Integers
    counts: Integers
    totals: Integers
    num_distinct: Integers


@final
@dataclass(frozen=True, eq=False)
class NGram:
    """An n-gram model with Witten-Bell smoothing: interpolates all orders up to `n` and the uniform distribution.

    After a context h seen N times with K distinct next symbols: P(s | h) = (count(h, s) + K * P(s | shorter h)) /
    (N + K); for an unseen context, P(s | shorter h) (method C of Witten and Bell 1991, as in Chen and Goodman 1998).
    Every symbol has a non-zero probability.
    """

    vocabulary: int
    tables: tuple[_Table, ...]

    @classmethod
    def fit(cls, texts: Sequence[NDArray[Any]], n: int, vocabulary: int) -> Self:
        """Counts `texts`, each `(symbols,)` below `vocabulary`; contexts do not cross from one text to the next."""
        tables: list[_Table] = []
        for length in range(n):
            contexts, symbols = _concatenated(_contexts(tables, text, vocabulary, length) for text in texts)
            if not len(contexts):
                break  # no text is long enough
            keys = np.unique(contexts)
            pairs, counts = np.unique(np.searchsorted(keys, contexts) * vocabulary + symbols, return_counts=True)
            context_of_pair = pairs // vocabulary
            totals = np.bincount(context_of_pair, counts, minlength=len(keys)).astype(np.int64)
            tables.append(_Table(keys, pairs, counts, totals, np.bincount(context_of_pair, minlength=len(keys))))
        return cls(vocabulary, tuple(tables))

    def log_probs(self, text: NDArray[Any]) -> Floats:
        """Natural logarithm of the probability of each symbol of `text` `(symbols,)`, given the preceding ones."""
        symbols = np.asarray(text, np.int64)
        probs = np.full(len(symbols), 1 / self.vocabulary)
        context = np.zeros(len(symbols), np.int64)
        for length, table in enumerate(self.tables):
            context = _extend(table, context, symbols, self.vocabulary, length)
            known = context >= 0
            context_of_pair = np.where(known, context, 0)
            position, found = _find(table.pairs, context_of_pair * self.vocabulary + symbols)
            count = np.where(found, table.counts[position], 0)
            num_distinct = table.num_distinct[context_of_pair]
            probs = np.where(
                known, (count + num_distinct * probs) / (table.totals[context_of_pair] + num_distinct), probs
            )
        return np.asarray(np.log(probs))


def _contexts(tables: Sequence[_Table], text: NDArray[Any], vocabulary: int, length: int) -> tuple[Integers, Integers]:
    """Keys of all contexts of one length in a training text, and the symbols after them."""
    symbols = np.asarray(text, np.int64)
    context = np.zeros(len(symbols), np.int64)
    for shorter, table in enumerate(tables):
        context = _extend(table, context, symbols, vocabulary, shorter)
    return _keys(context, symbols, vocabulary, length)[length:], symbols[length:]


def _keys(context: Integers, symbols: Integers, vocabulary: int, length: int) -> Integers:
    """Keys of the contexts of one length, from the numbers of the contexts one shorter; -1 where there is none."""
    if length == 0:
        return np.zeros(len(symbols), np.int64)
    before = np.concatenate([np.zeros(length, np.int64), symbols[:-length]])[: len(symbols)]
    keys = np.where(context >= 0, context * vocabulary + before, -1)
    keys[:length] = -1
    return keys


def _extend(table: _Table, context: Integers, symbols: Integers, vocabulary: int, length: int) -> Integers:
    """Numbers of the contexts of one length; -1 for unseen ones."""
    position, found = _find(table.contexts, _keys(context, symbols, vocabulary, length))
    return np.where(found, position, -1)


def _find(sorted_keys: Integers, keys: Integers) -> tuple[Integers, NDArray[np.bool_]]:
    """Position of each key in `sorted_keys`, and whether it occurs there."""
    position = np.minimum(np.searchsorted(sorted_keys, keys), len(sorted_keys) - 1)
    return position, sorted_keys[position] == keys


def _concatenated(tables: Iterator[tuple[Integers, Integers]]) -> tuple[Integers, Integers]:
    contexts, symbols = zip(*tables, strict=True)
    return np.concatenate(contexts), np.concatenate(symbols)
