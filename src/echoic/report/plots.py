"""Charts as plotly.js JSON; colours are keys into the palette of the reader's colour scheme."""

import json
import math
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from echoic.report.charts import (
    COLORMAP,
    Band,
    Bars,
    Chart,
    Heatmap,
    Line,
    Spans,
    band_alphas,
    colour_keys,
    decimated,
    with_markers,
)

_DASHES = {"line": "solid", "dashed": "dash", "dots": "solid"}


def plot_json(chart: Chart) -> str:
    """`{"data": traces, "layout": ...}` as JSON that is safe in a script element."""
    chart = decimated(chart)
    traces: list[dict[str, Any]] = [_bars(bars) for bars in chart.bars]
    traces += [_spans(spans) for spans in chart.spans]
    traces += [_heatmap(heatmap) for heatmap in chart.heatmaps]
    for band, alpha in zip(chart.bands, band_alphas(chart.bands), strict=True):
        traces += _band(band, alpha)
    for line, key, mark in zip(chart.lines, colour_keys(chart.lines), with_markers(chart.lines), strict=True):
        traces.append(_line(line, key, mark=mark))
    whole = all(np.issubdtype(line.x.dtype, np.integer) for line in chart.lines) and bool(chart.lines)
    whole = whole and not chart.bars and not chart.spans
    layout: dict[str, Any] = {
        "xaxis": {"title": {"text": _plain(chart.x_label)}} | ({"tickformat": ",d"} if whole else {}),
        "yaxis": {"title": {"text": _plain(chart.y_label)}, "type": "log" if chart.log_y else "linear"},
        "barmode": "overlay",
        "showlegend": len(traces) > 1,
    }
    for heatmap in chart.heatmaps:
        for axis, places, names in zip(("xaxis", "yaxis"), (heatmap.x, heatmap.y), heatmap.names or (), strict=False):
            layout[axis] |= _ticks(places, names)
    for bars in chart.bars:
        if bars.names is not None:
            layout["xaxis"] |= _ticks(bars.x, bars.names)
    if chart.y_names:
        heights, names = zip(*chart.y_names, strict=True)
        layout["yaxis"] |= _ticks(np.array(heights), names)
    text = json.dumps({"data": traces, "layout": layout}, allow_nan=False, separators=(",", ":"))
    # A "</script>" in a name would end the enclosing script.
    return text.replace("<", "\\u003c").replace(">", "\\u003e").replace("&", "\\u0026")


def _line(line: Line, key: str, *, mark: bool) -> dict[str, Any]:
    mode = "markers" if line.style == "dots" else "lines+markers" if mark else "lines"
    return {
        "type": "scatter",
        "meta": {"colour": key},
        "name": _plain(line.name),
        "x": _values(line.x),
        "y": _values(line.y),
        "mode": mode,
        "line": {"width": 1.6, "dash": _DASHES[line.style]},
        "marker": {"size": 4 if line.style == "dots" else 6},
    }


def _band(band: Band, alpha: float) -> list[dict[str, Any]]:
    """Two traces without lines, the second filled down to the first, with one entry in the legend."""
    common = {
        "type": "scatter",
        "meta": {"colour": "model", "alpha": alpha},
        "name": _plain(band.name),
        "legendgroup": _plain(band.name),
        "x": _values(band.x),
        "mode": "lines",
        "line": {"width": 0},
    }
    low = common | {"y": _values(band.low), "showlegend": False}
    return [low, common | {"y": _values(band.high), "fill": "tonexty"}]


def _bars(bars: Bars) -> dict[str, Any]:
    return {
        "type": "bar",
        "meta": {"colour": bars.role},
        "name": _plain(bars.name),
        "x": _values(bars.x),
        "y": _values(bars.y),
        "width": bars.width,
        "opacity": 0.6,
    }


def _spans(spans: Spans) -> dict[str, Any]:
    return {
        "type": "bar",
        "orientation": "h",
        "meta": {"colour": spans.role},
        "name": _plain(spans.name),
        "base": _values(spans.begin),
        "x": _values(spans.length),
        "y": _values(spans.y),
        "width": 0.85,
    }


def _heatmap(heatmap: Heatmap) -> dict[str, Any]:
    return {
        "type": "heatmap",
        "meta": {"colour": "model"},
        "colorscale": COLORMAP.capitalize(),
        "colorbar": {"title": {"text": _plain(heatmap.name)}},
        "x": _values(heatmap.x),
        "y": _values(heatmap.y),
        # Three digits are visually sufficient, and reduce the size of the page by two thirds.
        "z": [[float(f"{value:.3g}") for value in row] for row in heatmap.values.tolist()],
    }


def _ticks(places: NDArray[Any], names: Sequence[str]) -> dict[str, Any]:
    return {"tickvals": _values(places), "ticktext": list(map(_plain, names))}


def _values(values: NDArray[Any]) -> list[Any]:
    """As JSON values: datetimes in ISO 8601, numbers to eight digits, None where not finite.

    Numbers that differ from the fourth digit on, such as a meter's, get more digits.
    """
    if np.issubdtype(values.dtype, np.datetime64):
        texts: list[Any] = np.datetime_as_string(values.astype("datetime64[ms]"), unit="auto").tolist()
        return texts
    if np.issubdtype(values.dtype, np.integer):
        whole: list[Any] = values.tolist()
        return whole
    digits = 8 + _common_digits(values[np.isfinite(values)])
    return [float(f"{value:.{digits}g}") if np.isfinite(value) else None for value in values.tolist()]


def _common_digits(values: NDArray[Any]) -> int:
    """The number of digits that all of `values` share, beyond three and up to nine."""
    spread = float(np.ptp(values)) if len(values) else 0.0
    ratio = float(np.abs(values).max()) / spread if spread else 1.0
    return min(max(int(math.log10(max(ratio, 1.0))) - 3, 0), 9)


def _plain(name: str) -> str:
    """Escapes a name, because plotly interprets some HTML tags."""
    return name.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
