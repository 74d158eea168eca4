"""Rolling-origin cross-validation of forecasts."""

import tempfile
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, NamedTuple

from echoic import sources
from echoic.api.prepare import build_settings
from echoic.api.train import train
from echoic.errors import ConfigError, DataError


class Fold(NamedTuple):
    """One origin: number of training steps, scores of the horizon after it, and every forecast."""

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
    **settings: Any,
) -> Iterator[Fold]:
    """Yields one fold per origin, the earliest first; each is trained when it is requested.

    The test split of the last fold is the last horizon of the data, that of the fold before lies one horizon earlier,
    and so on; the horizon before the test split is dev, and everything before is train.

    Args:
        data: as for `echoic.train("forecast", ...)`; all series must have the same length.
        folds: number of origins.
        config: settings by section; `settings` take precedence.
        components: classes of your own, as for `echoic.train`.
        settings: any field of the forecast job's settings except `split`.

    Raises:
        ConfigError: a split is given, or `folds` is not positive.
        DataError: the series differ in length or are too short for so many folds.
    """
    requested: Any = build_settings("forecast", config or {}, settings)
    if folds < 1 or requested.split.split is not None:
        raise ConfigError("`cross_validate` makes the splits itself: pass `folds` (at least 1) and no `split`.")
    lengths = {one.steps for one in sources.read(data, requested.data).series}
    if len(lengths) > 1:
        raise DataError(
            "Cross-validation requires series of equal length; evaluate unequal ones on their last horizon instead."
        )
    steps, horizon = lengths.pop(), requested.window.horizon
    if steps <= (folds + 1) * horizon:
        raise DataError(
            f"{folds} folds with a horizon of {horizon} need more than {(folds + 1) * horizon} steps, got {steps}."
        )
    first = steps - (folds + 1) * horizon
    splits = [(first + fold * horizon, horizon, horizon) for fold in range(folds)]
    return (_fold(data, {"config": config, "components": components, **settings, "split": split}) for split in splits)


def _fold(data: Any, options: dict[str, Any]) -> Fold:
    with tempfile.TemporaryDirectory() as folder:
        run = train("forecast", data, out=Path(folder) / "run", **options)
        evaluation = run.evaluate()
        return Fold(options["split"][0], evaluation.scores, evaluation.baselines, run.backtest())
