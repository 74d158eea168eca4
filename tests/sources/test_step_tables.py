"""Tables with one row per step: columns of values, a label, and the clip of each row."""

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import polars as pl
import pytest

from echoic.config import ClipDataSettings
from echoic.errors import ConfigError, DataError
from echoic.sources import read
from echoic.types import Annotations

ROWS = {
    "ax": [1.0, 2.0, 3.0, 4.0, 5.0],
    "ay": [5.0, 4.0, 3.0, None, 1.0],
    "label": ["walk", "walk", "run", "run", "run"],
    "window": [7, 7, 3, 3, 3],
    "who": ["ann", "ann", "bob", "bob", "bob"],
    "split": ["train", "train", "valid", "valid", "valid"],
}
SETTINGS = ClipDataSettings(id="window", group="who")


def changed(**columns: list[Any]) -> pl.DataFrame:
    return pl.DataFrame(ROWS | columns)


@pytest.mark.parametrize("library", [pd.DataFrame, pl.DataFrame, pl.LazyFrame, dict, "csv", "parquet"])
def test_rows_with_one_id_are_a_clip(tmp_path: Path, library: Any) -> None:
    data = library(ROWS) if callable(library) else tmp_path / f"steps.{library}"
    if library == "csv":
        pl.DataFrame(ROWS).write_csv(data)
    elif library == "parquet":
        pl.DataFrame(ROWS).write_parquet(data)
    walk, run = read(data, SETTINGS).series
    assert (walk.name, run.name, walk.features) == ("7", "3", ("ax", "ay"))
    np.testing.assert_array_equal(walk.values, [[1, 5], [2, 4]])
    np.testing.assert_array_equal(run.values, [[3, 3], [4, np.nan], [5, 1]])
    assert walk.annotations == Annotations(labels=("walk",), split="train", group="ann")
    assert run.annotations == Annotations(labels=("run",), split="dev", group="bob")


def test_whole_numbers_are_labels_as_in_a_file() -> None:
    rows = {"a": [1.0, 2.0, 3.0], "clip": pd.array([1, 1, 2], "Int64"), "label": [0.0, 0.0, 1.0]}
    found = read(pd.DataFrame(rows), ClipDataSettings(id="clip")).series
    assert [(one.name, one.annotations.labels) for one in found] == [("1", ("0",)), ("2", ("1",))]


def test_features_are_chosen_by_name() -> None:
    settings = ClipDataSettings(id="window", features=("ay",))
    assert read(pl.DataFrame(ROWS), settings).series[0].features == ("ay",)


WRONG: dict[str, tuple[pl.DataFrame, str]] = {
    "label": (
        changed(label=["walk", "run", "run", "run", "run"]),
        "the DataFrame, row 1: the label changes from 'walk' to 'run' within a clip",
    ),
    "returns": (
        changed(window=[7, 3, 7, 7, 7], label=["run"] * 5, who=["ann"] * 5, split=["train"] * 5),
        "row 2, column 'window': the clip '7' has rows after those of another one; sort",
    ),
    "no clip": (changed(window=[7, 7, None, 3, 3]), "row 2, column 'window': the row belongs to no clip"),
    "no label": (changed(label=[None] * 5), "row 0, column 'label': there is no label"),
    "split": (changed(split=["now"] * 5), "row 0: the split must be train, dev or test, got 'now'"),
    "text": (changed(ay=list("abcde")), "row 0, column 'ay': 'a' is text like all of the column; choose the columns"),
}


@pytest.mark.parametrize("case", WRONG)
def test_wrong_rows_are_named(case: str) -> None:
    data, message = WRONG[case]
    with pytest.raises(DataError, match=message):
        read(data, SETTINGS)


def test_missing_columns_are_named() -> None:
    frame = pl.DataFrame(ROWS)
    with pytest.raises(ConfigError, match="`id`: the DataFrame has no column 'clip'; it has 'ax', 'ay'"):
        read(frame, ClipDataSettings(id="clip"))
    with pytest.raises(ConfigError, match="`features`: the DataFrame has no column 'az'"):
        read(frame, ClipDataSettings(id="window", features=("az",)))
    with pytest.raises(
        ConfigError, match=r"`file`: .*; a table with one row per step requires `id` \(--id\), its column of clips"
    ):
        read(frame, ClipDataSettings())
    with pytest.raises(DataError, match="no column of values is left; name some"):
        read(frame.select("label", "window"), ClipDataSettings(id="window"))
