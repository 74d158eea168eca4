"""Predictions for several files and series, of which some cannot be predicted."""

import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest

import echoic
from echoic.api.run import Run
from echoic.api.usable_parts import use_all
from echoic.errors import ConfigError, DataError

TINY: dict[str, Any] = {"lookback": 8, "horizon": 3, "layers": (4,), "epochs": 1, "threads": 1}


def shop(name: str, steps: int = 60, *, every: str = "1d", level: float = 0.0) -> pl.DataFrame:
    days = pl.datetime_range(pl.datetime(2024, 1, 1), pl.datetime(2030, 1, 1), every, closed="left", eager=True).head(
        steps
    )
    return pl.DataFrame({
        "unique_id": [name] * steps, "ds": days, "y": np.round(level + np.sin(np.arange(steps) / 2), 4)
    })  # fmt: skip


@pytest.fixture
def run(tmp_path: Path) -> Run:
    return echoic.train("forecast", pl.concat([shop("a"), shop("b", level=5)]), out=tmp_path / "run", **TINY)


def as_file(path: Path, table: pl.DataFrame) -> Path:
    table.write_csv(path)
    return path


def as_frame(_path: Path, table: pl.DataFrame) -> pl.DataFrame:
    return table


GOOD = [shop("b", level=5), shop("new", 30, level=9)]
GAP = shop("gap").filter(pl.int_range(pl.len()) != 40)
EMPTY = shop("empty").with_columns(pl.lit(None, pl.Float64).alias("y"))


@pytest.mark.parametrize("give", [as_file, as_frame])
def test_bad_series_do_not_stop_the_others_and_are_counted_and_listed(
    tmp_path: Path, run: Run, give: Callable[[Path, pl.DataFrame], Any]
) -> None:
    data = give(tmp_path / "new.csv", pl.concat([GAP, GOOD[0], EMPTY, GOOD[1]]))
    with pytest.warns(UserWarning, match=r"Skipped 2 of 4:\n  gap: .*missing between.*\n  empty: .*no value") as caught:
        table = run.predict(data)
    assert len(caught) == 1
    expected = run.predict(give(tmp_path / "good.csv", pl.concat(GOOD)))
    assert {name: column.tolist() for name, column in table.items()} == {
        name: column.tolist() for name, column in expected.items()
    }


def test_the_first_bad_series_stops_if_told_to(run: Run) -> None:
    with pytest.raises(DataError, match="missing between"):
        run.predict(pl.concat([GAP, *GOOD]), on_error="stop")
    with pytest.raises(ConfigError, match="`on_error` must be skip or stop, got 'none'"):
        run.predict(GOOD[0], on_error="none")  # type: ignore[arg-type]  # the value that is refused


def test_bad_files_do_not_stop_the_others(tmp_path: Path, run: Run) -> None:
    files = [as_file(tmp_path / f"{number}.csv", table) for number, table in enumerate([*GOOD, GAP])]
    missing = tmp_path / "gone.csv"
    with pytest.warns(UserWarning, match=r"Skipped 2 of 4:\n  .*gone\.csv: .*\n  .*2\.csv, line 42, .*missing between"):
        table = run.predict([files[0], missing, files[2], files[1]])
    assert list(dict.fromkeys(table["unique_id"])) == ["b", "new"]
    with pytest.raises(DataError, match=r"gone\.csv"):
        run.predict([files[0], missing], on_error="stop")


def test_data_without_a_good_series_are_refused(tmp_path: Path, run: Run) -> None:
    for data in (GAP, [as_file(tmp_path / "gap.csv", GAP)]):
        with pytest.raises(DataError, match="missing between"):
            run.predict(data)


def test_series_that_are_too_short_for_the_split_are_all_named() -> None:
    with pytest.raises(DataError, match=r"2 of 4 series are too short .*: 'c' \(5\), 'd' \(6\); leave them out"):
        echoic.train("forecast", pl.concat([shop("a"), shop("b"), shop("c", 5), shop("d", 6)]), on_error="stop", **TINY)


def test_a_series_that_is_skipped_is_listed_once(run: Run) -> None:
    """The data without a value are left out when they are read, and others when they are used."""

    def use(data: pl.DataFrame) -> list[str]:
        names = data["unique_id"].unique(maintain_order=True).to_list()
        if names == ["empty"]:
            raise DataError("it has no value.")
        if "empty" in names:
            warnings.warn("Skipped 1:\n  empty: it has no value.", stacklevel=2)
        if "odd" in names:
            raise DataError("it is odd.")
        return [name for name in names if name != "empty"]

    data = pl.concat([EMPTY, shop("odd"), *GOOD])
    with pytest.warns(UserWarning, match="Skipped") as caught:
        assert use_all(run.fitted, data, use, "skip") == ["b", "new"]
    (said,) = [str(one.message) for one in caught]
    assert said.count("it has no value") == 1
    with pytest.warns(UserWarning, match=r"^Skipped 1:\n  empty: it has no value\.$") as caught:
        assert use_all(run.fitted, pl.concat([EMPTY, *GOOD]), use, "skip") == ["b", "new"]
    assert len(caught) == 1
