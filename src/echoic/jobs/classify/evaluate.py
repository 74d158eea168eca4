"""Evaluation of classifiers next to their baselines."""

import statistics
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple, final

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from echoic.errors import DataError
from echoic.jobs.base import Fitted
from echoic.jobs.classify.labelling import Labelling
from echoic.jobs.classify.task import ClassifyTask
from echoic.labelled.batches import clip_batches
from echoic.labelled.task import EVAL_BATCH_SIZE
from echoic.metrics.evaluation import Evaluation
from echoic.progress import ProgressFn, no_progress
from echoic.sources import as_path, read
from echoic.sources.clips import settings_for
from echoic.types import Series

MAX_MISTAKES = 10


class Mistake(NamedTuple):
    """A misclassified clip: its label, the predicted one, and the confidence in that."""

    clip: str
    label: str
    predicted: str
    confidence: float


@final
@dataclass(frozen=True, eq=False)
class ClassifyEvaluation(Evaluation):
    """Scores over `clips` (names), with their targets `true` and the predicted `probabilities` `(clips, labels)`."""

    labelling: Labelling
    clips: tuple[str, ...]
    true: NDArray[np.int64]
    probabilities: NDArray[np.float64]
    folds: tuple[dict[str, float], ...] = ()
    """The scores of each fold of cross-validation."""

    @property
    def headline(self) -> str:
        """Accuracy, or F1 with several labels per clip."""
        return self.labelling.headline

    @property
    def description(self) -> str:
        """Number of clips and labels, and the spread over folds."""
        clips, headline = self.labelling.describe(len(self.clips)), self.labelling.headline
        if not self.folds:
            return clips
        spread = statistics.stdev(fold[headline] for fold in self.folds)
        name = headline.replace("_", " ")
        return f"{clips}, mean of {len(self.folds)} folds; standard deviation of {name} between folds: {spread:.3g}"

    @property
    def mistakes(self) -> list[Mistake]:
        """The misclassified clips with the largest errors, the worst first."""
        predicted, confidence = self.labelling.predict(self.probabilities)
        wrong = np.flatnonzero((predicted != self.true).any(1))
        order = np.argsort(-self.labelling.errors(self.true, self.probabilities)[wrong], kind="stable")
        worst = wrong[order][:MAX_MISTAKES]
        true_names, predicted_names = (self.labelling.format(targets[worst]) for targets in (self.true, predicted))
        names = [self.clips[number] for number in worst]
        return list(map(Mistake, names, true_names, predicted_names, confidence[worst].tolist()))

    @property
    def details(self) -> dict[str, Any]:
        """Number of clips, and the worst mistakes."""
        found = {"clips": len(self.clips), "most_confused": [one._asdict() for one in self.mistakes]}
        return found | ({"folds": list(self.folds)} if self.folds else {})


def evaluate(
    fitted: Fitted[ClassifyTask],
    data: Any,
    split: str,
    on_progress: ProgressFn = no_progress,
) -> ClassifyEvaluation:
    """Scores over the clips of a split, or of new `data`.

    One label per clip: accuracy, macro F1, nats per clip and calibration error. Several: macro and micro F1, mean
    average precision, exact match and nats per clip.

    Raises:
        DataError: there are no clips.
    """
    task = fitted.task
    new = None if data is None else _read(task, data)
    clips = task.require_series(split) if new is None else new
    steps = task.steps_of(split, new, on_progress)
    true = task.labelling.targets(clips)
    probabilities = probabilities_of(fitted, steps, on_progress)
    return ClassifyEvaluation(
        task.labelling.scores(true, probabilities),
        _baselines(task, steps, true),
        task.labelling,
        tuple(clip.name for clip in clips),
        true,
        probabilities,
    )


@torch.no_grad()
def probabilities_of(
    fitted: Fitted[ClassifyTask],
    steps: Sequence[Tensor],
    on_progress: ProgressFn = no_progress,
) -> NDArray[np.float64]:
    """Predicted probabilities `(clips, labels)` for the features `steps` of each clip."""
    task = fitted.task
    no_targets = torch.zeros(len(steps), 1)
    batches = clip_batches(steps, no_targets, EVAL_BATCH_SIZE, multiple=task.settings.encoder.conv_stride)
    fitted.model.eval()
    probabilities = []
    for number, batch in enumerate(batches.epoch(0, 0), 1):
        params, _ = fitted.model(batch.inputs, lengths=batch.lengths)
        probabilities.append(task.labelling.probabilities(params))
        on_progress(number, len(batches))
    return np.concatenate(probabilities)


def aggregate_folds(folds: Sequence[ClassifyEvaluation]) -> ClassifyEvaluation:
    """Cross-validation: the mean score over all folds, and the clips of all of them."""
    return ClassifyEvaluation(
        _mean([fold.scores for fold in folds]),
        {name: _mean([fold.baselines[name] for fold in folds]) for name in folds[0].baselines},
        folds[0].labelling,
        tuple(name for fold in folds for name in fold.clips),
        np.concatenate([fold.true for fold in folds]),
        np.concatenate([fold.probabilities for fold in folds]),
        tuple(fold.scores for fold in folds),
    )


def _mean(rows: Sequence[dict[str, float]]) -> dict[str, float]:
    """The mean of each score over the folds that have it."""
    names = dict.fromkeys(name for row in rows for name in row)
    return {name: statistics.fmean(row[name] for row in rows if name in row) for name in names}


def _read(task: ClassifyTask, data: Any) -> Sequence[Series]:
    path = as_path(data)
    if path.suffix.lower() == ".npy":
        raise DataError(f"{data}: an array has no labels; pass it to `train` as --test-data, and evaluate that.")
    return read(path, settings_for(path, task.new_data)).series


def _baselines(task: ClassifyTask, steps: Sequence[Tensor], true: NDArray[np.int64]) -> dict[str, dict[str, float]]:
    training = task.labelling.targets(task.series("train"))
    rows = task.labelling.baselines(training, _summaries(task.steps["train"]), _summaries(steps))
    return {name: task.labelling.scores(true, row) for name, row in rows.items()}


def _summaries(steps: Sequence[Tensor]) -> NDArray[np.float64]:
    """The mean and standard deviation of each feature of each clip, `(clips, 2 * values)`."""
    return np.stack([torch.cat([clip.mean(0), clip.std(0, correction=0)]).double().numpy() for clip in steps])
