"""Charts as PNG and PDF files, for papers and slides."""

import io
import warnings
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from echoic.report.charts import COLORMAP, PALETTES, Chart, Line, band_alphas, colour_keys, decimated, with_markers

if TYPE_CHECKING:  # matplotlib takes a second to import
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

_COLOURS = PALETTES["light"]
_SIZE_INCHES = (7.0, 3.8)
_PNG_DPI = 160
_FEW_DOTS = 500
_SPAN_HEIGHT = 0.85
_TICK_NAMES: dict[str, Any] = {"fontsize": 8, "parse_math": False}
_SLANTED: dict[str, Any] = {"rotation": 60, "ha": "right"}
_MAX_LEVEL_CHARACTERS = 60
"""Total length of the names on the x axis that fit side by side."""

_DASHES = {"line": "-", "dashed": (0, (4, 2)), "dots": ""}


def write_figures(
    charts: Sequence[Chart], folder: Path, write: Callable[[Path, bytes], object] = Path.write_bytes
) -> list[Path]:
    """Draws every chart as `KEY.png` and `KEY.pdf` in `folder`; returns the paths.

    `write` writes bytes to a path. Files are reproducible: the same charts give the same bytes.
    """
    folder.mkdir(parents=True, exist_ok=True)
    paths = []
    for chart in charts:
        for ending in ("png", "pdf"):
            path = folder / f"{chart.key}.{ending}"
            write(path, chart_bytes(chart, ending))
            paths.append(path)
    return paths


def chart_bytes(chart: Chart, ending: str) -> bytes:
    """One chart as the bytes of a `png` or `pdf` file."""
    return figure_bytes(draw(decimated(chart)), ending)


def figure_bytes(figure: "Figure", ending: str) -> bytes:
    """A figure as the bytes of a `png` or `pdf` file, the same ones every time."""
    buffer = io.BytesIO()
    # A creation date would make files irreproducible.
    metadata: dict[str, Any] = {"CreationDate": None} if ending == "pdf" else {}
    with warnings.catch_warnings():
        # Characters missing from the font are drawn as boxes; the HTML page shows them correctly.
        warnings.filterwarnings("ignore", message="Glyph .* missing from", category=UserWarning)
        figure.savefig(buffer, format=ending, dpi=_PNG_DPI, metadata=metadata)
    return buffer.getvalue()


def draw(chart: Chart) -> "Figure":
    """One chart as a figure of matplotlib."""
    from matplotlib.figure import Figure  # noqa: PLC0415

    figure = Figure(figsize=_SIZE_INCHES, layout="constrained")
    axes = figure.add_subplot()
    for heatmap in chart.heatmaps:
        shade: dict[str, Any] = {"cmap": COLORMAP, "shading": "nearest", "rasterized": True}
        mesh = axes.pcolormesh(heatmap.x, heatmap.y, heatmap.values, **shade)
        figure.colorbar(mesh, ax=axes, label=heatmap.name, pad=0.01)
        if heatmap.names is not None:
            _name_x(axes, heatmap.x, heatmap.names[0])
            axes.set_yticks(heatmap.y, heatmap.names[1], **_TICK_NAMES)
    for bars in chart.bars:
        axes.bar(bars.x, bars.y, bars.width, color=_COLOURS[bars.role], alpha=0.6, label=_label(bars.name))
        if bars.names is not None:
            _name_x(axes, bars.x, bars.names)
    for spans in chart.spans:
        place: dict[str, Any] = {"left": spans.begin, "height": _SPAN_HEIGHT}
        axes.barh(spans.y, spans.length, color=_COLOURS[spans.role], label=_label(spans.name), **place)
    for band, alpha in zip(chart.bands, band_alphas(chart.bands), strict=True):
        style: dict[str, Any] = {"color": _COLOURS["model"], "alpha": alpha, "linewidth": 0}
        axes.fill_between(band.x, band.low, band.high, label=_label(band.name), **style)
    for line, key, mark in zip(chart.lines, colour_keys(chart.lines), with_markers(chart.lines), strict=True):
        _add_line(axes, line, _COLOURS[key], mark=mark)
    _add_labels(figure, axes, chart)
    return figure


def _name_x(axes: "Axes", places: NDArray[np.floating], names: Sequence[str]) -> None:
    """Names on the x axis, slanted if they do not fit side by side."""
    fits = len(names) * max(map(len, names), default=0) <= _MAX_LEVEL_CHARACTERS
    axes.set_xticks(places, names, **({} if fits else _SLANTED), **_TICK_NAMES)


def _add_line(axes: "Axes", line: Line, colour: str, *, mark: bool) -> None:
    style: dict[str, Any] = {"linestyle": _DASHES[line.style], "linewidth": 1.3, "color": colour}
    if line.style == "dots":
        style |= {"marker": "o", "markersize": 4 if len(line.x) <= _FEW_DOTS else 2, "markeredgewidth": 0}
    elif mark:
        style |= {"marker": "o", "markersize": 3}
    axes.plot(line.x, line.y, label=_label(line.name), **style)


def _add_labels(figure: "Figure", axes: "Axes", chart: Chart) -> None:
    # Names come from users, so a dollar sign does not start a formula.
    axes.set_title(chart.title, fontsize=11, loc="left", parse_math=False)
    axes.set_xlabel(chart.x_label, parse_math=False)
    axes.set_ylabel(chart.y_label, parse_math=False)
    axes.spines[["top", "right"]].set_visible(False)
    if not chart.heatmaps:
        axes.grid(alpha=0.25, linewidth=0.6)
    axes.margins(x=0.01)
    if chart.log_y:
        axes.set_yscale("log")
    if chart.y_names:
        axes.set_yticks(*zip(*chart.y_names, strict=True), fontsize=8, parse_math=False)
    if any(np.issubdtype(line.x.dtype, np.datetime64) for line in chart.lines):
        _date_axis(axes)
    elif chart.lines and all(np.issubdtype(line.x.dtype, np.integer) for line in chart.lines):
        _whole_number_axis(axes)
    handles, labels = axes.get_legend_handles_labels()
    if len(handles) > 1:
        legend = figure.legend(handles, labels, fontsize=8, frameon=False, loc="outside lower center", ncols=5)
        for text in legend.get_texts():
            text.set_parse_math(False)


def _date_axis(axes: "Axes") -> None:
    from matplotlib.dates import AutoDateLocator, ConciseDateFormatter  # noqa: PLC0415

    locator = AutoDateLocator()  # type: ignore[no-untyped-call]
    axes.xaxis.set_major_locator(locator)
    axes.xaxis.set_major_formatter(ConciseDateFormatter(locator))  # type: ignore[no-untyped-call]


def _whole_number_axis(axes: "Axes") -> None:
    from matplotlib.ticker import MaxNLocator  # noqa: PLC0415

    axes.xaxis.set_major_locator(MaxNLocator(integer=True))


def _label(name: str) -> str:
    """Matplotlib hides names that begin with an underscore from the legend."""
    return f" {name}" if name.startswith("_") else name
