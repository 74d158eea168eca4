"""Charts as data, which `echoic.report` draws both as figures and on the HTML page."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

Role = Literal["data", "model", "reference", "baseline", "train", "dev", "test", "unused"]
Style = Literal["line", "dashed", "dots"]
Numbers = NDArray[np.floating]

MAX_POINTS = 4000
"""Maximum number of drawn points per line: more than the columns of a screen, few enough for a phone."""

COLORMAP = "cividis"
"""Perceptually uniform, also for colour-blind readers (Nunez 2018)."""

_MAX_MARKED_POINTS = 60


@dataclass(frozen=True, eq=False)
class Line:
    """`y` `(points,)` over `x` `(points,)`, numbers or datetimes; NaN leaves a gap."""

    name: str
    x: NDArray[Any]
    y: Numbers
    role: Role
    style: Style = "line"


@dataclass(frozen=True, eq=False)
class Band:
    """The area between `low` and `high`, both `(points,)`, in the colour of the model."""

    name: str
    x: NDArray[Any]
    low: Numbers
    high: Numbers


@dataclass(frozen=True, eq=False)
class Bars:
    """Bars of equal `width` in units of x, with centres `x` and heights `y`, both `(bars,)`.

    `names` label the bars of a categorical axis.
    """

    name: str
    x: Numbers
    y: Numbers
    width: float
    role: Role = "model"
    names: Sequence[str] | None = None


@dataclass(frozen=True, eq=False)
class Spans:
    """Horizontal bars, such as notes: from `begin`, `length` long (in units of x), at heights `y`, all `(spans,)`."""

    name: str
    begin: Numbers
    length: Numbers
    y: Numbers
    role: Role = "model"


@dataclass(frozen=True, eq=False)
class Heatmap:
    """Colours for `values` `(y, x)`; `x` and `y` are the evenly spaced coordinates of columns and rows.

    `names` label the columns and the rows of categorical axes.
    """

    name: str
    x: Numbers
    y: Numbers
    values: Numbers
    names: tuple[Sequence[str], Sequence[str]] | None = None


@dataclass(frozen=True, eq=False)
class Chart:
    """One chart. `key` is the stem of its files; wider bands come before narrower ones.

    `y_names` are tick positions and labels that replace the numbers on the y axis.
    """

    key: str
    title: str
    x_label: str
    y_label: str
    lines: tuple[Line, ...] = ()
    bands: tuple[Band, ...] = ()
    bars: tuple[Bars, ...] = ()
    spans: tuple[Spans, ...] = ()
    heatmaps: tuple[Heatmap, ...] = ()
    caption: str = ""
    log_y: bool = False
    y_names: tuple[tuple[float, str], ...] = ()


_LIGHT = {
    "data": "#000000",
    "model": "#0072B2",
    "reference": "#7F7F7F",
    "train": "#000000",
    "dev": "#E69F00",
    "test": "#009E73",
    "unused": "#B5B5B5",
}
_DARK = _LIGHT | {
    "data": "#E8E8E8",
    "train": "#E8E8E8",
    "model": "#56B4E9",
    "reference": "#9A9A9A",
    "unused": "#666666",
}
_BASELINES = ("#E69F00", "#009E73", "#D55E00", "#CC79A7", "#56B4E9", "#999999")
_DARK_BASELINES = (*_BASELINES[:4], "#F0E442", "#999999")


def _with_baselines(colours: dict[str, str], baselines: Sequence[str]) -> dict[str, str]:
    return colours | {f"baseline-{number}": colour for number, colour in enumerate(baselines)}


PALETTES = {"light": _with_baselines(_LIGHT, _BASELINES), "dark": _with_baselines(_DARK, _DARK_BASELINES)}
"""Colours by key on light and dark backgrounds, after Okabe and Ito (2008): distinct for colour-blind readers."""


def colour_keys(lines: Sequence[Line]) -> list[str]:
    """The key of each line in `PALETTES`: its role; baselines are numbered."""
    keys: list[str] = []
    baselines = 0
    for line in lines:
        is_baseline = line.role == "baseline"
        keys.append(f"baseline-{baselines % len(_BASELINES)}" if is_baseline else line.role)
        baselines += is_baseline
    return keys


def with_markers(lines: Sequence[Line]) -> list[bool]:
    """Whether each line gets markers: all lines of a chart with few points, and lines too short to be visible."""
    few = max((len(line.x) for line in lines), default=0) <= _MAX_MARKED_POINTS
    return [line.style == "line" and (few or len(line.x) <= 2) for line in lines]


def band_alphas(bands: Sequence[Band]) -> list[float]:
    """Opacity of each band, higher for inner bands."""
    return [0.18 + 0.14 * number for number in range(len(bands))]


def decimated(chart: Chart) -> Chart:
    """The chart with at most `MAX_POINTS` points per line and band; minima and maxima are kept."""
    lines = []
    for line in chart.lines:
        kept = _extremes(line.y, line.y)
        lines.append(replace(line, x=line.x[kept], y=line.y[kept]))
    bands = []
    for band in chart.bands:
        kept = _extremes(band.low, band.high)
        bands.append(replace(band, x=band.x[kept], low=band.low[kept], high=band.high[kept]))
    return replace(chart, lines=tuple(lines), bands=tuple(bands))


def _extremes(low: Numbers, high: Numbers) -> NDArray[np.intp]:
    """Indices of the points to keep: the first, the last, and the extremes of every bucket."""
    points = len(low)
    if points <= MAX_POINTS:
        return np.arange(points)
    edges = np.linspace(0, points, MAX_POINTS // 2).astype(int)
    # Missing values are no extremes, but a bucket of only missing values keeps one, so that the gap is visible.
    floor, ceiling = np.where(np.isnan(low), np.inf, low), np.where(np.isnan(high), -np.inf, high)
    kept = {0, points - 1}
    for begin, end in pairwise(edges.tolist()):
        kept |= {begin + int(floor[begin:end].argmin()), begin + int(ceiling[begin:end].argmax())}
    return np.array(sorted(kept))
