"""Rolling-origin cross-validation: train, score what follows, move on in time, train again."""

import tempfile
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, NamedTuple

from echoic import sources
from echoic.errors import ConfigError, DataError
from echoic.jobs.preparation import settings_of
from echoic.jobs.session import Run, train


class Fold(NamedTuple):
    """One origin: how many steps the network was trained on, the scores of what followed, and every forecast."""

    train_steps: int
    scores: dict[str, float]
    naive: dict[str, dict[str, float]]
    forecasts: dict[str, Any]


def cross_validate(
    job: str, data: Any, *, folds: int = 3, config: Mapping[str, Any] | None = None, **settings: Any
) -> Iterator[Fold]:
    """Yields a fold for each of `folds` origins, the earliest first; every fold trains a network of its own.

    The last fold's test part is the last horizon of the data, the one before it lies a horizon earlier, and so on;
    each has the horizon before its test part for dev, and all that is before that for training.

    Args:
        job: `forecast`.
        data: as for `train`; all series must have the same length.
        folds: how many origins.
        config: settings by section; `settings` go before them.
        settings: any field of the job's settings except `split`.

    Raises:
        ConfigError: a split is given, or `folds` is not positive.
        DataError: the series differ in length or are too short for so many folds.
    """
    wanted: Any = settings_of(job, config or {}, settings)
    if folds < 1 or wanted.parts.split is not None:
        raise ConfigError("`cross_validate` makes the splits itself: give `folds` (at least 1) and no `split`.")
    lengths = {one.steps for one in sources.read(data, wanted.data).series}
    if len(lengths) > 1:
        raise DataError("Cross-validation needs series of the same length; score unequal ones by their last horizon.")
    steps, horizon = lengths.pop(), wanted.window.horizon
    for fold in range(folds):
        test_end = steps - (folds - 1 - fold) * horizon
        train_steps = test_end - 2 * horizon
        if train_steps < 1:
            raise DataError(f"{folds} folds of a horizon of {horizon} need more than the {steps} steps there are.")
        with tempfile.TemporaryDirectory() as folder:
            split = (train_steps, horizon, horizon)
            run = train(job, data, out=Path(folder) / "run", config=config, **settings | {"split": split})
            yield _fold(run, train_steps)


def _fold(run: Run, train_steps: int) -> Fold:
    evaluation = run.evaluate()
    return Fold(train_steps, evaluation.scores, evaluation.naive, run.backtest())
