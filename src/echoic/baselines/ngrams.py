"""N-gram models of symbols."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any, NamedTuple, Self, final

import numpy as np
from numpy.typing import NDArray

from echoic.baselines.compact import pack, unpack
from echoic.types import stored

Integers = NDArray[np.int64]
Floats = NDArray[np.float64]

_MAX_NOVEL = 0.9
_MOST_SYMBOLS = 1 << 21


class _Table(NamedTuple):
    """Counts of the symbols after all contexts of one length. Contexts are numbered from 0.

    `contexts` (sorted): number of the context without its first symbol * vocabulary + that symbol. `pairs` (sorted):
    number of the context * vocabulary + the next symbol, which occurred `counts` times. `begins`: where the pairs of
    each context begin, and the number of pairs. `totals`: number of next symbols of each context.
    """

    contexts: Integers
    pairs: Integers
    counts: Integers
    begins: Integers
    totals: Integers

    @classmethod
    def build(cls, contexts: Integers, pairs: Integers, counts: Integers, vocabulary: int) -> Self:
        """The table with the sums that follow from the counts."""
        begins = np.searchsorted(pairs, np.arange(len(contexts) + 1) * vocabulary)
        return cls(contexts, pairs, counts, begins, np.add.reduceat(counts, begins[:-1]))

    @property
    def num_distinct(self) -> Integers:
        """Number of distinct next symbols of each context."""
        return np.diff(self.begins)


@final
@dataclass(frozen=True, eq=False)
class NGram:
    """An n-gram model with Witten-Bell smoothing: interpolates all orders up to `n` and a base distribution.

    After a context h seen N times with K distinct next symbols: P(s | h) = (count(h, s) + K * P(s | shorter h)) /
    (N + K); for an unseen context, P(s | shorter h) (method C of Witten and Bell 1991, as in Chen and Goodman 1998).
    The base distribution is uniform, but for the last symbol, which has the probability `novel` there; None: uniform.
    Every symbol has a non-zero probability.
    """

    vocabulary: int
    tables: tuple[_Table, ...]
    novel: float | None = None

    @classmethod
    def fit(cls, texts: Sequence[NDArray[Any]], n: int, vocabulary: int) -> Self:
        """Counts `texts`, each `(symbols,)` below `vocabulary`; contexts do not cross from one text to the next."""
        contexts = [np.zeros(len(text), np.int64) for text in texts]
        tables: list[_Table] = []
        for length in range(n):
            # The texts keep their small integers, and arrays go as soon as they can: each has the length of all texts.
            keys = [_keys(*both, vocabulary, length) for both in zip(contexts, texts, strict=True)]
            known = np.unique(_joined([one[length:] for one in keys]))
            if not len(known):
                break  # no text is long enough
            contexts = [np.searchsorted(known, one) for one in keys]
            del keys
            pairs = [one[length:] * vocabulary + text[length:] for one, text in zip(contexts, texts, strict=True)]
            tables.append(_Table.build(known, *np.unique(_joined(pairs), return_counts=True), vocabulary))
        return cls(vocabulary, tuple(tables))

    @property
    def n(self) -> int:
        """The longest context, and one: the order of the model."""
        return len(self.tables)

    def of_order(self, n: int) -> Self:
        """The model of a lower order."""
        return replace(self, tables=self.tables[:n])

    def with_novel_symbol(self) -> Self:
        """The same model with the last symbol for all that `fit` did not see.

        Its probability without a context becomes the fraction of symbols that occurred once (Good and Turing).
        """
        table = self.tables[0]
        total, distinct = int(table.totals[0]), int(table.num_distinct[0])
        once = int((table.counts == 1).sum())
        novel = min(once * (total + distinct) / (total * distinct), _MAX_NOVEL)
        return replace(self, novel=max(novel, 1 / self.vocabulary))

    def log_probs(self, text: NDArray[Any]) -> Floats:
        """Natural logarithm of the probability of each symbol of `text` `(symbols,)`, given the preceding ones."""
        *_, last = self.log_probs_by_order(text)
        return last

    def log_probs_by_order(self, text: NDArray[Any]) -> Iterator[Floats]:
        """As `log_probs`, of the models of order 1, 2 and so on up to `n`."""
        symbols = np.asarray(text, np.int64)
        probs = self._base[symbols]
        context = np.zeros(len(symbols), np.int64)
        for length, table in enumerate(self.tables):
            context = _lookup(table.contexts, _keys(context, symbols, self.vocabulary, length))
            known = context >= 0
            context_of_pair = np.where(known, context, 0)
            position = _lookup(table.pairs, context_of_pair * self.vocabulary + symbols)
            count = np.where(position >= 0, table.counts[position], 0)
            num_distinct = table.num_distinct[context_of_pair]
            probs = np.where(
                known, (count + num_distinct * probs) / (table.totals[context_of_pair] + num_distinct), probs
            )
            yield np.asarray(np.log(probs))

    def probs(self, context: Integers) -> Floats:
        """Probabilities `(vocabulary,)` of the next symbol after the symbols `context` `(up to n - 1,)`."""
        probs, number, symbols = self._base.copy(), 0, context.tolist()
        for length, table in enumerate(self.tables[: len(symbols) + 1]):
            key = number * self.vocabulary + symbols[-length] if length else 0
            number = int(table.contexts.searchsorted(key))
            if number == len(table.contexts) or table.contexts[number] != key:
                break
            begin, end = table.begins[number : number + 2].tolist()
            num_distinct, total = end - begin, int(table.totals[number])
            probs *= num_distinct / (total + num_distinct)
            probs[table.pairs[begin:end] - number * self.vocabulary] += table.counts[begin:end] / (total + num_distinct)
        return probs

    def to_json(self) -> dict[str, Any]:
        """As plain JSON values; the counts are compressed."""
        tables = [{name: pack(getattr(one, name)) for name in ("contexts", "pairs", "counts")} for one in self.tables]
        return {"symbols": self.vocabulary, "novel": self.novel, "tables": tables}

    @classmethod
    def from_json(cls, values: Mapping[str, Any]) -> Self:
        """The inverse of `to_json`.

        Raises:
            ValueError: a field is missing, or the tables do not belong together.
        """
        size, packed = stored.integer(values, "symbols", 2, _MOST_SYMBOLS), stored.field(values, "tables")
        novel = None if stored.field(values, "novel") is None else stored.number(values, "novel", 0, 1)
        if not isinstance(packed, list) or not packed:
            raise ValueError("`tables` must be a list of tables")
        tables, before = list[_Table](), 1
        for one in packed:
            contexts, pairs, counts = (unpack(stored.field(one, name)) for name in ("contexts", "pairs", "counts"))
            if not _belong_together(contexts, pairs, counts, before * size, size):
                raise ValueError("`contexts`, `pairs` and `counts` of `tables` do not belong together")
            tables.append(_Table.build(contexts, pairs, counts, size))
            before = len(contexts)
        return cls(size, tuple(tables), novel)

    @cached_property
    def _base(self) -> Floats:
        """The probabilities without any count, `(vocabulary,)`."""
        if self.novel is None:
            return np.full(self.vocabulary, 1 / self.vocabulary)
        base = np.full(self.vocabulary, (1 - self.novel) / (self.vocabulary - 1))
        base[-1] = self.novel
        return base


def _belong_together(contexts: Integers, pairs: Integers, counts: Integers, keys: int, vocabulary: int) -> bool:
    """Whether a table has contexts with keys below `keys`, and pairs and counts of them; keys increase."""
    if not len(contexts) or len(pairs) != len(counts) or counts.min(initial=1) < 1:
        return False
    increase = all(bool((np.diff(one) > 0).all()) for one in (contexts, pairs))
    return increase and contexts[0] >= 0 and contexts[-1] < keys and pairs[-1] < len(contexts) * vocabulary


def _joined(arrays: Sequence[Integers]) -> Integers:
    """All arrays one after the other, without a copy of the only one."""
    return arrays[0] if len(arrays) == 1 else np.concatenate(arrays)


def _keys(context: Integers, symbols: NDArray[Any], vocabulary: int, length: int) -> Integers:
    """Keys of the contexts of one length, from the numbers of the contexts one shorter; -1 where there is none."""
    if length == 0:
        return np.zeros(len(symbols), np.int64)
    before = np.concatenate([np.zeros(length, np.int64), symbols[:-length]])[: len(symbols)]
    keys = np.where(context >= 0, context * vocabulary + before, -1)
    keys[:length] = -1
    return keys


def _lookup(sorted_keys: Integers, keys: Integers) -> Integers:
    """Position of each key in `sorted_keys`; -1 for those that do not occur."""
    position = np.minimum(np.searchsorted(sorted_keys, keys), len(sorted_keys) - 1)
    return np.where(sorted_keys[position] == keys, position, -1)
