"""How well events in time are found: frame by frame, as a string of labels, by segments, and one by one."""

from collections.abc import Sequence
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

Frames = NDArray[np.int64]


class Timed(Protocol):
    """What is there from when to when."""

    @property
    def onset_s(self) -> float: ...  # noqa: D102
    @property
    def offset_s(self) -> float: ...  # noqa: D102
    @property
    def label(self) -> str: ...  # noqa: D102


def runs(frames: Frames) -> list[tuple[int, int, int]]:
    """Stretches of one class: begin, end (not included) and class; class 0 is left out."""
    edges = np.flatnonzero(np.diff(frames)) + 1
    begins, ends = [0, *edges.tolist()], [*edges.tolist(), len(frames)]
    return [(begin, end, int(frames[begin])) for begin, end in zip(begins, ends, strict=True) if frames[begin]]


def edit_distance(one: Sequence[object], other: Sequence[object]) -> int:
    """The fewest insertions, deletions and replacements that make one string of the other (Levenshtein 1966)."""
    row = list(range(len(other) + 1))
    for place, mine in enumerate(one, 1):
        before, row[0] = row[0], place
        for at, theirs in enumerate(other, 1):
            before, row[at] = row[at], min(row[at] + 1, row[at - 1] + 1, before + (mine != theirs))
    return row[-1]


def string_error(true: Sequence[Frames], told: Sequence[Frames]) -> float:
    """Edits between the labels in their order, of what frames say, for each label that there is (as in TweetyNet).

    Neighbours of one label with no frame between them are one, in truth and in what is told.
    """
    strings = [[[label for _, _, label in runs(frames)] for frames in side] for side in (true, told)]
    edits = sum(edit_distance(real, said) for real, said in zip(*strings, strict=True))
    return edits / max(sum(len(real) for real in strings[0]), 1)


def switches(frames: Frames) -> int:
    """How often the class changes."""
    return int((frames[1:] != frames[:-1]).sum())


def segment_scores(true: Sequence[Frames], told: Sequence[Frames], segment_frames: int) -> tuple[float, float]:
    """F1 and error rate over segments, in which a class is there if any frame has it (Mesaros 2016).

    The error rate counts in each segment substitutions, deletions and insertions, and divides by the classes that are
    there in truth.
    """
    hits = misses = extras = errors = 0
    for real, said in zip(true, told, strict=True):
        for at in range(0, len(real), segment_frames):
            there, claimed = (set(row[at : at + segment_frames].tolist()) - {0} for row in (real, said))
            missed, extra = len(there - claimed), len(claimed - there)
            hits, misses, extras = hits + len(there & claimed), misses + missed, extras + extra
            errors += max(missed, extra)
    f1 = 2 * hits / (2 * hits + misses + extras) if hits + misses + extras else 1.0
    return f1, errors / max(hits + misses, 1)


def event_hits(true: Sequence[Timed], told: Sequence[Timed], collar_s: float) -> int:
    """How many events were found: the same label, onset within the collar, and offset within it too.

    The offset may differ by a fifth of the event's length if that is more (Mesaros 2016). Pairs are matched one to one,
    in time.
    """
    hits, open_ = 0, list(told)
    for event in true:
        reach = max(collar_s, 0.2 * (event.offset_s - event.onset_s))
        for place, claim in enumerate(open_):
            if claim.onset_s > event.onset_s + collar_s + 1e-9:
                break
            if (
                claim.label == event.label
                and abs(claim.onset_s - event.onset_s) <= collar_s + 1e-9
                and abs(claim.offset_s - event.offset_s) <= reach + 1e-9
            ):
                hits += 1
                open_.pop(place)
                break
    return hits
