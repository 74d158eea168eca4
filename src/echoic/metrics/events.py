"""Scores of event detection: by frame, by label sequence, by segment and by event."""

from collections.abc import Sequence
from typing import Protocol

import numpy as np
from jaxtyping import Bool, Int
from numpy.typing import NDArray

Frames = Int[NDArray[np.int64], "_"]
"""The class of each frame; 0 is none."""

Activity = Bool[NDArray[np.bool_], "_ labels"]
"""Whether each label is active in any frame of each segment, `(segments, labels)`."""


class TimeInterval(Protocol):
    """A labelled time interval."""

    @property
    def onset_s(self) -> float: ...  # noqa: D102
    @property
    def offset_s(self) -> float: ...  # noqa: D102
    @property
    def label(self) -> str: ...  # noqa: D102


def class_spans(frames: Frames) -> list[tuple[int, int, int]]:
    """Runs of one class other than 0, as begin, end (exclusive) and class."""
    edges = np.flatnonzero(np.diff(frames)) + 1
    begins, ends = [0, *edges.tolist()], [*edges.tolist(), len(frames)]
    return [(begin, end, int(frames[begin])) for begin, end in zip(begins, ends, strict=True) if frames[begin]]


def edit_distance(one: Sequence[object], other: Sequence[object]) -> int:
    """The Levenshtein distance: the fewest insertions, deletions and substitutions between two sequences."""
    row = list(range(len(other) + 1))
    for position, own in enumerate(one, 1):
        before, row[0] = row[0], position
        for at, others in enumerate(other, 1):
            before, row[at] = row[at], min(row[at] + 1, row[at - 1] + 1, before + (own != others))
    return row[-1]


def label_error_rate(true: Sequence[Frames], predicted: Sequence[Frames]) -> float:
    """Edit distance between true and predicted label sequences per true label (the syllable error rate of TweetyNet).

    Adjacent events of one label without a frame between them are merged, in the reference and in the prediction.
    """
    label_strings = [
        [[label for _, _, label in class_spans(frames)] for frames in frames_of_side]
        for frames_of_side in (true, predicted)
    ]
    num_edits = sum(edit_distance(truth, estimate) for truth, estimate in zip(*label_strings, strict=True))
    return num_edits / max(sum(len(truth) for truth in label_strings[0]), 1)


def num_transitions(frames: Frames) -> int:
    """Number of changes of class."""
    return int((frames[1:] != frames[:-1]).sum())


def segment_scores(true: Sequence[Activity], predicted: Sequence[Activity]) -> tuple[float, float]:
    """Segment-based F1 and error rate of the recordings (Mesaros 2016).

    The error rate is the number of substitutions, deletions and insertions per active label of the reference.
    """
    hits = deletions = insertions = errors = 0
    for truth, estimate in zip(true, predicted, strict=True):
        missed, extra = (truth & ~estimate).sum(1), (estimate & ~truth).sum(1)
        hits += int((truth & estimate).sum())
        deletions, insertions = deletions + int(missed.sum()), insertions + int(extra.sum())
        errors += int(np.maximum(missed, extra).sum())
    f1 = 2 * hits / (2 * hits + deletions + insertions) if hits + deletions + insertions else 1.0
    return f1, errors / max(hits + deletions, 1)


def count_matches(true: Sequence[TimeInterval], predicted: Sequence[TimeInterval], collar_s: float) -> int:
    """Number of true events matched by a prediction: same label, and onset and offset within the collar.

    For offsets the collar is at least a fifth of the event's length (Mesaros 2016). Matches are one to one, in order
    of time.
    """
    hits, unmatched = 0, list(predicted)
    for event in true:
        reach = max(collar_s, 0.2 * (event.offset_s - event.onset_s))
        for position, candidate in enumerate(unmatched):
            if candidate.onset_s > event.onset_s + collar_s + 1e-9:
                break
            if (
                candidate.label == event.label
                and abs(candidate.onset_s - event.onset_s) <= collar_s + 1e-9
                and abs(candidate.offset_s - event.offset_s) <= reach + 1e-9
            ):
                hits += 1
                unmatched.pop(position)
                break
    return hits
