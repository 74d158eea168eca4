"""Rolling-origin cross-validation: train, score what follows, move on in time, train again."""

import tempfile
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, NamedTuple

from echoic import sources
from echoic.api.prepare import build_settings
from echoic.api.train import train
from echoic.errors import ConfigError, DataError


class Fold(NamedTuple):
    """One origin: how many steps the network was trained on, the scores of what followed, and every forecast."""

    train_steps: int
    scores: dict[str, float]
    baselines: dict[str, dict[str, float]]
    forecasts: dict[str, Any]


def cross_validate(
    data: Any, *, folds: int = 3, config: Mapping[str, Any] | None = None, **settings: Any
) -> Iterator[Fold]:
    """Forecasts: a fold for each of `folds` origins, the earliest first; each is trained when it is asked for.

    The last fold's test part is the last horizon of the data, the one before it lies a horizon earlier, and so on;
    each has the horizon before its test part for dev, and all that is before that for training.

    Args:
        data: as for forecasts with `train`; all series must have the same length.
        folds: how many origins.
        config: settings by section; `settings` go before them.
        settings: any field of the forecast job's settings except `split`.

    Raises:
        ConfigError: a split is given, or `folds` is not positive.
        DataError: the series differ in length or are too short for so many folds.
    """
    wanted: Any = build_settings("forecast", config or {}, settings)
    if folds < 1 or wanted.split.split is not None:
        raise ConfigError("`cross_validate` makes the splits itself: give `folds` (at least 1) and no `split`.")
    lengths = {one.steps for one in sources.read(data, wanted.data).series}
    if len(lengths) > 1:
        raise DataError("Cross-validation needs series of the same length; score unequal ones by their last horizon.")
    steps, horizon = lengths.pop(), wanted.window.horizon
    if steps <= (folds + 1) * horizon:
        raise DataError(f"{folds} folds of a horizon of {horizon} need more than the {steps} steps there are.")
    first = steps - (folds + 1) * horizon
    splits = [(first + fold * horizon, horizon, horizon) for fold in range(folds)]
    return (_fold(data, {"config": config, **settings, "split": split}) for split in splits)


def _fold(data: Any, options: dict[str, Any]) -> Fold:
    with tempfile.TemporaryDirectory() as folder:
        run = train("forecast", data, out=Path(folder) / "run", **options)
        evaluation = run.evaluate()
        return Fold(options["split"][0], evaluation.scores, evaluation.baselines, run.backtest())
