"""Rows of several files are told apart."""

import os
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from echoic.api.names import told_apart
from echoic.jobs.base import Table


def rows(*names: str, column: str = "file") -> Table:
    return {column: np.array(names, object), "label": np.array(["x"] * len(names), object)}


def names_of(files: list[Any], tables: list[Table]) -> list[list[str]]:
    return [next(iter(table.values())).tolist() for table in told_apart(files, tables)]


def test_names_that_differ_stay() -> None:
    tables = [rows("0.wav"), rows("1.wav")]
    assert told_apart(["a/0.wav", "b/1.wav"], tables) == tables


@pytest.mark.parametrize(
    ("files", "wanted"),
    [
        (["a/0.wav", "b/0.wav"], ["a/0.wav", "b/0.wav"]),
        (["x/a/0.wav", "x/b/0.wav", "x/b/1.wav"], ["a/0.wav", "b/0.wav", "b/1.wav"]),
        (["p/a/0.wav", "q/a/0.wav"], ["p/a/0.wav", "q/a/0.wav"]),
        (
            ["/deep/down/0.wav", "0.wav", "./1.wav"],
            ["down/0.wav", f"{Path.cwd().name}/0.wav", f"{Path.cwd().name}/1.wav"],
        ),
        (["a/0.wav", "a/0.wav"], ["0.wav", "0.wav"]),
    ],
)
def test_equal_names_become_the_shortest_ends_of_paths_that_differ(files: list[str], wanted: list[str]) -> None:
    assert names_of(list(files), [rows(Path(file).name) for file in files]) == [[name] for name in wanted]


def test_a_file_without_a_row_still_has_its_name() -> None:
    assert names_of(["a/0.wav", "b/0.wav"], [rows("0.wav", "0.wav"), rows()]) == [["a/0.wav", "a/0.wav"], []]


def test_files_in_folders_are_told_apart(tmp_path: Path) -> None:
    for name in ("x/low/0.wav", "x/low/1.wav", "y/low/0.wav"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).touch()
    files = [tmp_path / "x", str(tmp_path / "y")]
    assert names_of(files, [rows("low/1.wav"), rows("low/0.wav")]) == [
        [os.path.join("x", "low", "1.wav")],  # noqa: PTH118 (the separator of this system)
        [os.path.join("y", "low", "0.wav")],  # noqa: PTH118
    ]


def test_rows_of_two_tables_begin_with_the_table() -> None:
    tables = [rows("line 1", "line 2"), rows("line 1")]
    assert names_of(["a.ts", "b.ts"], tables) == [["a.ts, line 1", "a.ts, line 2"], ["b.ts, line 1"]]
    series = [rows("north", column="unique_id"), rows("north", column="unique_id")]
    assert names_of(["may/s.csv", "june/s.csv"], series) == [["may/s.csv, north"], ["june/s.csv, north"]]


def test_data_in_memory_are_left_as_they_are() -> None:
    tables = [rows("clip 0"), rows("clip 0")]
    assert told_apart([np.zeros(3), np.zeros(3)], tables) == tables
