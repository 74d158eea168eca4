"""Evaluation of classifiers next to their baselines."""

import statistics
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple, final

import numpy as np
from numpy.typing import NDArray
from torch import Tensor

from echoic.errors import DataError
from echoic.jobs.base import Fitted
from echoic.jobs.classify.baselines import ClipBaselines
from echoic.jobs.classify.calibration import network_probabilities
from echoic.jobs.classify.combination import Combination
from echoic.jobs.classify.labelling import Labelling
from echoic.jobs.classify.reading import labelled_clips
from echoic.jobs.classify.task import ClassifyTask
from echoic.jobs.from_training import from_training_data
from echoic.labelled.new_sound import notes_on_series
from echoic.metrics.evaluation import Evaluation
from echoic.metrics.paired import ItemErrors, group_numbers, joined
from echoic.progress import ProgressFn, no_progress
from echoic.types import Series

MAX_MISTAKES = 10

MAX_CONFUSIONS = 20


class Mistake(NamedTuple):
    """A misclassified clip: its label, the predicted one, and the confidence in that."""

    clip: str
    label: str
    predicted: str
    confidence: float


@final
@dataclass(frozen=True, eq=False, repr=False)
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
        """Number of clips, the worst mistakes, the most frequent confusions of classes, and scores of each class."""
        confusions = self.labelling.confusions(self.true, self.probabilities)
        by_class = self.labelling.by_class(self.true, self.probabilities)
        found = {
            "clips": len(self.clips),
            "most_confused": [one._asdict() for one in self.mistakes],
            "confusions": [one._asdict() for one in confusions[:MAX_CONFUSIONS]],
            "by_class": {name: scores._asdict() for name, scores in by_class.items()},
        }
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
        DataError: there are no clips, or the network was trained on them as dev.
    """
    task = fitted.task
    if data is None and split == "dev" and task.should_refit:
        raise DataError(
            "The network was refitted on train and dev (`refit`), so that scores on dev would be too good; give new "
            "data, or train with --no-refit."
        )
    part = None if data is None else labelled_clips(task, data)
    new = None if part is None else part.series
    clips = task.require_series(split) if new is None else new
    steps = task.steps_of(split, new, on_progress)
    true = task.labelling.targets(clips)
    probabilities = probabilities_of(fitted, steps, on_progress)
    none: tuple[dict[str, NDArray[np.float64]], tuple[str, ...]] = ({}, ())
    found, missing = from_training_data(lambda: _baselines(fitted, steps), none, "all baselines are")
    baselines, limits = found
    groups = group_numbers([clip.annotations.group for clip in clips])
    return ClassifyEvaluation(
        task.labelling.scores(true, probabilities),
        {name: task.labelling.scores(true, row) for name, row in baselines.items()},
        task.labelling,
        tuple(clip.name for clip in clips),
        true,
        probabilities,
        notes=(() if part is None else part.notes) + limits + missing + _lower_rate(task, new),
        item_errors=ItemErrors(
            "clips" if groups is None else "groups of clips",
            task.labelling.headline_errors(true, probabilities),
            {name: task.labelling.headline_errors(true, row) for name, row in baselines.items()},
            groups=groups,
        ),
    )


def _lower_rate(task: ClassifyTask, new: Sequence[Series] | None) -> tuple[str, ...]:
    mel = task.features.mel
    return () if new is None or mel is None else notes_on_series(new, mel.rate_hz)


def probabilities_of(
    fitted: Fitted[ClassifyTask],
    steps: Sequence[Tensor],
    on_progress: ProgressFn = no_progress,
) -> NDArray[np.float64]:
    """Predicted probabilities `(clips, labels)` for the features `steps` of each clip."""
    network = network_probabilities(fitted.task, fitted.model, steps, on_progress)
    combination = combination_of(fitted)
    if combination.convolutions is None:
        return network
    return combination.apply(network, combination.convolutions.predict_probs(steps))


def combination_of(fitted: Fitted[ClassifyTask]) -> Combination:
    """The combination of the network with random convolutions; the network alone before it is calibrated."""
    return Combination(1.0, None) if fitted.calibration is None else Combination.from_json(fitted.calibration)


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
        notes=tuple(dict.fromkeys(note for fold in folds for note in fold.notes)),
        item_errors=joined([fold.item_errors for fold in folds if fold.item_errors is not None]),
    )


def _mean(rows: Sequence[dict[str, float]]) -> dict[str, float]:
    """The mean of each score over the folds that have it."""
    names = dict.fromkeys(name for row in rows for name in row)
    return {name: statistics.fmean(row[name] for row in rows if name in row) for name in names}


def _baselines(
    fitted: Fitted[ClassifyTask], steps: Sequence[Tensor]
) -> tuple[dict[str, NDArray[np.float64]], tuple[str, ...]]:
    """The probabilities of the baselines, from the run folder or fitted again, and notes on limits."""
    own, kept = combination_of(fitted).convolutions, fitted.baselines
    baselines = ClipBaselines.fit(fitted.task, own) if kept is None else ClipBaselines.from_json(kept)
    return baselines.probabilities(fitted.task, steps, own)
