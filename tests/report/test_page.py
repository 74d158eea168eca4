import json
import re
from html.parser import HTMLParser
from typing import Any

import numpy as np
import pytest

from echoic.report import Section, Table, page
from echoic.report.charts import Chart, Line
from echoic.report.plots import plot_json


class Reader(HTMLParser):
    """The tags, attributes and texts of a page as a browser sees them."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.links: list[str] = []
        self.scripts: list[str] = []
        self.text = ""
        self.feed(text)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.links += [value or "" for name, value in attrs if name in {"src", "href", "srcset", "data", "action"}]
        if tag == "script":
            self.scripts.append("")

    def handle_data(self, data: str) -> None:
        if self.tags and self.tags[-1] == "script" and self.lasttag == "script" and self.cdata_elem == "script":
            self.scripts[-1] += data
        else:
            self.text += data


@pytest.fixture
def made(examples: Any) -> str:
    return page("Report", [examples.section("one"), examples.section("two")], examples.table())


def test_a_page_loads_nothing_from_the_network(made: str) -> None:
    assert all(link.startswith("#") for link in Reader(made).links)
    assert "default-src 'none'" in made
    styles = made[made.index("<style>") : made.index("</style>")]
    assert "url(" not in styles
    assert "@import" not in styles


def test_page_holds_plotly_once_and_every_plot(made: str) -> None:
    scripts = Reader(made).scripts
    assert sum("plotly.js v" in script for script in scripts) == 1
    assert made.count("* plotly.js v") == 1
    assert len(scripts) == 2 + 6


def test_names_from_users_cannot_run_or_break_anything(made: str, examples: Any) -> None:
    reader = Reader(made)
    assert "alert(1)" in reader.text
    assert "<script>alert" not in made
    assert not any(script.lstrip().startswith("alert") for script in reader.scripts)
    plots = [json.loads(script) for script in reader.scripts if script.startswith("{")]
    assert len(plots) == 6
    # Plotly draws markup in names, so they reach it escaped as well.
    assert plots[0]["layout"]["xaxis"]["title"]["text"] == examples.name.replace("&", "&amp;").replace(
        "<", "&lt;"
    ).replace(">", "&gt;")


def test_page_is_readable_on_a_phone_and_in_the_dark(made: str) -> None:
    assert '<meta name="viewport" content="width=device-width, initial-scale=1">' in made
    assert "@media (prefers-color-scheme: dark)" in made
    assert 'matchMedia("(prefers-color-scheme: dark)")' in made
    assert "palettes = {" in made


def test_page_of_several_runs_has_an_overview_that_leads_to_each() -> None:
    overview = Table("Side by side", ["run", "mse"], [["a", 1.0], ["b", 2.0]], {"mse": "low"}, ["run-1", "run-2"])
    made = page("Report", [Section("a"), Section("b")], overview)
    targets = re.findall(r'<section id="([^"]+)">\n<h2>(.)</h2>', made)
    assert targets == [("run-1", "a"), ("run-2", "b")]
    assert Reader(made).links == ["#run-1", "#run-2"]
    assert made.index("Side by side") < made.index('id="run-1"')


def test_page_is_the_same_for_the_same_input(examples: Any) -> None:
    assert page("t", [examples.section("one")]) == page("t", [examples.section("one")])


def test_plots_hold_dates_gaps_and_digits() -> None:
    days = np.array(["2024-01-01", "2024-01-02T06:30", "2024-01-03"], "datetime64[us]")
    y = np.array([0.1, np.nan, np.inf], np.float32)
    trace = json.loads(plot_json(Chart("k", "t", "x", "y", (Line("a", days, y, "data"),))))["data"][0]
    assert trace["x"] == ["2024-01-01", "2024-01-02T06:30", "2024-01-03"]
    assert trace["y"] == [0.1, None, None]


def test_heights_can_have_names_instead_of_numbers() -> None:
    chart = Chart("k", "t", "x", "y", (Line("a", np.arange(3), np.arange(3.0), "data"),), y_names=((0.5, "<b>"),))
    axis = json.loads(plot_json(chart))["layout"]["yaxis"]
    assert (axis["tickvals"], axis["ticktext"]) == ([0.5], ["&lt;b&gt;"])


def test_a_long_line_stays_small_on_the_page() -> None:
    line = Line("a", np.arange(400_000), np.random.default_rng(0).normal(size=400_000), "data")
    assert len(plot_json(Chart("k", "t", "x", "y", (line,)))) < 150_000
