from typing import Any

import pytest

from echoic.report import Table
from echoic.report.tables import cell_text, table_html


def bold(text: str) -> list[str]:
    return [part.split("</strong>")[0] for part in text.split("<strong>")[1:]]


def test_the_best_of_each_column_is_bold_and_nothing_else(examples: Any) -> None:
    # lowest error, coverage nearest to 0.8, and both of the equally high accuracies
    assert bold(table_html(examples.table())) == ["0.25", "0.78", "0.7", "0.7"]


def test_a_column_with_one_value_has_no_best() -> None:
    assert bold(table_html(Table("t", ["a", "mse"], [["x", 1.0], ["y", None]], {"mse": "low"}))) == []


def test_everything_in_a_table_is_escaped(examples: Any) -> None:
    text = table_html(Table(examples.name, [examples.name], [[examples.name]], note=examples.name))
    assert "<script" not in text
    assert text.count("&lt;script&gt;") == 4


def test_a_folded_table_can_be_opened() -> None:
    assert table_html(Table("Settings", ["a"], [["b"]], collapsed=True)).startswith(
        "<details><summary>Settings</summary>"
    )


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (0.123456, "0.1235"),
        (1234567.0, "1.235e+06"),
        (0.0, "0"),
        (2e-9, "2.000e-09"),
        (12345, "12,345"),
        (True, "True"),
        (None, "–"),  # noqa: RUF001
        (float("nan"), "–"),  # noqa: RUF001
    ],
)
def test_cells_are_short(value: float | bool | None, text: str) -> None:
    assert cell_text(value) == text
