"""Automatic choice of forecast settings from the train split."""

import itertools
import math
from collections import Counter
from collections.abc import Sequence

import torch

from echoic.codecs import Scaler, WindowNormalizer
from echoic.config import ForecastSettings
from echoic.config.forecast import BY_STRATEGY
from echoic.config.split import SplitRule
from echoic.errors import ConfigError
from echoic.forecasting.season import detect_season
from echoic.types import Series
from echoic.windows import Panel, Ranges, Windows, evenly_spaced

_SHORT = 1000
"""With fewer training steps the network predicts corrections to the best baseline."""

_SAMPLED_WINDOWS = 2000


def default_split(series: Sequence[Series], settings: ForecastSettings) -> SplitRule:
    """The split if the settings define none."""
    horizon = settings.window.horizon
    if settings.data.format == "m4":
        return (0, horizon, 0)  # the test split is a separate file in this format
    return (0.6, 0.2, 0.2) if len(series) == 1 else (0, horizon, horizon)


def plan(settings: ForecastSettings, panel: Panel, train: Ranges) -> ForecastSettings:
    """Resolves all automatic settings: season, look-back, strategy, scale, baseline, segment, channels.

    Uses only the train split.

    Raises:
        ConfigError: settings contradict each other, or have no effect.
    """
    _check_effect(settings, num_targets=len(panel.features))
    length = int(train.lengths.min())
    many = len(panel.names) > 1
    season = settings.scaling.season or _common_season(panel, train)
    strategy = settings.window.strategy or _strategy(settings, season, length)
    settings = _with_defaults(settings, "many" if many and strategy != "recursive" else strategy)
    channels = settings.window.channels or ("independent" if strategy == "segments" else "joint")
    lookback = settings.window.lookback or _lookback(settings, season, length)
    settings = settings.replaced(
        strategy=strategy,
        lookback=lookback,
        season=season,
        channels=channels if len(panel.features) > 1 else "joint",
        refit=settings.window.refit if settings.window.refit is not None else _has_no_test(settings),
        recency_exponent=settings.window.recency_exponent or 1.0,
        season_aligned_fraction=settings.window.season_aligned_fraction or 0.0,
    )
    if strategy == "recursive":
        _check_step(settings)
        scale = settings.scaling.scale or "standard"
        loss_at = settings.window.loss_at or ("late" if settings.window.batching == "windows" else "every")
        return settings.replaced(
            residual_baseline="none", segment_steps=1, lags=(), instance_norm="none", scale=scale, loss_at=loss_at
        )
    segment = settings.window.segment_steps or _segment(season, lookback)
    settings = settings.replaced(
        segment_steps=segment if strategy == "segments" else lookback,
        lags=_lags(settings, length) if many else settings.scaling.lags or (),
        instance_norm=settings.scaling.instance_norm or ("standard" if many else "none"),
    )
    return _with_baseline(settings, panel, train, needs_baseline=many or length < _SHORT)


def _check_effect(settings: ForecastSettings, *, num_targets: int) -> None:
    if num_targets == 1 and settings.window.channels == "independent":
        raise ConfigError("`channels` = independent has no effect with a single target; leave it out.")
    if settings.scaling.scale == "none":
        settings.scaling.refuse_changed(["scale_per"], "with --scale none; leave it out.")
    head, window = settings.output, settings.window
    is_shuffled = settings.split.split_order == "shuffled"
    without_effect = {
        "loss": head.head != "point",
        "quantiles": head.head != "quantiles",
        "loss_at": window.strategy in {"direct", "segments"},
        "segment_steps": window.strategy in {"direct", "recursive"},
        **dict.fromkeys(("stride", "max_dev_windows"), window.batching != "windows"),
        **dict.fromkeys(("recency_exponent", "season_aligned_fraction"), window.batching != "windows" or is_shuffled),
        "refit": is_shuffled,
    }
    default, given = (
        {name: value for _, section in one for name, value in section} for one in (ForecastSettings(), settings)
    )
    for name, has_no_effect in without_effect.items():
        if has_no_effect and given[name] != default[name]:
            raise ConfigError(
                f"`{name}` has no effect with this --head, --strategy, --batching or --split-order; leave it out."
            )


def normalizer_of(settings: ForecastSettings) -> WindowNormalizer:
    """The window normalizer for planned `settings`."""
    return WindowNormalizer(
        baseline=settings.scaling.residual_baseline or "none",
        seasons=settings.scaling.season,
        lags=settings.scaling.lags or (),
        lookback=settings.window.lookback or 1,
        horizon=settings.window.horizon,
        instance_norm=settings.scaling.instance_norm == "standard",
    )


def _with_defaults(settings: ForecastSettings, kind: str) -> ForecastSettings:
    asked = settings.given()
    return settings.replaced(**{key: value for key, value in BY_STRATEGY[kind].items() if key not in asked})


def _has_no_test(settings: ForecastSettings) -> bool:
    rule = settings.split.split
    return rule is not None and len(rule) == 3 and rule[2] == 0 and rule[1] != 0


def _common_season(panel: Panel, train: Ranges) -> tuple[int, ...]:
    """The most frequent season of the columns of the train split, if at least a third have one."""
    found: Counter[int] = Counter()
    columns = 0
    for begin, end in itertools.islice(train.spans(), 50):
        for column in panel.values[begin:end].unbind(1):
            columns += 1
            season = detect_season(column.numpy())
            if season:
                found[season] += 1
    if not found or found.total() * 3 < columns:
        return ()
    return (found.most_common(1)[0][0],)


def _lags(settings: ForecastSettings, length: int) -> tuple[int, ...]:
    """Lags of one, seven and fourteen seasons, if a third of the steps remain for windows."""
    if settings.scaling.lags is not None or not settings.scaling.season:
        return settings.scaling.lags or ()
    season = settings.scaling.season[0]
    return tuple(lag for lag in (season, 7 * season, 14 * season) if lag + settings.window.horizon <= 2 * length // 3)


def _strategy(settings: ForecastSettings, season: Sequence[int], length: int) -> str:
    horizon = settings.window.horizon
    if horizon == 1:
        return "direct" if season and length < _SHORT else "recursive"
    lookback = settings.window.lookback or horizon
    segment = settings.window.segment_steps or _segment(season, lookback)
    return "segments" if segment > 1 and horizon >= 2 * segment else "direct"


def _lookback(settings: ForecastSettings, season: Sequence[int], length: int) -> int:
    """Seven seasons (a week of daily seasons) or two long ones; without a season twice the horizon."""
    longest = max((length - settings.window.horizon) // 2, 1)
    if not season:
        return min(max(2 * settings.window.horizon, 32), longest)
    wanted = max(2 * max(season), settings.window.horizon, min(7 * min(season), 168))
    seasons = min(wanted, longest) // min(season)
    return seasons * min(season) if seasons else longest


def _segment(season: Sequence[int], lookback: int) -> int:
    """The season if it divides the look-back, otherwise the largest divisor of the look-back up to 24."""
    if season and season[0] <= 48 and lookback % season[0] == 0:
        return season[0]
    return max(size for size in range(1, min(24, lookback) + 1) if lookback % size == 0)


def _check_step(settings: ForecastSettings) -> None:
    scaling = settings.scaling
    if scaling.residual_baseline not in {None, "none"} or scaling.instance_norm == "standard" or scaling.lags:
        raise ConfigError(
            "--strategy recursive does not support --residual-baseline, --instance-norm and --lags; leave them out, or "
            "choose --strategy direct."
        )


def _with_baseline(
    settings: ForecastSettings, panel: Panel, train: Ranges, *, needs_baseline: bool
) -> ForecastSettings:
    """Chooses scale and baseline: the best baseline if the network needs one, otherwise the last value."""
    scaling = settings.scaling
    if scaling.residual_baseline in {"seasonal", "growth"} and not scaling.season:
        raise ConfigError(
            f"--residual-baseline {scaling.residual_baseline} requires --season: none was detected in the train split."
        )
    scales = [scaling.scale] if scaling.scale else ["standard"]
    if scaling.scale is None and needs_baseline and not bool((panel.values[_rows(train)] <= 0).any()):
        scales.append("log")
    baselines: list[tuple[str, tuple[int, ...]]] = [(scaling.residual_baseline or "last", scaling.season)]
    if scaling.residual_baseline is None and needs_baseline:
        baselines = _candidates(scaling.season)
    trials = [
        settings.replaced(scale=scale, residual_baseline=baseline, season=season or scaling.season)
        for baseline, season in baselines
        for scale in scales
    ]
    shortest = int(train.lengths.min())
    fitting = [one for one in trials if normalizer_of(one).context + one.window.horizon <= shortest]
    if len(fitting) < 2:
        return (fitting or trials)[0]
    errors = [_baseline_error(one, panel, train) for one in fitting]
    # Near ties go to the logarithm, which makes exponential growth linear.
    weights = [0.98 if one.scaling.scale == "log" else 1.0 for one in fitting]
    return min(zip(fitting, errors, weights, strict=True), key=lambda trial: trial[1] * trial[2])[0]


def _baseline_error(settings: ForecastSettings, panel: Panel, train: Ranges) -> float:
    """Mean absolute error of the baseline on training windows, in standard deviations of each series.

    The mean error over the horizon is subtracted, because a network corrects a level more easily than a shape.
    """
    windows = _windows(settings, train)
    starts = windows.starts(evenly_spaced(len(windows), _SAMPLED_WINDOWS))
    parts = [panel.values[begin:end] for begin, end in train.spans()]
    scaler = Scaler.fit(settings.scaling.scale or "standard", panel.names, parts)
    standard = Scaler.fit("standard", panel.names, parts)
    normalizer, series = normalizer_of(settings), panel.series_index(starts)
    seen = normalizer(scaler.encode(panel.window(starts, normalizer.context), series))
    forecast = scaler.decode(seen.stats.location, series)
    truth = panel.window(starts + normalizer.context, normalizer.horizon)
    error = standard.encode(forecast, series) - standard.encode(truth, series)
    if normalizer.horizon > 1:
        error = error - error.nanmean(1, keepdim=True)
    size = float(error.abs().nanmean())
    return math.inf if math.isnan(size) else size


def _windows(settings: ForecastSettings, train: Ranges) -> Windows:
    normalizer = normalizer_of(settings)
    return Windows(train, normalizer.context + normalizer.horizon, normalizer.horizon)


def _rows(train: Ranges) -> torch.Tensor:
    return torch.cat([torch.arange(begin, end) for begin, end in train.spans()])


def _candidates(season: tuple[int, ...]) -> list[tuple[str, tuple[int, ...]]]:
    """Baselines and seasons to compare; with one season also seven of it (a week of daily seasons)."""
    candidates: list[tuple[str, tuple[int, ...]]] = [("last", ())]
    if season:
        candidates += [("seasonal", season), ("growth", season)]
    if len(season) == 1:
        candidates.append(("seasonal", (season[0], 7 * season[0])))
    return candidates
