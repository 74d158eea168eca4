"""The baselines of classifiers, fitted after training and kept in the run folder."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Self, final

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from echoic.baselines.packed import pack, unpack
from echoic.baselines.random_convolutions import RandomConvolutions
from echoic.baselines.warping import WarpingNeighbor, evenly_by_class
from echoic.jobs.classify.calibration import fit_convolutions
from echoic.types import stored

if TYPE_CHECKING:
    from echoic.jobs.classify.task import ClassifyTask

Values = NDArray[np.float64]

MAX_KEPT_VALUES = 2_000_000
"""Numbers in the training clips that a run folder keeps for time warping; of more clips it keeps some."""


@final
@dataclass(frozen=True, eq=False)
class TrainingClips:
    """The features `(steps, values)` and the class of each training clip, which time warping compares with.

    They are all of the `total` training clips, or some of each class.
    """

    steps: Sequence[Tensor]
    classes: NDArray[np.int64]
    total: int

    @classmethod
    def of(cls, steps: Sequence[Tensor], classes: NDArray[np.int64]) -> Self:
        """As many of the clips as a run folder keeps."""
        values = sum(one.numel() for one in steps)
        kept = evenly_by_class(classes, max(1, len(steps) * MAX_KEPT_VALUES // values))
        return cls([steps[number] for number in kept], classes[kept], len(steps))

    def to_json(self) -> dict[str, Any]:
        """The clips as plain JSON values; arrays are packed."""
        return {
            "steps": pack(torch.cat(list(self.steps)).numpy()),
            "lengths": [len(one) for one in self.steps],
            "classes": self.classes.tolist(),
            "total": self.total,
        }

    @classmethod
    def from_json(cls, state: Mapping[str, Any]) -> Self:
        """The inverse of `to_json`."""
        steps = torch.from_numpy(unpack(state, "steps", None, None)).split(state["lengths"])
        classes = stored.array(state, "classes", len(steps)).astype(np.int64)
        return cls(steps, classes, stored.integer(state, "total", len(steps), 1 << 50))


@final
@dataclass(frozen=True, eq=False)
class ClipBaselines:
    """What the baselines of a task learned from its training clips.

    `simple` are those of the labelling. For sensor series with one label there are `clips` for time warping, and random
    convolutions, unless the model itself has some.
    """

    simple: Mapping[str, Any]
    clips: TrainingClips | None
    convolutions: RandomConvolutions | None

    @classmethod
    def fit(cls, task: "ClassifyTask", own: RandomConvolutions | None) -> Self:
        """Fits to the clips that the network learned from; `own` are the random convolutions of the model."""
        steps, targets = task.labelled_steps(*task.fitted_splits)
        simple = task.labelling.fit_baselines(targets, _summaries(steps))
        if not task.has_slow_baselines:
            return cls(simple, None, None)
        fitted = fit_convolutions(task, task.fitted_splits, 0) if own is None else None
        return cls(simple, TrainingClips.of(steps, targets[:, 0]), fitted)

    def to_json(self) -> dict[str, Any]:
        """The fitted state as plain JSON values; arrays are packed."""
        return {
            "simple": dict(self.simple),
            "clips": None if self.clips is None else self.clips.to_json(),
            "random_convolutions": None if self.convolutions is None else self.convolutions.to_json(),
        }

    @classmethod
    def from_json(cls, state: Mapping[str, Any]) -> Self:
        """The inverse of `to_json`."""
        clips, convolutions = state["clips"], state["random_convolutions"]
        return cls(
            state["simple"],
            None if clips is None else TrainingClips.from_json(clips),
            None if convolutions is None else RandomConvolutions.from_json(convolutions),
        )

    def check(self, task: "ClassifyTask") -> None:
        """Tries the quick ones on one clip.

        Raises:
            ValueError: they are not of the values and the classes of the run.
        """
        values, classes = task.features.values, len(task.classes)
        for name, row in task.labelling.baselines(self.simple, _summaries([torch.zeros(2, values)])).items():
            if np.shape(row) != (1, classes) or not np.isfinite(row).all():
                raise ValueError(f"`simple.{name}` must predict a probability for each class of the run")
        if self.clips is not None:
            inside = (self.clips.classes >= 0) & (self.clips.classes < classes)
            if not inside.all() or self.clips.steps[0].shape[1] != values:
                raise ValueError("`clips` must be of the values and the classes of the run")
        if self.convolutions is not None:
            check_convolutions(self.convolutions, values, classes)

    def probabilities(
        self, task: "ClassifyTask", steps: Sequence[Tensor], own: RandomConvolutions | None
    ) -> tuple[dict[str, Values], tuple[str, ...]]:
        """The probabilities `(clips, labels)` of each baseline for the features of clips, and notes on limits."""
        rows, notes = dict(task.labelling.baselines(self.simple, _summaries(steps))), list[str]()
        if self.clips is not None:
            arrays = _arrays(self.clips.steps)
            fitted = WarpingNeighbor.fit(arrays, self.clips.classes, len(task.classes), len(steps))
            warping = replace(fitted, training=self.clips.total)
            rows["dtw_neighbor"] = warping.predict_probs(_arrays(steps))
            notes += _limited("dtw_neighbor", warping.limits)
        convolutions = own or self.convolutions
        if convolutions is not None and task.has_slow_baselines:
            rows["random_convolutions"] = convolutions.predict_probs(steps)
            notes += _limited("random_convolutions", convolutions.limits)
        return rows, tuple(notes)


def check_convolutions(convolutions: RandomConvolutions, values: int, classes: int) -> None:
    """Checks the number of values per step, and of classes, of random convolutions.

    Raises:
        ValueError: they are of others.
    """
    if (convolutions.kernels[0].weights.shape[1], len(convolutions.intercept)) != (values, classes):
        raise ValueError("`random_convolutions` must be of the values and the classes of the run")


def _limited(name: str, limits: Sequence[str]) -> list[str]:
    return [f"{name} uses {' and '.join(limits)}, to save time"] if limits else []


def _arrays(steps: Sequence[Tensor]) -> list[Values]:
    return [clip.double().numpy() for clip in steps]


def _summaries(steps: Sequence[Tensor]) -> Values:
    """The mean and standard deviation of each feature of each clip, `(clips, 2 * values)`."""
    return np.stack([torch.cat([clip.mean(0), clip.std(0, correction=0)]).double().numpy() for clip in steps])
