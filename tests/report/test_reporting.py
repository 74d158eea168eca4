import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest
from PIL import Image

import echoic
from echoic.api.report import write_report
from echoic.api.run import Run
from echoic.errors import ConfigError

TINY: dict[str, Any] = {"layers": [4], "epochs": 1, "threads": 1, "lookback": 12, "horizon": 3, "strategy": "direct"}
NASTY = "<script>alert(1)</script>"


@pytest.fixture(scope="module")
def runs(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Run]:
    folder = tmp_path_factory.mktemp("runs")
    kinds = {"first": "synth:sine,steps=300", "second": "synth:sine,steps=300", "other": "synth:sine,steps=400"}
    return {name: echoic.train("forecast", data, out=folder / name, **TINY) for name, data in kinds.items()}


@pytest.mark.slow
def test_report_of_one_run_is_a_page_and_figures_in_its_folder(runs: dict[str, Run]) -> None:
    run = runs["first"]
    path = write_report([run])
    assert path == run.path / "report.html"
    names = {file.name for file in (run.path / "figures").iterdir()}
    keys = ("data", "loss", "window", "continuation", "horizon", "residuals", "histogram", "future")
    assert names == {f"{key}.{end}" for key in keys for end in ("png", "pdf")}
    for png in (run.path / "figures").glob("*.png"):
        with Image.open(png) as image:
            image.verify()
    text = path.read_text("utf-8")
    for word in (
        "Scores on the test split",
        "persistence",
        "window.lookback",
        "data.fingerprint",
        "torch",
        "Parameters",
    ):
        assert word.split(".")[-1] in text
    assert f">{run.evaluate().scores['mae']:.4g}<" in text.replace("<strong>", "").replace("</strong>", "")


@pytest.mark.slow
def test_report_is_the_same_when_written_again(runs: dict[str, Run]) -> None:
    run = runs["first"]
    first = write_report([run]).read_bytes()
    assert write_report([echoic.load(run.path)]).read_bytes() == first


def test_report_of_two_runs_has_both_and_an_overview_with_the_best_marked(runs: dict[str, Run], tmp_path: Path) -> None:
    out = tmp_path / "both.html"
    assert write_report([runs["first"], runs["second"]], out) == out
    text = out.read_text("utf-8")
    assert "<h2>first</h2>" in text
    assert "<h2>second</h2>" in text
    overview = text[text.index("Comparison of the runs") : text.index('id="run-1"')]
    assert '<a href="#run-2">second</a>' in overview
    assert "<strong>" in overview
    assert not (runs["second"].path / "report.html").exists()
    assert not (runs["second"].path / "figures").exists()


def test_runs_on_different_data_are_not_ranked(runs: dict[str, Run], tmp_path: Path) -> None:
    text = write_report([runs["first"], runs["other"]], tmp_path / "page.html").read_text("utf-8")
    overview = text[text.index("Comparison of the runs") : text.index('id="run-1"')]
    assert "<strong>" not in overview
    assert "No scores are marked as best" in overview


@pytest.mark.slow
def test_names_of_series_and_files_are_escaped(tmp_path: Path) -> None:
    table = pl.DataFrame({NASTY: np.sin(np.arange(200) / 5), "b & $c$": np.cos(np.arange(200) / 5)})
    path = tmp_path / "<b>data & $x.csv"
    table.write_csv(path)
    run = echoic.train("forecast", str(path), out=tmp_path / "<i>run", **TINY)
    text = write_report([run]).read_text("utf-8")
    body = text[text.index("<body>") :]
    assert NASTY not in text
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in body
    assert "<i>run" not in body
    assert "<b>data" not in body


def test_a_report_of_several_runs_requires_a_path(runs: dict[str, Run]) -> None:
    with pytest.raises(ConfigError, match="requires an output file; set"):
        write_report(list(runs.values()))
    with pytest.raises(ConfigError, match="at least one run"):
        write_report([])


def test_a_report_on_changed_data_says_so_and_has_no_scores(tmp_path: Path) -> None:
    path = tmp_path / "data.csv"
    pl.DataFrame({"y": np.sin(np.arange(200) / 5)}).write_csv(path)
    run = echoic.train("forecast", str(path), out=tmp_path / "run", **TINY)
    path.write_text("y\n1\n2\n")
    page = write_report([echoic.load(run.path)]).read_text()
    assert "No scores:" in page
    assert "differs from the data" in page


@pytest.mark.slow
def test_training_and_loading_do_not_import_plotting_libraries() -> None:
    code = "import sys, echoic.api.run, echoic.api.report; print({'matplotlib', 'plotly'} & set(sys.modules))"
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout == "set()\n"
