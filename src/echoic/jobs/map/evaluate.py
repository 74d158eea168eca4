"""Evaluation of predicted signals next to linear and static baselines."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple, final

import numpy as np
import torch
from numpy.typing import NDArray

from echoic.baselines.signals import SignalBaselines
from echoic.errors import DataError
from echoic.jobs.base import Fitted
from echoic.jobs.from_training import from_training_data
from echoic.jobs.map.codec import targets_of
from echoic.jobs.map.reading import pairs_of
from echoic.jobs.map.run_network import INTERVALS, Output, predicted
from echoic.jobs.map.task import MapTask, SplitPairs
from echoic.metrics.evaluation import Evaluation
from echoic.metrics.paired import MIN_ITEMS, ItemErrors
from echoic.metrics.signals import lead_by_block, mean_scores, signal_scores
from echoic.progress import ProgressFn, no_progress
from echoic.types.counted import counted
from echoic.windows.recordings import Excerpt

Floats = NDArray[np.float64]

_BLOCKS = 20
"""Of few series, by which differences are judged."""


class Scored(NamedTuple):
    """A series after its warm-up: targets `(steps, targets)` in their units, predictions, and those of baselines.

    `begin` is the number of its first step.
    """

    excerpt: Excerpt
    begin: int
    target: Floats
    output: Output
    baselines: dict[str, Floats]


@final
@dataclass(frozen=True, eq=False, repr=False)
class MapEvaluation(Evaluation):
    """Scores over series; `scored` is the first of them, for charts."""

    series: int
    steps: int
    warmup: int
    by_target: dict[str, dict[str, float]]
    scored: Scored

    @property
    def description(self) -> str:
        """Number of series and steps, and what is not scored."""
        after = f" after a warm-up of {self.warmup:,} that is not scored" if self.warmup else ""
        units = "units of the target" if len(self.by_target) == 1 else "units of each target"
        return f"{counted(self.series, 'series', 'series')}, {counted(self.steps, 'step')}{after}, errors in {units}"

    @property
    def details(self) -> dict[str, Any]:
        """Number of series and steps, the warm-up, and the scores of each target."""
        found = {"series": self.series, "scored_steps": self.steps, "warmup_steps": self.warmup}
        return found | {"by_target": self.by_target}


def evaluate(fitted: Fitted[MapTask], data: Any, split: str, on_progress: ProgressFn = no_progress) -> MapEvaluation:
    """Scores over the series of a split, or of new `data`, without the warm-up of each.

    Networks and baselines predict from the inputs alone, from the beginning of each series on.

    Raises:
        DataError: there are no steps after the warm-up.
    """
    task = fitted.task
    excerpts = task.excerpts(split) if data is None else pairs_of(task, data)
    pairs = task.pairs[split] if data is None else task.scaled(excerpts)
    baselines, notes = from_training_data(lambda: _baselines(fitted), None, "all baselines are")
    scored = list[Scored]()
    for number, (excerpt, span) in enumerate(zip(excerpts, pairs.ranges.spans(), strict=True), 1):
        one = _scored(fitted, excerpt, pairs, span, baselines)
        scored += [] if one is None else [one]
        on_progress(number, len(excerpts))
    if not scored:
        raise DataError(
            f"{excerpts[0].recording.origin} has no target after the warm-up of {counted(task.warmup, 'step')}, which "
            "is not scored; give longer series, or train with a smaller --warmup."
        )
    if baselines is not None and baselines.arx is None:
        notes += ("The baseline arx is left out: no model is stable, or no targets follow one another.",)
    short = len(excerpts) - len(scored)
    if short:
        notes += (f"Series without a target after the warm-up, not scored: {short}.",)
    return _evaluation(task, scored, notes)


def _scored(
    fitted: Fitted[MapTask], excerpt: Excerpt, pairs: SplitPairs, span: tuple[int, int], own: SignalBaselines | None
) -> Scored | None:
    """The predictions of a series after its warm-up; None without a target there."""
    codec, warmup = fitted.task.codec, fitted.task.warmup
    inputs = pairs.inputs[slice(*span)]
    target = np.asarray(targets_of(excerpt), np.float64)[warmup:].copy()
    target[np.isnan(pairs.targets[slice(*span)][warmup:].numpy())] = np.nan
    if not np.isfinite(target).any():
        return None
    after = predicted(fitted.model, codec, inputs).after(warmup)
    found = {} if own is None else own.predict(inputs.double().numpy())
    baselines = {name: codec.decode(torch.from_numpy(made[warmup:])) for name, made in found.items()}
    return Scored(excerpt, excerpt.begin + warmup, target, after, baselines)


def _evaluation(task: MapTask, scored: Sequence[Scored], notes: tuple[str, ...]) -> MapEvaluation:
    names = task.codec.target_names
    by_target = _by_target(names, scored, [one.output.mean for one in scored])
    scores = mean_scores(by_target)
    for number in range(len(scored[0].output.low)):
        scores[f"coverage_{INTERVALS[number]}"] = _coverage(scored, number)
    found = {name: [one.baselines[name] for one in scored] for name in scored[0].baselines}
    rows = {name: mean_scores(_by_target(names, scored, made)) for name, made in found.items()}
    return MapEvaluation(
        scores,
        rows,
        len(scored),
        sum(int(np.isfinite(one.target).any(1).sum()) for one in scored),
        task.warmup,
        by_target,
        scored[0],
        notes=notes,
        item_errors=_item_errors(scored, found),
    )


def _by_target(names: Sequence[str], scored: Sequence[Scored], made: Sequence[Floats]) -> dict[str, dict[str, float]]:
    target, output = np.concatenate([one.target for one in scored]), np.concatenate(made)
    return {name: signal_scores(target[:, column], output[:, column]) for column, name in enumerate(names)}


def _coverage(scored: Sequence[Scored], number: int) -> float:
    """The fraction of targets within the intervals of this number."""
    inside = total = 0
    for one in scored:
        inside += int(((one.target >= one.output.low[number]) & (one.target <= one.output.high[number])).sum())
        total += int(np.isfinite(one.target).sum())
    return inside / total


def _item_errors(scored: Sequence[Scored], baselines: dict[str, list[Floats]]) -> ItemErrors | None:
    """The lead over each baseline by series, or by block where there are too few series; None with too few steps.

    The items of the model are 0 and those of a baseline its lead, whose sum is the difference of their scores.
    """
    target, own = (
        np.concatenate(parts) for parts in ([one.target for one in scored], [one.output.mean for one in scored])
    )
    known = np.isfinite(target).any(1)
    if len(scored) >= MIN_ITEMS:
        unit, ends = "series", np.cumsum([int(np.isfinite(one.target).any(1).sum()) for one in scored])
        begins = [0, *ends[:-1].tolist()]
    else:
        size = -(-int(known.sum()) // _BLOCKS)
        unit, begins = f"blocks of {counted(size, 'step')}", list(range(0, int(known.sum()), size))
    if len(begins) < MIN_ITEMS:
        return None
    leads = {
        name: len(begins) * lead_by_block(target[known], own[known], np.concatenate(made)[known], begins)
        for name, made in baselines.items()
    }
    return ItemErrors(unit, np.zeros(len(begins)), leads)


def _baselines(fitted: Fitted[MapTask]) -> SignalBaselines:
    """The baselines in the run folder, or fitted again."""
    kept, codec = fitted.baselines, fitted.task.codec
    if kept is None:
        return fitted.task.linear_baselines()
    return SignalBaselines.from_json(kept, len(codec.input_names), len(codec.target_names))
