"""The baselines of event detectors, fitted after training and kept in the run folder."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Self, final

import numpy as np
import torch

from echoic.baselines.frames import EnergyThreshold, LogisticRegression, MajorityFrame

if TYPE_CHECKING:
    from echoic.jobs.detect.task import DetectTask


@final
@dataclass(frozen=True, eq=False)
class FrameBaselines:
    """A logistic regression on single frames; an energy threshold for sound, the most frequent class for sensors."""

    regression: LogisticRegression
    constant: EnergyThreshold | MajorityFrame

    @classmethod
    def fit(cls, task: "DetectTask") -> Self:
        """Fits to the train split."""
        training = torch.cat(task.steps["train"])
        classes = np.concatenate(task.classes_of(task.series("train"), task.steps["train"]))
        regression = LogisticRegression.fit(training, classes, len(task.labels) + 1)
        is_sound = task.features.mel is not None
        return cls(regression, EnergyThreshold.fit(training, classes) if is_sound else MajorityFrame.fit(classes))

    @property
    def rows(self) -> Mapping[str, LogisticRegression | EnergyThreshold | MajorityFrame]:
        """The baselines by name."""
        name = "majority" if isinstance(self.constant, MajorityFrame) else "energy_threshold"
        return {"logistic_regression": self.regression, name: self.constant}

    def to_json(self) -> dict[str, Any]:
        """The fitted state as plain JSON values; arrays are packed."""
        return {name: row.to_json() for name, row in self.rows.items()}

    @classmethod
    def from_json(cls, state: Mapping[str, Any]) -> Self:
        """The inverse of `to_json`."""
        regression = LogisticRegression.from_json(state["logistic_regression"])
        if "majority" in state:
            return cls(regression, MajorityFrame.from_json(state["majority"]))
        return cls(regression, EnergyThreshold.from_json(state["energy_threshold"]))

    def check(self, task: "DetectTask") -> None:
        """Tries them on one frame.

        Raises:
            ValueError: they are not of the labels and the values of the run.
        """
        classes = len(task.labels) + 1
        fits = self.regression.weight.shape == (classes, task.features.values)
        if not fits or self.constant.majority_class >= classes:
            raise ValueError("they must be of the labels and the values of the run")
