"""Post-processing of frame probabilities, with settings chosen on the dev split."""

import itertools
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any, Self, final

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from echoic.labelled.frames import BACKGROUND, Frames, Probs
from echoic.metrics.events import class_spans, label_error_rate
from echoic.types import stored

SHORTEST_MS = (0, 5, 10, 15, 20, 40, 100, 300)
PAUSE_MS = (0, 5, 20, 100)
MEDIAN_MS = (0, 20, 50)
HYSTERESIS = (0.0, 0.2, 0.4)
"""Candidate values of the settings."""

_ROUNDS = 2

_MOST_FRAMES, _MOST_MEDIAN_FRAMES = 1_000_000, 10_000
"""Limits of what is read from a run: no choice comes near them."""


@final
@dataclass(frozen=True)
class PostProcessing:
    """Post-processing, in the order of the attributes; the defaults change nothing.

    Attributes:
        median_frames: width of a median filter over the probabilities.
        hysteresis: events start where the total probability of the labels exceeds 0.5 by this margin, and end where it
            falls below 0.5 by it.
        one_label: assigns one label to each run of frames without pause, the most probable over the run.
        pause_frames: shorter pauses between events of one label are closed.
        shortest_frames: shorter events are removed.
    """

    median_frames: int = 1
    hysteresis: float = 0.0
    one_label: bool = False
    pause_frames: int = 1
    shortest_frames: int = 1

    def classes(self, probs: Probs) -> Frames:
        """The class of each frame `(frames,)`, from the probabilities of the classes `(frames, classes)`."""
        smoothed = ndimage.median_filter(probs, (self.median_frames, 1), mode="nearest")
        found = smoothed.argmax(1)
        if self.hysteresis:
            active = _hysteresis(1 - smoothed[:, BACKGROUND], self.hysteresis)
            found = np.where(active, _most_probable_label(smoothed), BACKGROUND)
        if self.one_label:
            for begin, end, _ in class_spans((found != BACKGROUND).astype(np.int64)):
                found[begin:end] = _most_probable_label(smoothed[begin:end].sum(0, keepdims=True))
        return _remove_short(_close_pauses(found, self.pause_frames), self.shortest_frames)

    @classmethod
    def chosen(cls, true: Sequence[Frames], probs: Sequence[Probs], hop_s: float) -> Self:
        """The settings with the lowest label error rate and, among those, the fewest wrong frames.

        Coordinate descent in two rounds, over one setting at a time; ties go to the smallest change.
        """

        def errors(candidate: Self) -> tuple[float, int]:
            found = [candidate.classes(one) for one in probs]
            return label_error_rate(true, found), sum(int((a != b).sum()) for a, b in zip(true, found, strict=True))

        def frames(choices_ms: Sequence[float]) -> list[int]:
            return sorted({max(1, round(ms / 1000 / hop_s)) for ms in choices_ms})

        choices: dict[str, Sequence[Any]] = {
            "shortest_frames": frames(SHORTEST_MS),
            "pause_frames": frames(PAUSE_MS),
            "median_frames": sorted({2 * (count // 2) + 1 for count in frames(MEDIAN_MS)}),
            "hysteresis": HYSTERESIS,
            "one_label": (False, True),
        }
        best = cls()
        for name in [*choices] * _ROUNDS:
            best = min((replace(best, **{name: choice}) for choice in choices[name]), key=errors)
        return best

    def to_json(self) -> dict[str, Any]:
        """Plain JSON values."""
        return asdict(self)

    @classmethod
    def from_json(cls, values: Mapping[str, Any]) -> Self:
        """The inverse of `to_json`.

        Raises:
            ValueError: a field is missing or out of range.
        """
        return cls(
            stored.integer(values, "median_frames", 1, _MOST_MEDIAN_FRAMES),
            stored.number(values, "hysteresis", 0, 0.5),
            stored.flag(values, "one_label"),
            stored.integer(values, "pause_frames", 1, _MOST_FRAMES),
            stored.integer(values, "shortest_frames", 1, _MOST_FRAMES),
        )


def read_postprocessing(calibration: Mapping[str, Any] | None) -> PostProcessing | None:
    """The post-processing in the calibration of a run; None if there is none."""
    chosen = (calibration or {}).get("postprocessing")
    return None if chosen is None else PostProcessing.from_json(chosen)


def _most_probable_label(probs: Probs) -> Frames:
    return np.asarray(probs[:, BACKGROUND + 1 :].argmax(1) + BACKGROUND + 1)


def _hysteresis(probs: Probs, margin: float) -> NDArray[np.bool_]:
    """Whether each frame is in a span above the lower threshold that exceeds the upper one at least once."""
    spans, _ = ndimage.label(probs > 0.5 - margin)
    reached = np.unique(spans[probs > 0.5 + margin])
    return np.isin(spans, reached[reached > 0])


def _close_pauses(classes: Frames, min_frames: int) -> Frames:
    """Closes pauses of fewer than `min_frames` frames between two events of one label."""
    classes = classes.copy()
    for (_, end, number), (begin, _, following) in itertools.pairwise(class_spans(classes)):
        if number == following and begin - end < min_frames:
            classes[end:begin] = number
    return classes


def _remove_short(classes: Frames, min_frames: int) -> Frames:
    """Removes events of fewer than `min_frames` frames."""
    classes = classes.copy()
    for begin, end, _ in class_spans(classes):
        if end - begin < min_frames:
            classes[begin:end] = BACKGROUND
    return classes
