"""Making what a network says of frames steadier, in the way that dev chooses."""

import itertools
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any, Self, final

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from echoic.labelled.frames import NOTHING, Frames, Shares
from echoic.metrics.events import class_spans, label_error_rate

SHORTEST_MS = (0, 5, 10, 15, 20, 40, 100, 300)
PAUSE_MS = (0, 5, 20, 100)
MEDIAN_MS = (0, 20, 50)
HYSTERESIS = (0.0, 0.2, 0.4)
"""What dev chooses from."""

_ROUNDS = 2


@final
@dataclass(frozen=True)
class PostProcessing:
    """Steps that follow each other; those of the default change nothing.

    `median_frames`: each probability becomes the median of so many around it. `hysteresis`: an event begins where the
    chance of any is above a half by as much, and lasts while it is not below a half by as much. `one_label`: what has
    no pause in it gets one label, the likeliest in all of it. `pause_frames`: pauses within a label that are shorter
    are closed. `shortest_frames`: events that are shorter then are removed.
    """

    median_frames: int = 1
    hysteresis: float = 0.0
    one_label: bool = False
    pause_frames: int = 1
    shortest_frames: int = 1

    def classes(self, shares: Shares) -> Frames:
        """The class of each frame `(frames,)`, from the probabilities of the classes `(frames, classes)`."""
        steady = ndimage.median_filter(shares, (self.median_frames, 1), mode="nearest")
        found = steady.argmax(1)
        if self.hysteresis:
            found = np.where(_lasting(1 - steady[:, NOTHING], self.hysteresis), _likeliest_label(steady), NOTHING)
        if self.one_label:
            for begin, end, _ in class_spans((found != NOTHING).astype(np.int64)):
                found[begin:end] = _likeliest_label(steady[begin:end].sum(0, keepdims=True))
        return _without_short(_closed(found, self.pause_frames), self.shortest_frames)

    @classmethod
    def chosen(cls, true: Sequence[Frames], shares: Sequence[Shares], hop_s: float) -> Self:
        """The way with fewest edits between the strings of labels, and of those the one with fewest wrong frames.

        Choice after choice is made with the others as they are, twice over; of equals the one that changes least is
        taken.
        """

        def errors(way: Self) -> tuple[float, int]:
            told = [way.classes(one) for one in shares]
            return label_error_rate(true, told), sum(int((a != b).sum()) for a, b in zip(true, told, strict=True))

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
        """The inverse of `to_json`."""
        return cls(**values)


def read_postprocessing(calibration: Mapping[str, Any] | None) -> PostProcessing | None:
    """The post-processing that dev chose, from a run's calibration; None without one."""
    chosen = (calibration or {}).get("postprocessing")
    return None if chosen is None else PostProcessing.from_json(chosen)


def _likeliest_label(shares: Shares) -> Frames:
    return np.asarray(shares[:, NOTHING + 1 :].argmax(1) + NOTHING + 1)


def _lasting(chance: Shares, margin: float) -> NDArray[np.bool_]:
    """Whether frames belong to a stretch above the lower threshold that reaches the upper one somewhere."""
    stretches, _ = ndimage.label(chance > 0.5 - margin)
    reached = np.unique(stretches[chance > 0.5 + margin])
    return np.isin(stretches, reached[reached > 0])


def _closed(classes: Frames, shortest: int) -> Frames:
    """Without pauses of fewer than `shortest` frames between two events of one label."""
    classes = classes.copy()
    for (_, end, number), (begin, _, next_step_batch) in itertools.pairwise(class_spans(classes)):
        if number == next_step_batch and begin - end < shortest:
            classes[end:begin] = number
    return classes


def _without_short(classes: Frames, shortest: int) -> Frames:
    """Without events of fewer than `shortest` frames."""
    classes = classes.copy()
    for begin, end, _ in class_spans(classes):
        if end - begin < shortest:
            classes[begin:end] = NOTHING
    return classes
