"""Rolling-origin cross-validation of forecasts."""

import tempfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, NamedTuple

from echoic import sources
from echoic.api.folds import describe
from echoic.api.phases import TrainProgressFn, chosen_progress, in_stage
from echoic.api.prepare import Requested
from echoic.api.run import Run
from echoic.api.side_by_side import Training, check_number, train_side_by_side
from echoic.api.train import fit, ready
from echoic.errors import ConfigError, Interrupted
from echoic.jobs.forecast import FORECAST
from echoic.progress import no_progress
from echoic.run import RunFolder
from echoic.sources.usable import unusable, warn_of_skipped
from echoic.types import Series


class Fold(NamedTuple):
    """One origin: training steps of the longest series, scores of the horizon after them, and every forecast."""

    train_steps: int
    scores: dict[str, float]
    baselines: dict[str, dict[str, float]]
    forecasts: dict[str, Any]


def cross_validate(
    data: Any,
    *,
    folds: int = 3,
    config: Mapping[str, Any] | None = None,
    components: Mapping[str, Any] | None = None,
    workers: int = 1,
    on_progress: TrainProgressFn | None = None,
    **settings: Any,
) -> Iterator[Fold]:
    """Yields one fold per origin, the earliest first; each is trained when it is requested.

    With several workers all are trained when the first is requested, in processes side by side.

    The test split of the last fold is the last horizon of each series, that of the fold before lies one horizon
    earlier, and so on; the horizon before the test split is dev, and everything before is train. Series may differ in
    length; those without a training step in the first fold are left out of all, with a warning, or are an error with
    `on_error="stop"`.

    Args:
        data: as for `echoic.train("forecast", ...)`.
        folds: number of origins.
        config: settings by section; `settings` take precedence.
        components: classes of your own, as for `echoic.train`.
        workers: processes that train, with one thread each unless `threads` is given.
        on_progress: called with progress whose stage names the fold, as for `echoic.train`.
        settings: any field of the forecast job's settings except `split`.

    Raises:
        ConfigError: a split is given, or `folds` or `workers` is not positive.
        DataError: the series are too short for the number of folds.
    """
    check_number(workers, "workers")
    requested = Requested.of("forecast", config, settings, components)
    if folds < 1 or requested.settings.split.split is not None:
        raise ConfigError("`cross_validate` makes the splits itself: pass `folds` (at least 1) and no `split`.")
    horizon = requested.settings.window.horizon
    requested = requested._replace(settings=requested.settings.replaced(split=(0, horizon, horizon)))
    dataset = sources.read(data, requested.settings.data)
    series = _long_enough(dataset.series, folds, requested.settings)
    cut = ([_without_end(one, fold * horizon) for one in series] for fold in reversed(range(folds)))
    datasets = (replace(dataset, series=tuple(one)) for one in cut)
    report = chosen_progress(on_progress)
    if workers > 1 and folds > 1:
        return _side_by_side(requested, list(datasets), workers, report)
    stages = (f"fold {number} of {folds}" for number in range(1, folds + 1))
    return (_fold(requested, one, in_stage(report, stage)) for one, stage in zip(datasets, stages, strict=True))


def _long_enough(series: Sequence[Series], folds: int, settings: Any) -> list[Series]:
    """The series with a training step in every fold; warns of the others.

    Raises:
        DataError: there is none; or, with `on_error` = stop, there are others.
    """
    least = (folds + 1) * settings.window.horizon
    kept = [one for one in series if one.steps > least]
    reasons = [
        f"{one.origin}: {folds} folds with a horizon of {settings.window.horizon} need more than {least} steps, and "
        f"{one.name!r} has {one.steps}."
        for one in series
        if one.steps <= least
    ]
    if reasons and (not kept or settings.data.on_error == "stop"):
        raise unusable(reasons, len(series), origin=series[0].origin, kind="series")
    warn_of_skipped(reasons)
    return kept


def _without_end(one: Series, steps: int) -> Series:
    """The series without its last `steps` steps; what is known ahead stays known."""
    if not steps:
        return one
    past = one.covariates.past[:-steps] if one.covariates.past_names else one.covariates.past
    return replace(one, values=one.values[:-steps], covariates=replace(one.covariates, past=past))


def _fold(requested: Requested, dataset: sources.Dataset, on_progress: TrainProgressFn) -> Fold:
    prepared = requested.prepared(dataset, None)
    with tempfile.TemporaryDirectory() as folder:
        return _scored(fit(prepared, out=Path(folder) / "run", on_progress=on_progress))


def _side_by_side(
    requested: Requested, datasets: Sequence[sources.Dataset], workers: int, on_progress: TrainProgressFn
) -> Iterator[Fold]:
    with tempfile.TemporaryDirectory() as place:
        trainings = []
        for number, dataset in enumerate(datasets):
            task = ready(requested.prepared(dataset, None).task, workers)
            folder = RunFolder.create(Path(place) / str(number))
            with folder.lock():
                describe(folder, requested.job, task, None)
            trainings.append(Training(str(folder.path), place, f"fold {number + 1} of {len(datasets)}", number))
        sent = (datasets, requested.components)
        try:
            train_side_by_side(Path(place), trainings, sent, workers, "echoic.cross_validate(...)", on_progress)
        except Interrupted as stop:
            sentence = "Stopped; cross-validation keeps no runs, so the next call begins with the first fold."
            raise Interrupted(sentence, stop.exit_code - 128) from None
        for training in trainings:
            yield _scored(Run(RunFolder.open(Path(training.run)), None, requested.components))


def _scored(run: Run) -> Fold:
    fitted = run.fitted
    evaluation = FORECAST.evaluate(fitted, None, "test", no_progress)
    train_steps = int(fitted.task.splits["train"].lengths.max())
    return Fold(train_steps, evaluation.scores, evaluation.baselines, FORECAST.backtest(fitted, None, "test", 1))
