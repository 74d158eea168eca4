"""Automatic choice of forecast settings from the train split."""

import math
from collections.abc import Mapping, Sequence

import torch

from echoic.codecs import Scaler, WindowNormalizer
from echoic.config import ForecastSettings
from echoic.config.forecast import BY_STRATEGY
from echoic.config.split import SplitRule
from echoic.errors import ConfigError
from echoic.forecasting.bounds import check_targets, nonnegative_targets
from echoic.forecasting.season import calendar_seasons, season_fractions
from echoic.types import Series
from echoic.types.frequency import Frequency
from echoic.windows import Panel, Ranges, Windows, evenly_spaced

_SHORT = 1000
"""With fewer training steps the network predicts corrections to the best baseline."""

_SAMPLED_WINDOWS = 2000

_MAX_BASELINE_SEASONS = 4

_LONG_LOOKBACK = 48

_MAX_SEGMENT = 24

_DIRECT_STEPS = 30_000_000
"""Look-back steps of all windows of all epochs of a direct network: about a minute on one core."""

_LEAST_DIRECT_EPOCHS = 10

_LEAST_REFIT_FRACTION = 0.1
"""A smaller dev split adds too little to train twice for."""


def default_split(series: Sequence[Series], settings: ForecastSettings) -> SplitRule:
    """The split if the settings define none."""
    horizon = settings.window.horizon
    if settings.data.format == "m4":
        return (0, horizon, 0)  # the test split is a separate file in this format
    return (0.6, 0.2, 0.2) if len(series) == 1 else (0, horizon, horizon)


def plan(settings: ForecastSettings, panel: Panel, train: Ranges, frequency: Frequency) -> ForecastSettings:
    """`settings` with every open choice resolved: season, look-back, strategy, scale, baseline, segment, channels.

    Only the train split and the `frequency` of its timestamps are used.

    Raises:
        ConfigError: settings contradict each other, or have no effect.
    """
    _check_effect(settings, num_targets=len(panel.features))
    length = _usual_length(train)
    many = len(panel.names) > 1
    epochs_given = "epochs" in settings.given()
    settings = _with_seasons(settings, panel, train, frequency)
    nonnegative = settings.scaling.nonnegative
    if nonnegative is None:
        nonnegative = nonnegative_targets(panel, train)
    check_targets(nonnegative, panel)
    season = settings.scaling.season or ()
    lookback = settings.window.lookback or _lookback(settings, season, length)
    if many:
        settings = _with_short_segments(settings, season, lookback)
    strategy = settings.window.strategy or _strategy(settings, season)
    settings = _with_defaults(settings, "many" if many and strategy != "recursive" else strategy)
    channels = settings.window.channels or ("independent" if strategy == "segments" else "joint")
    settings = settings.replaced(
        nonnegative=nonnegative,
        strategy=strategy,
        lookback=lookback,
        channels=channels if len(panel.features) > 1 else "joint",
        refit=settings.window.refit if settings.window.refit is not None else _should_refit(settings, panel, train),
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
    planned = _with_baseline(settings, panel, train, needs_baseline=many or length < _SHORT)
    if strategy == "direct" and not many and not epochs_given:
        return planned.replaced(epochs=_direct_epochs(planned, train))
    return planned


def _check_effect(settings: ForecastSettings, *, num_targets: int) -> None:
    if num_targets == 1 and settings.window.channels == "independent":
        raise ConfigError("`channels` = independent has no effect with a single target; leave it out.")
    if settings.scaling.scale == "none":
        settings.scaling.refuse_changed(["scale_per"], "with --scale none; leave it out.")
    head, window = settings.output, settings.window
    by_head = f"--head {head.head}"
    by_strategy = f"--strategy {window.strategy}"
    by_batching = f"--batching {window.batching}" if window.batching != "windows" else ""
    by_order = "--split-order shuffled" if settings.split.split_order == "shuffled" else ""
    causes = {
        "loss": by_head if head.head != "point" else "",
        "quantiles": by_head if head.head != "quantiles" else "",
        "loss_at": by_strategy if window.strategy in {"direct", "segments"} else "",
        "segment_steps": by_strategy if window.strategy in {"direct", "recursive"} else "",
        **dict.fromkeys(("stride", "max_dev_windows", "windows_per_epoch"), by_batching),
        **dict.fromkeys(("recency_exponent", "season_aligned_fraction"), by_batching or by_order),
        "refit": by_order,
    }
    default, given = (
        {name: value for _, section in one for name, value in section} for one in (ForecastSettings(), settings)
    )
    for name, cause in causes.items():
        if cause and given[name] != default[name]:
            raise ConfigError(f"`{name}` has no effect with {cause}; leave it out.")


def normalizer_of(settings: ForecastSettings) -> WindowNormalizer:
    """The window normalizer for planned `settings`."""
    return WindowNormalizer(
        baseline=settings.scaling.residual_baseline or "none",
        seasons=settings.scaling.season or (),
        lags=settings.scaling.lags or (),
        lookback=settings.window.lookback or 1,
        horizon=settings.window.horizon,
        instance_norm=settings.scaling.instance_norm == "standard",
    )


def _with_defaults(settings: ForecastSettings, kind: str) -> ForecastSettings:
    given = settings.given()
    return settings.replaced(**{key: value for key, value in BY_STRATEGY[kind].items() if key not in given})


def _direct_epochs(settings: ForecastSettings, train: Ranges) -> int:
    """The usual number of epochs, and fewer if they would take more than about a minute."""
    window, normalizer = settings.window, normalizer_of(settings)
    windows = len(Windows(train, normalizer.context + window.horizon, window.stride))
    windows = max(min(windows, window.windows_per_epoch or windows), 1)
    affordable = _DIRECT_STEPS // (windows * normalizer.lookback)
    return max(min(affordable, settings.train.epochs), _LEAST_DIRECT_EPOCHS)


def _should_refit(settings: ForecastSettings, panel: Panel, train: Ranges) -> bool:
    """Whether there is no test split, and dev is a good part of the data that the forecasts follow."""
    rule = settings.split.split
    if rule is None or len(rule) != 3 or rule[2] != 0 or rule[1] == 0:
        return False
    return 1 - int(train.lengths.sum()) / len(panel.values) >= _LEAST_REFIT_FRACTION


def _usual_length(train: Ranges) -> int:
    """The length that four fifths of the series reach: a few short ones must not limit the others."""
    return int(train.lengths.sort().values[len(train.lengths) // 5])


def _with_seasons(settings: ForecastSettings, panel: Panel, train: Ranges, frequency: Frequency) -> ForecastSettings:
    """The season that a third of the columns have, and up to four for the baselines that a tenth of them have."""
    given, for_baselines = settings.scaling.season, settings.scaling.baseline_seasons
    if given is None:
        fractions = season_fractions(panel, train, calendar_seasons(frequency))
        common = [season for season, fraction in fractions.items() if 3 * fraction >= 1][:1]
        others = [season for season, fraction in fractions.items() if 10 * fraction >= 1]
    else:
        common, others = list(given), []
    seasons = tuple(dict.fromkeys([*common, *others]))[:_MAX_BASELINE_SEASONS]
    return settings.replaced(season=tuple(common), baseline_seasons=seasons if for_baselines is None else for_baselines)


def _lags(settings: ForecastSettings, length: int) -> tuple[int, ...]:
    """Lags of one, seven and fourteen seasons, if a third of the steps remain for windows."""
    if settings.scaling.lags is not None or not settings.scaling.season:
        return settings.scaling.lags or ()
    season = settings.scaling.season[0]
    return tuple(lag for lag in (season, 7 * season, 14 * season) if lag + settings.window.horizon <= 2 * length // 3)


def _strategy(settings: ForecastSettings, season: Sequence[int]) -> str:
    horizon = settings.window.horizon
    if settings.window.batching != "windows" or settings.train.scheduled_sampling:
        return "recursive"
    lookback = settings.window.lookback or horizon
    segment = settings.window.segment_steps or _segment(season, lookback)
    return "segments" if segment > 1 and horizon >= 2 * segment else "direct"


def _with_short_segments(settings: ForecastSettings, season: Sequence[int], lookback: int) -> ForecastSettings:
    """Segments within the horizon, where a direct network would take every step of a long look-back at great cost."""
    window = settings.window
    if window.strategy or window.segment_steps or lookback <= _LONG_LOOKBACK or _strategy(settings, season) != "direct":
        return settings
    segment = _divisor(lookback, min(_MAX_SEGMENT, window.horizon))
    return settings.replaced(strategy="segments", segment_steps=segment) if segment > 1 else settings


def _lookback(settings: ForecastSettings, season: Sequence[int], length: int) -> int:
    """Seven seasons (a week of daily seasons) or two long ones; without a season twice the horizon."""
    longest = max((length - settings.window.horizon) // 2, 1)
    if not season:
        return min(max(2 * settings.window.horizon, 32), longest)
    target = max(2 * max(season), settings.window.horizon, min(7 * min(season), 168))
    seasons = min(target, longest) // min(season)
    return seasons * min(season) if seasons else longest


def _segment(season: Sequence[int], lookback: int) -> int:
    """The season if it divides the look-back, otherwise a divisor of it."""
    if season and season[0] <= 48 and lookback % season[0] == 0:
        return season[0]
    return _divisor(lookback, _MAX_SEGMENT)


def _divisor(number: int, limit: int) -> int:
    """The largest divisor of `number` up to `limit`."""
    return max(size for size in range(1, min(limit, number) + 1) if number % size == 0)


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
    """Scale and baseline; by default the last value, or the best baseline if the network needs one."""
    scaling, seasons = settings.scaling, settings.scaling.season or ()
    if scaling.residual_baseline in {"seasonal", "growth"} and not seasons:
        raise ConfigError(
            f"--residual-baseline {scaling.residual_baseline} requires --season: none was detected in the train split."
        )
    scales = [scaling.scale] if scaling.scale else ["standard"]
    if scaling.scale is None and needs_baseline and not bool((panel.values[_rows(train)] <= 0).any()):
        scales.append("log")
    bases: list[tuple[str, tuple[int, ...]]] = [(scaling.residual_baseline or "last", seasons)]
    if scaling.residual_baseline is None and needs_baseline:
        bases = _candidates(seasons)
    trials = [
        settings.replaced(scale=scale, residual_baseline=base, season=season or seasons)
        for base, season in bases
        for scale in scales
    ]
    length = _usual_length(train)
    fitting = [one for one in trials if normalizer_of(one).context + one.window.horizon <= length]
    if len(fitting) < 2:
        return (fitting or trials)[0]
    parts = [panel.values[begin:end] for begin, end in train.spans()]
    scalers = {scale: Scaler.fit(scale, panel.names, parts) for scale in {"standard", *scales}}
    errors = [_baseline_error(one, panel, train, scalers) for one in fitting]
    # Near ties go to the logarithm, which makes exponential growth linear.
    weights = [0.98 if one.scaling.scale == "log" else 1.0 for one in fitting]
    return min(zip(fitting, errors, weights, strict=True), key=lambda trial: trial[1] * trial[2])[0]


def _baseline_error(settings: ForecastSettings, panel: Panel, train: Ranges, scalers: Mapping[str, Scaler]) -> float:
    """The mean absolute error of the baseline alone on training windows, in standard deviations of each series."""
    windows = _windows(settings, train)
    starts = windows.starts(evenly_spaced(len(windows), _SAMPLED_WINDOWS))
    scaler, standard = scalers[settings.scaling.scale or "standard"], scalers["standard"]
    normalizer, series = normalizer_of(settings), panel.series_index(starts)
    seen = normalizer(scaler.encode(panel.window(starts, normalizer.context), series))
    forecast = scaler.decode(seen.stats.location, series)
    truth = panel.window(starts + normalizer.context, normalizer.horizon)
    error = standard.encode(forecast, series) - standard.encode(truth, series)
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
