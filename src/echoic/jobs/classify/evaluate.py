"""How well a network tells the labels of clips, beside naive ways."""

import statistics
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple, final

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from echoic.errors import DataError
from echoic.jobs.base import Fitted
from echoic.jobs.classify.labelling import Labelling
from echoic.jobs.classify.task import SCORED_BATCH, ClassifyTask
from echoic.labelled.batches import clip_batches
from echoic.metrics.evaluation import Evaluation
from echoic.sources import read
from echoic.types import Series
from echoic.windows import empty_split

MOST_CONFUSED = 10


class Mistake(NamedTuple):
    """A clip, its label, and what it was told to be with how much confidence."""

    clip: str
    label: str
    told: str
    confidence: float


@final
@dataclass(frozen=True, eq=False)
class ClassifyEvaluation(Evaluation):
    """Scores over `clips`, by their names; behind them their targets `true` and `probabilities` `(clips, labels)`."""

    labelling: Labelling
    clips: tuple[str, ...]
    true: NDArray[np.int64]
    probabilities: NDArray[np.float64]
    folds: tuple[dict[str, float], ...] = ()
    """The scores of each fold, if these are those of cross-validation."""

    @property
    def description(self) -> str:
        """What was scored."""
        clips, headline = self.labelling.over(len(self.clips)), self.labelling.headline
        if not self.folds:
            return clips
        spread = statistics.stdev(fold[headline] for fold in self.folds)
        name = headline.replace("_", " ")
        return f"{clips}, mean of {len(self.folds)} folds; {name} differs by {spread:.3g} between them (deviation)"

    @property
    def mistakes(self) -> list[Mistake]:
        """The clips that were told wrongly, the worst first."""
        told, confidence = self.labelling.told(self.probabilities)
        wrong = np.flatnonzero((told != self.true).any(1))
        order = np.argsort(-self.labelling.wrongness(self.true, self.probabilities)[wrong], kind="stable")
        worst = wrong[order][:MOST_CONFUSED]
        labels, words = self.labelling.words(self.true[worst]), self.labelling.words(told[worst])
        names = [self.clips[at] for at in worst]
        return list(map(Mistake, names, labels, words, confidence[worst].tolist()))

    @property
    def details(self) -> dict[str, Any]:
        """How much was scored, and the most confused clips."""
        found = {"clips": len(self.clips), "most_confused": [one._asdict() for one in self.mistakes]}
        return found | ({"folds": list(self.folds)} if self.folds else {})


def evaluate(
    fitted: Fitted[ClassifyTask],
    data: Any,
    split: str,
    on_progress: Callable[[int, int], None] = lambda _done, _all: None,
) -> ClassifyEvaluation:
    """Scores over the clips of a part, or of new `data`.

    One label a clip: accuracy, macro F1, nats a clip and calibration error. Several: macro and micro F1, mean average
    precision, the share of sets that are exactly right, and nats a clip.

    Raises:
        DataError: there is nothing to score.
    """
    task = fitted.task
    clips = _clips(task, data, split)
    task.raw.make(on_progress)
    steps = task.steps[split] if data is None else task.features.of(clips, task.raw.cache, on_progress)
    true = task.labelling.targets(clips)
    probabilities = probabilities_of(fitted, steps, on_progress)
    return ClassifyEvaluation(
        task.labelling.scores(true, probabilities),
        _naive(task, steps, true),
        task.labelling,
        tuple(clip.name for clip in clips),
        true,
        probabilities,
    )


@torch.no_grad()
def probabilities_of(
    fitted: Fitted[ClassifyTask],
    steps: Sequence[Tensor],
    on_progress: Callable[[int, int], None] = lambda _done, _all: None,
) -> NDArray[np.float64]:
    """What the network says of clips of these `steps`, `(clips, labels)`."""
    task = fitted.task
    unknown = torch.zeros(len(steps), 1)
    batches = clip_batches(steps, unknown, SCORED_BATCH, multiple=task.settings.encoder.conv_stride)
    fitted.model.eval()
    told = []
    for number, batch in enumerate(batches.epoch(0, 0), 1):
        params, _ = fitted.model(batch.inputs, lengths=batch.lengths)
        told.append(task.labelling.probabilities(params))
        on_progress(number, len(batches))
    return np.concatenate(told)


def aggregate_folds(folds: Sequence[ClassifyEvaluation]) -> ClassifyEvaluation:
    """Cross-validation: the mean of the scores of all folds, and all their clips together."""
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
    """Of each score, over the folds that have it."""
    names = dict.fromkeys(name for row in rows for name in row)
    return {name: statistics.fmean(row[name] for row in rows if name in row) for name in names}


def _clips(task: ClassifyTask, data: Any, split: str) -> list[Series]:
    if data is not None:
        if Path(data).suffix.lower() == ".npy":
            raise DataError(
                f"{data}: an array says nothing of its labels; give it to `train` with --test-data, and score that."
            )
        return list(read(data, task.new_data).series)
    if not task.splits[split]:
        raise empty_split(split, task.dataset.origin, "clips")
    return task.clips(split)


def _naive(task: ClassifyTask, steps: Sequence[Tensor], true: NDArray[np.int64]) -> dict[str, dict[str, float]]:
    training = task.labelling.targets(task.clips("train"))
    rows = task.labelling.naive(training, _summaries(task.steps["train"]), _summaries(steps))
    return {name: task.labelling.scores(true, row) for name, row in rows.items()}


def _summaries(steps: Sequence[Tensor]) -> NDArray[np.float64]:
    """The mean and the deviation of each value of each clip, `(clips, 2 * values)`."""
    return np.stack([torch.cat([clip.mean(0), clip.std(0, correction=0)]).double().numpy() for clip in steps])
