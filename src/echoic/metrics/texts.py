"""Scores of texts: errors of characters and words, and lines without one."""

from collections.abc import Sequence
from difflib import SequenceMatcher

import numpy as np
from numpy.typing import NDArray

from echoic.metrics.events import edit_distance

Counts = NDArray[np.float64]


def error_counts(true: Sequence[Sequence[object]], found: Sequence[Sequence[object]]) -> tuple[Counts, Counts]:
    """The edits that make each of the `found` sequences the `true` one, and the lengths of these."""
    edits = [edit_distance(one, other) for one, other in zip(true, found, strict=True)]
    return np.array(edits, np.float64), np.array([len(one) for one in true], np.float64)


def differences(true: str, found: str) -> tuple[list[tuple[str, bool]], list[tuple[str, bool]]]:
    """Both texts in pieces, each with whether the other text lacks it."""
    blocks = SequenceMatcher(None, true, found, autojunk=False).get_opcodes()
    return (
        [(true[begin:end], kind != "equal") for kind, begin, end, _, _ in blocks if end > begin],
        [(found[begin:end], kind != "equal") for kind, _, _, begin, end in blocks if end > begin],
    )


def error_rate(true: Sequence[Sequence[object]], found: Sequence[Sequence[object]]) -> float:
    """Edits per true symbol over all texts; may exceed 1."""
    edits, lengths = error_counts(true, found)
    return float(edits.sum() / max(lengths.sum(), 1))


def text_scores(true: Sequence[str], found: Sequence[str]) -> dict[str, float]:
    """The error rates of characters and of words, and the fraction of exact lines."""
    return {
        "character_error_rate": error_rate(true, found),
        "word_error_rate": error_rate([one.split() for one in true], [one.split() for one in found]),
        "exact_lines": float(np.mean([one == other for one, other in zip(true, found, strict=True)])),
    }
