from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from echoic.report import write_figures
from echoic.report.charts import Bars, Chart, Line


@pytest.mark.slow
def test_figures_are_whole_png_and_pdf_files(tmp_path: Path, examples: Any) -> None:
    paths = write_figures(examples.charts(), tmp_path / "figures")
    assert [path.name for path in paths] == [
        f"{key}.{end}" for key in ("one", "two", "three") for end in ("png", "pdf")
    ]
    for path in paths[::2]:
        with Image.open(path) as image:
            image.load()
            assert image.size == (1120, 608)
            shades = np.unique(np.asarray(image.convert("L")))
        assert len(shades) > 20
    for path in paths[1::2]:
        data = path.read_bytes()
        assert data.startswith(b"%PDF-")
        assert data.rstrip().endswith(b"%%EOF")
        assert 3_000 < len(data) < 200_000


@pytest.mark.slow
def test_figures_are_the_same_for_the_same_charts(tmp_path: Path, examples: Any) -> None:
    first, second = (write_figures(examples.charts(), tmp_path / name) for name in "ab")
    assert [path.read_bytes() for path in first] == [path.read_bytes() for path in second]


def test_figures_take_names_in_any_script(tmp_path: Path) -> None:
    line = Line("气温 °C", np.arange(3), np.ones(3), "data")
    write_figures([Chart("a", "नमस्ते", "x", "ÿ", (line, line))], tmp_path)
    assert (tmp_path / "a.png").stat().st_size > 5_000


@pytest.mark.parametrize("values", [[np.nan] * 3, [np.inf, 1, -np.inf], []])
def test_figures_of_values_that_cannot_be_drawn_are_empty_not_errors(tmp_path: Path, values: list[float]) -> None:
    line = Line("a", np.arange(len(values)), np.array(values, float), "model")
    assert len(write_figures([Chart("a", "t", "x", "y", (line,))], tmp_path)) == 2


def test_a_long_line_makes_a_small_file(tmp_path: Path) -> None:
    line = Line("a", np.arange(300_000), np.random.default_rng(0).normal(size=300_000), "data")
    (_, pdf) = write_figures([Chart("a", "t", "x", "y", (line,))], tmp_path)
    assert pdf.stat().st_size < 100_000


def test_bars_may_have_names(tmp_path: Path) -> None:
    places, tops = np.arange(2.0), np.array([1.0, 0.5])
    plain, named = (Bars("F1", places, tops, 0.8, names=names) for names in (None, ["$a$", "b"]))
    write_figures(
        [Chart(key, "t", "x", "y", bars=(bars,)) for key, bars in (("plain", plain), ("named", named))], tmp_path
    )
    assert (tmp_path / "plain.png").read_bytes() != (tmp_path / "named.png").read_bytes()
