"""Predicted classes stay readable in a terminal, however many there are."""

from typing import Any

import numpy as np
import pytest

from echoic.cli.classes import without_many_columns
from echoic.cli.tables import fits, print_columns


def prediction(classes: int) -> dict[str, Any]:
    names = [f"class {number:03}" for number in range(classes)]
    probabilities = np.random.default_rng(0).dirichlet(np.ones(classes), 3)
    best = probabilities.argmax(1)
    return {
        "file": np.array([f"clip{number}.wav" for number in range(3)], object),
        "label": np.array([names[number] for number in best], object),
        "confidence": probabilities.max(1),
        **{f"p({name})": probabilities[:, number] for number, name in enumerate(names)},
    }


def test_the_next_classes_take_the_place_of_a_column_for_each() -> None:
    columns = {
        "file": np.array(["a", "b"], object),
        "label": np.array(["x", "w"], object),
        "confidence": np.array([0.5, 0.4]),
        **{
            f"p({name})": np.array(values)
            for name, values in {"v": [0.1, 0.3], "w": [0.15, 0.4], "x": [0.5, 0.1], "y": [0.25, 0.2]}.items()
        },
    }
    shown = without_many_columns(columns, None)
    assert list(shown) == ["file", "label", "confidence", "next most likely"]
    assert shown["next most likely"].tolist() == ["y 0.25, w 0.15, v 0.1", "v 0.3, y 0.2, x 0.1"]
    several = without_many_columns(columns | {"label": np.array(["x;y", ""], object)}, ";")
    assert several["next most likely"].tolist() == ["w 0.15, v 0.1", "w 0.4, v 0.3, y 0.2"]


def test_tables_without_classes_stay() -> None:
    columns = {"unique_id": np.array(["a"], object), "mean": np.array([1.0])}
    assert without_many_columns(columns, None) == columns


@pytest.mark.parametrize("classes", [10, 50, 200])
def test_all_of_a_row_is_shown_in_80_columns(
    classes: int, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("COLUMNS", "80")
    columns = prediction(classes)
    as_text = {name: [str(cell) for cell in column] for name, column in columns.items()}
    assert not fits(as_text)
    shown = without_many_columns(columns, None)
    cells = {
        name: [f"{cell:.4g}" if isinstance(cell, float) else str(cell) for cell in column]
        for name, column in shown.items()
    }
    print_columns("run: 3 rows", list(cells), list(zip(*cells.values(), strict=True)))
    out = capsys.readouterr().out
    assert max(map(len, out.splitlines())) <= 80
    words = out.replace(",", " ").split()
    for column in cells.values():
        for cell in column:
            assert all(word in words for word in cell.replace(",", " ").split())


def test_columns_that_do_not_fit_are_counted(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("COLUMNS", "40")
    headers = ["name", *(f"q{number:02}" for number in range(30))]
    print_columns("many", headers, [["a" * 60, *(["0.1234"] * 30)]])
    out = capsys.readouterr().out
    assert max(map(len, out.splitlines())) <= 40
    shown = sum(f"q{number:02}" in out for number in range(30))
    assert out.count("0.1234") == shown
    assert f"... {30 - shown} more columns; write all with" in out.replace("\n", " ")
    assert out.replace(" ", "").replace("\n", "").count("a") >= 60
