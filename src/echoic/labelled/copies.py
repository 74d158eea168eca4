"""Clips and recordings that occur more than once: twice, with different labels, or in train and in test."""

import hashlib
from collections.abc import Mapping, Sequence
from itertools import chain
from typing import Any

from echoic.sources.examples import Examples
from echoic.types import Series
from echoic.windows import SPLITS


def copy_notes(series: Sequence[Series], splits: Mapping[str, Sequence[int]], one: str) -> list[str]:
    """Sentences on series with the same content as another one; `one` is the noun for a series.

    Series that are in no split are counted, too, as long as another one has their content.
    """
    groups = dict[str, list[int]]()
    for number, item in enumerate(series):
        groups.setdefault(_digest(item), []).append(number)
    copies = [numbers for numbers in groups.values() if len(numbers) > 1]
    if not copies:
        return []
    split_of = {number: split for split in SPLITS for number in splits[split]}
    pairs = [(numbers[0], other) for numbers in copies for other in numbers[1:]]
    labelled = [(first, other) for first, other in pairs if _targets(series[first]) != _targets(series[other])]
    target = "labels" if series[0].annotations.text is None else "texts"
    leaks = list(chain.from_iterable(_leaks(numbers, split_of) for numbers in copies))
    candidates = {
        f"With the same content as another {one}: {_listed(series, pairs, one)}.": pairs,
        f"With the same content as another {one}, but different {target}: {_listed(series, labelled, one)}.": labelled,
        f"With the same content in two of train, dev and test, so that scores are too good: "
        f"{_listed(series, leaks, one)}.": leaks,
    }
    return [note for note, applies in candidates.items() if applies]


def _digest(series: Series) -> str:
    return hashlib.blake2b(repr(series.values.shape).encode() + series.values.tobytes(), digest_size=16).hexdigest()


def _targets(series: Series) -> Any:
    """Labels, events or text."""
    return series.annotations.labels, series.annotations.events, series.annotations.text


def _leaks(numbers: Sequence[int], split_of: Mapping[int, str]) -> list[tuple[int, int]]:
    """Pairs of a series and one in a later split, for copies of one content."""
    placed = sorted((SPLITS.index(split_of[number]), number) for number in numbers if number in split_of)
    return [(placed[0][1], number) for place, number in placed if place > placed[0][0]]


def _listed(series: Sequence[Series], pairs: Sequence[tuple[int, int]], one: str) -> str:
    """`3 clips, such as b.wav like a.wav`."""
    return Examples.of(f"{series[other].name} like {series[first].name}" for first, other in pairs).as_text(one)
