"""The report as one self-contained HTML page, which makes no network requests."""

import html
import json
from collections.abc import Sequence
from dataclasses import dataclass
from importlib.resources import files

from echoic.report.charts import PALETTES, Chart
from echoic.report.plots import plot_json
from echoic.report.tables import Table, table_html

# Makes the browser refuse all network requests of the page.
_POLICY = (
    "default-src 'none'; script-src 'unsafe-inline'; style-src 'unsafe-inline'; img-src data: blob:; form-action 'none'"
)


@dataclass(frozen=True)
class Section:
    """The part of the page about one run: tables, charts, and details after the charts."""

    title: str
    summary: str = ""
    tables: Sequence[Table] = ()
    charts: Sequence[Chart] = ()
    details: Sequence[Table] = ()


def page(title: str, sections: Sequence[Section], overview: Table | None = None) -> str:
    """The HTML of the page: the overview, then one section per run (`#run-1` and so on).

    Reproducible; all text is escaped.
    """
    from plotly.offline import get_plotlyjs  # noqa: PLC0415

    parts = [f"<h1>{html.escape(title)}</h1>"]
    if overview is not None:
        parts.append(table_html(overview))
    parts += [_section(section, number) for number, section in enumerate(sections, 1)]
    body = "\n".join(parts)
    script = _asset("page.js").replace("PALETTES", json.dumps(PALETTES), 1)
    return f"""<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="{_POLICY}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>{html.escape(title)}</title>
<style>
{_asset("page.css")}</style>
</head>
<body>
<main>
{body}
</main>
<script>{get_plotlyjs()}</script>
<script>
{script}</script>
</body>
</html>
"""


def _section(section: Section, number: int) -> str:
    parts = [f'<section id="run-{number}">', f"<h2>{html.escape(section.title)}</h2>"]
    if section.summary:
        parts.append(f"<p>{html.escape(section.summary)}</p>")
    parts += [table_html(table) for table in section.tables]
    parts += [_figure(chart) for chart in section.charts]
    parts += [table_html(table) for table in section.details]
    return "\n".join([*parts, "</section>"])


def _figure(chart: Chart) -> str:
    title = html.escape(chart.title)
    return f"""<figure>
<h3>{title}</h3>
<div class="plot" role="img" aria-label="{title}"><script type="application/json">{plot_json(chart)}</script></div>
<figcaption>{html.escape(chart.caption)}</figcaption>
</figure>"""


def _asset(name: str) -> str:
    return files("echoic.report").joinpath(name).read_text("utf-8")
