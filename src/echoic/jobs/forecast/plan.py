"""What the user left open, decided from the training part."""

from collections import Counter
from collections.abc import Sequence
from typing import Any

import torch

from echoic.codecs import Scaler, WindowFrame
from echoic.config import ForecastSettings
from echoic.config.data import SplitRule
from echoic.errors import ConfigError
from echoic.season import detect_season
from echoic.types import Series
from echoic.windows import Panel, Ranges, Windows

_DEFAULTS: dict[str, dict[str, Any]] = {
    "step": {"layers": (32,), "batch_size": 64, "lr": 5e-3},
    "direct": {"layers": (32,), "dropout": 0.1, "batch_size": 32, "lr": 2e-3, "average": 0.98},
    "segments": {"layers": (256,), "dropout": 0.5, "batch_size": 64, "lr": 1e-3, "average": 0.99, "epochs": 10},
}
"""Defaults that differ by the way of looking ahead; a value set by the user stands."""

_SHORT = 1000
"""Below this many training steps a network needs a naive forecast to lean on."""

_SAMPLED_WINDOWS = 2000


def default_split(series: Sequence[Series], settings: ForecastSettings) -> SplitRule:
    """The split when none is asked for."""
    horizon = settings.window.horizon
    if settings.data.format == "m4":
        return (0, horizon, 0)  # the format has its test part in a file of its own
    return (0.6, 0.2, 0.2) if len(series) == 1 else (0, horizon, horizon)


def plan(settings: ForecastSettings, panel: Panel, scaler: Scaler, train: Ranges) -> ForecastSettings:
    """`settings` with every open choice made: season, look-back, way of looking ahead, base, segment, channels.

    Only the training part is looked at.

    Raises:
        ConfigError: choices that do not go together.
    """
    length = int(train.lengths.min())
    season = settings.scaling.season or _common_season(panel, train)
    lookahead = settings.window.lookahead or _lookahead(settings, season, length)
    settings = _with_defaults(settings, lookahead)
    many = len(panel.names) > 1
    channels = settings.window.channels or ("shared" if lookahead == "segments" else "joint")
    lookback = settings.window.lookback or _lookback(settings, season, length)
    settings = settings.replaced(
        lookahead=lookahead,
        lookback=lookback,
        season=season,
        channels=channels if len(panel.features) > 1 else "joint",
        window_scale=settings.scaling.window_scale or ("standard" if many and lookahead != "step" else "none"),
    )
    if lookahead == "step":
        _check_step(settings)
        return settings.replaced(base="none", segment=1)
    segment = settings.window.segment or _segment(season, lookback)
    settings = settings.replaced(segment=segment if lookahead == "segments" else lookback)
    if settings.scaling.base:
        return _check_base(settings)
    base, seasons = _best_base(settings, panel, scaler, train)
    return settings.replaced(base=base, season=seasons)


def frame_of(settings: ForecastSettings) -> WindowFrame:
    """The window scaling that `settings` (as planned) ask for."""
    return WindowFrame(
        settings.scaling.base or "none",
        settings.scaling.season,
        settings.window.horizon,
        own_scale=settings.scaling.window_scale == "standard",
    )


def _with_defaults(settings: ForecastSettings, lookahead: str) -> ForecastSettings:
    asked = settings.given()
    return settings.replaced(**{key: value for key, value in _DEFAULTS[lookahead].items() if key not in asked})


def _common_season(panel: Panel, train: Ranges) -> tuple[int, ...]:
    """The season that most columns of the training part have, if a third of them have one."""
    found: Counter[int] = Counter()
    columns = 0
    for begin, end in list(zip(train.begin.tolist(), train.end.tolist(), strict=True))[:50]:
        for column in panel.values[begin:end].unbind(1):
            columns += 1
            season = detect_season(column.numpy())
            if season:
                found[season] += 1
    if not found or found.total() * 3 < columns:
        return ()
    return (found.most_common(1)[0][0],)


def _lookahead(settings: ForecastSettings, season: Sequence[int], length: int) -> str:
    horizon = settings.window.horizon
    if horizon == 1:
        return "direct" if season and length < _SHORT else "step"
    lookback = settings.window.lookback or horizon
    segment = settings.window.segment or _segment(season, lookback)
    return "segments" if segment > 1 and horizon >= 2 * segment else "direct"


def _lookback(settings: ForecastSettings, season: Sequence[int], length: int) -> int:
    """Seven seasons (a week of days) or two long ones; without a season twice the horizon."""
    longest = max((length - settings.window.horizon) // 2, 1)
    if not season:
        return min(max(2 * settings.window.horizon, 32), longest)
    wanted = max(2 * max(season), settings.window.horizon, min(7 * min(season), 168))
    seasons = min(wanted, longest) // min(season)
    return seasons * min(season) if seasons else longest


def _segment(season: Sequence[int], lookback: int) -> int:
    """A season, if the look-back holds whole ones; otherwise the longest divisor of the look-back up to 24."""
    if season and season[0] <= 48 and lookback % season[0] == 0:
        return season[0]
    return max(size for size in range(1, min(24, lookback) + 1) if lookback % size == 0)


def _check_step(settings: ForecastSettings) -> None:
    if settings.scaling.base not in {None, "none"} or settings.scaling.window_scale == "standard":
        raise ConfigError(
            "`--lookahead step` carries its state from step to step and has no window to take a base or a scale from; "
            "leave out --base and --window-scale, or choose --lookahead direct."
        )


def _check_base(settings: ForecastSettings) -> ForecastSettings:
    base, lookback = settings.scaling.base, settings.window.lookback or 1
    if base in {"seasonal", "growth"} and not settings.scaling.season:
        raise ConfigError(f"`--base {base}` needs --season: none was found in the training part.")
    need = frame_of(settings).shortest_lookback
    if lookback < need:
        raise ConfigError(f"`--base {base}` needs a --lookback of at least {need} steps, got {lookback}.")
    return settings


def _best_base(settings: ForecastSettings, panel: Panel, scaler: Scaler, train: Ranges) -> tuple[str, tuple[int, ...]]:
    """The base with the smallest absolute error on windows of the training part, as the network would see them."""
    lookback, horizon = settings.window.lookback or 1, settings.window.horizon
    windows = Windows(train, lookback + horizon, horizon)
    if not len(windows):
        return "last", settings.scaling.season
    numbers = torch.linspace(0, len(windows) - 1, min(len(windows), _SAMPLED_WINDOWS)).long()
    starts = windows.starts(numbers)
    values = scaler.encode(panel.cut(starts, lookback + horizon), panel.series_of(starts))
    errors: dict[tuple[str, tuple[int, ...]], float] = {}
    for candidate in _candidates(settings.scaling.season):
        trial = settings.replaced(base=candidate[0], season=candidate[1])
        if frame_of(trial).shortest_lookback > lookback:
            continue
        _, frame = frame_of(trial)(values[:, :lookback])
        errors[candidate] = float(frame.encode(values[:, lookback:]).abs().nanmean())
    best, season = min(errors, key=lambda candidate: errors[candidate])
    return best, season or settings.scaling.season


def _candidates(season: tuple[int, ...]) -> list[tuple[str, tuple[int, ...]]]:
    """Bases to compare; to a season of a day belongs a week."""
    candidates: list[tuple[str, tuple[int, ...]]] = [("last", ())]
    if season:
        candidates += [("seasonal", season), ("growth", season)]
    if len(season) == 1:
        candidates.append(("seasonal", (season[0], 7 * season[0])))
    return candidates
