"""How well a network tells classes, beside the commonest class and the nearest of the classes' means."""

import statistics
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple, final

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from echoic.baselines.classes import NearestMean, majority
from echoic.errors import ConfigError, DataError
from echoic.jobs.base import Fitted
from echoic.jobs.classify.batches import ClipBatches
from echoic.jobs.classify.task import SCORED_BATCH, ClassifyTask
from echoic.metrics.classes import scores_of
from echoic.sources import read
from echoic.types import Series
from echoic.windows import PARTS

MOST_CONFUSED = 10


class Mistake(NamedTuple):
    """A clip, its label, and what it was told to be with how much confidence."""

    clip: str
    label: str
    told: str
    confidence: float


@final
@dataclass(frozen=True, eq=False)
class ClassifyEvaluation:
    """Scores over clips; `true` `(clips,)` and `probabilities` `(clips, classes)` are behind them."""

    scores: dict[str, float]
    naive: dict[str, dict[str, float]]
    classes: tuple[str, ...]
    true: NDArray[np.int64]
    probabilities: NDArray[np.float64]
    mistakes: tuple[Mistake, ...]
    """The clips that were told wrongly with most confidence."""
    folds: tuple[dict[str, float], ...] = ()
    """The scores of each fold, if these are those of cross-validation."""

    @property
    def over(self) -> str:
        """What was scored."""
        clips = f"{len(self.true):,} clips of {len(self.classes)} classes"
        if not self.folds:
            return clips
        spread = statistics.stdev(fold["accuracy"] for fold in self.folds)
        return f"{clips}, mean of {len(self.folds)} folds; accuracy differs by {spread:.3g} between them (deviation)"

    @property
    def details(self) -> dict[str, Any]:
        """How much was scored, and the most confused clips."""
        found = {"clips": len(self.true), "most_confused": [one._asdict() for one in self.mistakes]}
        return found | ({"folds": list(self.folds)} if self.folds else {})


def evaluate(
    fitted: Fitted, data: Any, part: str, on_progress: Callable[[int, int], None] = lambda _done, _all: None
) -> ClassifyEvaluation:
    """Accuracy, macro F1, nats a clip and calibration error over the clips of a part, or of new `data`.

    Raises:
        ConfigError: there is no such part.
        DataError: there is nothing to score.
    """
    task: ClassifyTask = fitted.task
    clips = _clips(task, data, part)
    task.raw.make(on_progress)
    steps = task.steps[part] if data is None else task.features.of(clips, task.raw.cache, on_progress)
    true = task.numbers(clips).numpy()
    probabilities = probabilities_of(fitted, steps, on_progress)
    return ClassifyEvaluation(
        scores_of(true, probabilities),
        _naive(task, steps, true),
        task.classes,
        true,
        probabilities,
        _mistakes(task.classes, clips, true, probabilities),
    )


@torch.no_grad()
def probabilities_of(
    fitted: Fitted, steps: Sequence[Tensor], on_progress: Callable[[int, int], None] = lambda _done, _all: None
) -> NDArray[np.float64]:
    """What the network says of clips of these `steps`, `(clips, classes)`."""
    unknown = torch.zeros(len(steps))
    span = fitted.task.settings.front.stride
    batches = ClipBatches(steps, unknown, SCORED_BATCH, span, shuffle=False)
    fitted.model.eval()
    told = []
    for number, batch in enumerate(batches.epoch(0, 0), 1):
        params, _ = fitted.model(batch.inputs, lengths=batch.lengths)
        told.append(params[:, 0, 0].double().softmax(-1).numpy())
        on_progress(number, len(batches))
    return np.concatenate(told)


def across(folds: Sequence[ClassifyEvaluation]) -> ClassifyEvaluation:
    """Cross-validation: the mean of the scores of all folds, and all their clips together."""
    mistakes = sorted((one for fold in folds for one in fold.mistakes), key=lambda one: -one.confidence)
    return ClassifyEvaluation(
        _mean([fold.scores for fold in folds]),
        {name: _mean([fold.naive[name] for fold in folds]) for name in folds[0].naive},
        folds[0].classes,
        np.concatenate([fold.true for fold in folds]),
        np.concatenate([fold.probabilities for fold in folds]),
        tuple(mistakes[:MOST_CONFUSED]),
        tuple(fold.scores for fold in folds),
    )


def _mean(rows: Sequence[dict[str, float]]) -> dict[str, float]:
    return {name: statistics.fmean(row[name] for row in rows) for name in rows[0]}


def _clips(task: ClassifyTask, data: Any, part: str) -> list[Series]:
    if data is not None:
        return list(read(data, task.settings.data).series)
    if part not in PARTS:
        raise ConfigError(f"`--part` must be one of {', '.join(PARTS)}, got {part!r}.")
    if not task.parts[part]:
        raise DataError(f"The {part} part of {task.dataset.origin} has no clips; choose another --part.")
    return task.clips(part)


def _naive(task: ClassifyTask, steps: Sequence[Tensor], true: NDArray[np.int64]) -> dict[str, dict[str, float]]:
    labels, classes = task.numbers(task.clips("train")).numpy(), len(task.classes)
    nearest = NearestMean.fit(_summaries(task.steps["train"]), labels, classes)
    rows = {
        "majority": majority(labels, len(true), classes),
        "nearest_mean": nearest.probabilities(_summaries(steps)),
    }
    return {name: scores_of(true, row) for name, row in rows.items()}


def _summaries(steps: Sequence[Tensor]) -> NDArray[np.float64]:
    """The mean and the deviation of each value of each clip, `(clips, 2 * values)`."""
    return np.stack([torch.cat([clip.mean(0), clip.std(0, correction=0)]).double().numpy() for clip in steps])


def _mistakes(
    classes: Sequence[str], clips: Sequence[Series], true: NDArray[np.int64], probabilities: NDArray[np.float64]
) -> tuple[Mistake, ...]:
    told = probabilities.argmax(1)
    wrong = np.flatnonzero(told != true)
    worst = wrong[np.argsort(-probabilities[wrong, told[wrong]], kind="stable")][:MOST_CONFUSED]
    confidence = probabilities.max(1)
    return tuple(Mistake(clips[at].name, classes[true[at]], classes[told[at]], float(confidence[at])) for at in worst)
