"""The baselines of event detectors, fitted after training and kept in the run folder."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Self, final

import numpy as np
import torch
from torch import Tensor

from echoic.baselines.frames import EnergyThreshold, Frames, LogisticRegression, MajorityFrame
from echoic.labelled.tracks import TrackFrames

if TYPE_CHECKING:
    from echoic.jobs.detect.task import DetectTask


@final
@dataclass(frozen=True, eq=False)
class _OnTrack:
    """The baselines of one track of labels."""

    regression: LogisticRegression
    constant: EnergyThreshold | MajorityFrame

    @classmethod
    def fit(cls, training: Tensor, classes: Frames, num_classes: int, *, is_sound: bool) -> Self:
        regression = LogisticRegression.fit(training, classes, num_classes)
        return cls(regression, EnergyThreshold.fit(training, classes) if is_sound else MajorityFrame.fit(classes))

    @property
    def rows(self) -> dict[str, LogisticRegression | EnergyThreshold | MajorityFrame]:
        name = "majority" if isinstance(self.constant, MajorityFrame) else "energy_threshold"
        return {"logistic_regression": self.regression, name: self.constant}

    @classmethod
    def from_json(cls, state: Mapping[str, Any]) -> Self:
        regression = LogisticRegression.from_json(state["logistic_regression"])
        if "majority" in state:
            return cls(regression, MajorityFrame.from_json(state["majority"]))
        return cls(regression, EnergyThreshold.from_json(state["energy_threshold"]))

    def fits(self, num_classes: int, values: int) -> bool:
        """Whether they are of so many classes and values."""
        return self.regression.weight.shape == (num_classes, values) and self.constant.majority_class < num_classes


@final
@dataclass(frozen=True, eq=False)
class FrameBaselines:
    """A logistic regression on single frames; an energy threshold for sound, the most frequent class for sensors.

    Labels that overlap have baselines of their own.
    """

    tracks: Sequence[_OnTrack]

    @classmethod
    def fit(cls, task: "DetectTask") -> Self:
        """Fits to the train split."""
        training = torch.cat(task.steps["train"])
        frames = np.concatenate(task.frames_of(task.series("train"), task.steps["train"]), 1)
        is_sound = task.features.mel is not None
        return cls([_OnTrack.fit(training, own, task.tracks.num_classes, is_sound=is_sound) for own in frames])

    @property
    def names(self) -> Sequence[str]:
        """The names of the baselines."""
        return list(self.tracks[0].rows)

    def predict(self, name: str, values: Tensor) -> TrackFrames:
        """The classes of frames `(frames, values)` on each track by a baseline."""
        return np.stack([one.rows[name].predict(values) for one in self.tracks])

    def to_json(self) -> dict[str, Any]:
        """The fitted state as plain JSON values; arrays are packed. Of several tracks, a list."""
        states = [{name: row.to_json() for name, row in one.rows.items()} for one in self.tracks]
        return states[0] if len(states) == 1 else {"tracks": states}

    @classmethod
    def from_json(cls, state: Mapping[str, Any]) -> Self:
        """The inverse of `to_json`.

        Raises:
            ValueError: there are no tracks.
        """
        tracks = [_OnTrack.from_json(one) for one in state.get("tracks", [state])]
        if not tracks or any(one.rows.keys() != tracks[0].rows.keys() for one in tracks):
            raise ValueError("every track must have the same baselines")
        return cls(tracks)

    def check(self, task: "DetectTask") -> None:
        """Checks their shapes.

        Raises:
            ValueError: they are not of the labels and the values of the run.
        """
        counts_fit = len(self.tracks) == len(task.tracks.rows)
        if not counts_fit or not all(one.fits(task.tracks.num_classes, task.features.values) for one in self.tracks):
            raise ValueError("they must be of the labels and the values of the run")
