"""New rows of a trained forecast: what goes on where the run ended, what does not, and other columns."""

import shutil
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest

import echoic
from echoic.api.run import Run
from echoic.errors import ChangedDataError, DataError

TINY: dict[str, Any] = {"lookback": 14, "horizon": 4, "layers": (4,), "epochs": 1, "threads": 1, "time": "ds"}
KNOWN, ALL = 160, 200


def rows(first: int = 0, end: int = ALL, *, level: float = 0.0, name: str | None = None) -> pl.DataFrame:
    """The days `first` to `end` of a weekly wave with noise."""
    values = np.round(level + np.sin(np.arange(ALL) * 2 * np.pi / 7) + np.random.default_rng(0).normal(0, 0.2, ALL), 4)
    start = pl.date(2024, 1, 1)
    days = pl.date_range(start + pl.duration(days=first), start + pl.duration(days=end - 1), "1d", eager=True)
    table = pl.DataFrame({"ds": days.alias("ds"), "y": values[first:end]})
    return table if name is None else table.with_columns(pl.lit(name).alias("unique_id"))


def write(path: Path, table: pl.DataFrame) -> Path:
    table.write_csv(path)
    return path


@pytest.fixture
def run(tmp_path: Path) -> Run:
    """A run that is loaded from its folder; the file that it was trained on is gone."""
    (tmp_path / "known").mkdir()
    echoic.train("forecast", write(tmp_path / "known" / "data.csv", rows(end=KNOWN)), out=tmp_path / "run", **TINY)
    shutil.rmtree(tmp_path / "known")
    return echoic.load(tmp_path / "run")


@pytest.mark.parametrize("first", [KNOWN - 30, KNOWN - 1, KNOWN])
@pytest.mark.parametrize("end", [KNOWN + 1, KNOWN + 2, KNOWN + 30])
def test_rows_that_go_on_where_the_run_ended_have_its_rows_as_lookback(
    tmp_path: Path, run: Run, first: int, end: int
) -> None:
    new = run.predict(write(tmp_path / "new.csv", rows(first, end)))
    whole = run.predict(write(tmp_path / "whole.csv", rows(0, end)))
    assert set(new["unique_id"]) == {"data"}  # the name of the run's series
    assert {name: column.tolist() for name, column in new.items()} == {
        name: column.tolist() for name, column in whole.items()
    }
    assert new["ds"][0].astype("datetime64[D]") == np.datetime64("2024-01-01") + np.timedelta64(end, "D")


def test_long_tables_continue_each_series_by_its_name(tmp_path: Path) -> None:
    both = [rows(end=KNOWN, name="a"), rows(end=KNOWN, level=50, name="b")]
    settings = TINY | {"id": "unique_id"}
    run = echoic.train("forecast", pl.concat(both), out=tmp_path / "run", **settings)
    new = pl.concat([rows(KNOWN, KNOWN + 1, level=50, name="b"), rows(end=60, level=9, name="c")])
    grown = pl.concat([rows(end=KNOWN + 1, level=50, name="b"), rows(end=60, level=9, name="c")])
    np.testing.assert_array_equal(run.predict(new)["mean"], run.predict(grown)["mean"])
    assert list(dict.fromkeys(run.predict(new)["unique_id"])) == ["b", "c"]


def test_a_grown_file_is_scored_on_its_new_rows(tmp_path: Path, run: Run) -> None:
    grown, new = (run.backtest(write(tmp_path / "new.csv", rows(first))) for first in (0, KNOWN))
    assert {name: column.tolist() for name, column in grown.items()} == {
        name: column.tolist() for name, column in new.items()
    }
    assert grown["ds"].min().astype("datetime64[D]") == np.datetime64("2024-01-01") + np.timedelta64(KNOWN, "D")


def test_rows_of_the_same_days_with_quite_other_values_are_another_series(tmp_path: Path, run: Run) -> None:
    expected = r"other\.csv: 30 of the 30 rows that 'other' shares .* 2024-05-10 first; .* taken as another series"
    with pytest.warns(UserWarning, match=expected):
        other = run.predict(write(tmp_path / "other.csv", rows(KNOWN - 30, level=40)))
    assert set(other["unique_id"]) == {"other"}
    assert (np.abs(other["mean"] - 40) < 5).all()


def test_revised_rows_replace_those_of_the_run(tmp_path: Path, run: Run) -> None:
    """As if the whole history had been given with the new values."""
    revised = rows().with_columns(pl.when(pl.int_range(pl.len()) >= KNOWN - 3).then(pl.col("y") + 0.5).otherwise("y"))
    for first in (KNOWN - 30, KNOWN - 3):
        counts = f"3 of the {KNOWN - first} rows .* 2024-06-06 first; the new values are used"
        with pytest.warns(UserWarning, match=counts):
            found = run.predict(write(tmp_path / "new.csv", revised[first:]))
        with pytest.warns(UserWarning, match="the new values are used"):
            whole = run.predict(write(tmp_path / "whole.csv", revised))
        assert {name: column.tolist() for name, column in found.items()} == {
            name: column.tolist() for name, column in whole.items()
        }
        assert set(found["unique_id"]) == {"data"}


def test_series_with_names_stay_themselves_whatever_their_new_values_are(tmp_path: Path) -> None:
    both = pl.concat([rows(end=KNOWN, name="a"), rows(end=KNOWN, level=50, name="b")])
    run = echoic.train("forecast", both, out=tmp_path / "run", **(TINY | {"id": "unique_id"}))
    new = rows(KNOWN - 1, level=20, name="a")
    with pytest.warns(UserWarning, match="the one row that 'a' shares with the data of the run differs, at 2024-06-08"):
        found = run.predict(new)
    with pytest.warns(UserWarning, match="1 of the 160 rows that 'a' shares with the data of the run differs"):
        whole = run.predict(pl.concat([rows(end=KNOWN - 1, name="a"), new]))
    np.testing.assert_array_equal(found["mean"], whole["mean"])


def test_rows_from_before_the_run_are_not_scored(tmp_path: Path) -> None:
    """A file that has grown at both ends has been learned from in between."""
    run = echoic.train("forecast", rows(10, KNOWN), out=tmp_path / "run", **TINY)
    grown, new = (run.backtest(rows(first)) for first in (0, KNOWN))
    for column in ("unique_id", "ds", "y"):
        assert grown[column].tolist() == new[column].tolist()


def test_the_last_rows_of_a_table_of_pandas_go_on_at_the_number_of_their_index(tmp_path: Path) -> None:
    table = rows().select("y").to_pandas()
    run = echoic.train("forecast", table[:KNOWN], out=tmp_path / "run", **(TINY | {"time": None}))
    new, whole = run.predict(table[KNOWN - 2 :]), run.predict(table[1:])
    assert new["ds"].tolist() == whole["ds"].tolist() == [ALL, ALL + 1, ALL + 2, ALL + 3]
    np.testing.assert_array_equal(new["mean"], run.predict(table[KNOWN:])["mean"])
    assert run.predict(table[KNOWN:].reset_index(drop=True))["ds"].tolist() == [40, 41, 42, 43]


def test_the_times_of_a_run_may_be_in_the_index_of_new_tables(run: Run) -> None:
    expected = run.predict(rows(KNOWN))
    table = rows(KNOWN).to_pandas().set_index("ds")
    for new in (table, table.rename_axis(None), table["y"], table.rename_axis(None)["y"]):
        found = run.predict(new)
        assert {name: column.tolist() for name, column in found.items()} == {
            name: column.tolist() for name, column in expected.items()
        }


def test_names_and_times_in_the_index_are_columns() -> None:
    both = pl.concat([rows(end=KNOWN, name="a"), rows(end=KNOWN, level=50, name="b")]).to_pandas()
    runs = [echoic.train("forecast", table, **TINY) for table in (both, both.set_index(["unique_id", "ds"]))]
    assert runs[0].predict()["mean"].tolist() == runs[1].predict()["mean"].tolist()
    assert list(dict.fromkeys(runs[1].predict()["unique_id"])) == ["a", "b"]


def test_arrays_are_series_without_times_whatever_the_names_of_the_run(run: Run) -> None:
    values = rows()["y"].to_numpy()
    found = run.predict(values)
    assert found["ds"].tolist() == [ALL, ALL + 1, ALL + 2, ALL + 3]
    with pytest.raises(DataError, match="columns y0, y1, but the run was trained on y"):
        run.predict(np.stack([values, values], 1))


def test_steps_of_another_frequency_are_named(tmp_path: Path, run: Run) -> None:
    with pytest.warns(
        UserWarning, match=r"weeks\.csv: 'weeks' has steps of 7 d, but the run of 1 d; .* another series"
    ):
        run.predict(write(tmp_path / "weeks.csv", rows(100)[::7]))


def test_a_continuation_of_the_prime_has_the_rows_of_the_run_before(tmp_path: Path, run: Run) -> None:
    new, whole = (
        run.generate(6, prime=write(tmp_path / "prime.csv", rows(first, KNOWN + 2)))[0] for first in (KNOWN, 0)
    )
    np.testing.assert_array_equal(new.values, whole.values)


def test_a_single_time_that_continues_nothing_is_refused(tmp_path: Path, run: Run) -> None:
    with pytest.raises(DataError, match=r"has a single time, .* give at least two rows"):
        run.predict(write(tmp_path / "late.csv", rows(KNOWN + 5, KNOWN + 6)))


def test_a_table_of_one_row_cannot_be_trained_on(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"1 step"):
        echoic.train("forecast", write(tmp_path / "one.csv", rows(0, 1)), out=tmp_path / "run", **TINY)


def test_other_columns_are_ignored_and_missing_ones_are_named(run: Run) -> None:
    table = rows(KNOWN).with_columns(pl.lit("fine").alias("remark"), pl.lit(1.0).alias("extra"))
    np.testing.assert_array_equal(run.predict(table)["mean"], run.predict(rows(KNOWN))["mean"])
    with pytest.raises(DataError, match=r"no column 'y'"):
        run.predict(rows(KNOWN).rename({"y": "sales"}))


def test_without_new_data_the_series_of_the_run_are_continued_unless_their_file_has_grown(tmp_path: Path) -> None:
    data = write(tmp_path / "data.csv", rows(end=KNOWN))
    before = echoic.train("forecast", data, out=tmp_path / "run", **TINY).predict()
    data.unlink()
    assert echoic.load(tmp_path / "run").predict()["mean"].tolist() == before["mean"].tolist()
    write(data, rows(end=KNOWN + 1))
    with pytest.raises(ChangedDataError, match="or name it as new data after the run"):
        echoic.load(tmp_path / "run").predict()
    assert echoic.load(tmp_path / "run").predict(data)["ds"][0] == before["ds"][1]


def test_a_run_that_was_trained_from_memory_is_used_from_its_folder(tmp_path: Path) -> None:
    before = echoic.train("forecast", rows(end=KNOWN), out=tmp_path / "run", **TINY)
    run = echoic.load(tmp_path / "run")
    for data in (None, rows(KNOWN)):
        assert run.predict(data)["mean"].tolist() == before.predict(data)["mean"].tolist()
    assert run.evaluate(rows(KNOWN)).rows == before.evaluate(rows(KNOWN)).rows


def test_dates_of_other_columns_change_nothing(tmp_path: Path) -> None:
    """The column of the times is found once, in training; a run that counts steps does so for any new data."""
    due = pl.lit("2024-03-01").alias("due")
    for time, known in ((None, rows(end=KNOWN)), ("none", rows(end=KNOWN).drop("ds"))):
        run = echoic.train("forecast", known, **(TINY | {"time": time}))
        expected = run.predict(rows(KNOWN - 30).drop([] if time is None else "ds"))
        found = run.predict(write(tmp_path / "series.csv", rows(KNOWN - 30).with_columns(due)))
        assert {name: column.tolist() for name, column in found.items()} == {
            name: column.tolist() for name, column in expected.items()
        }


@pytest.mark.parametrize(("missing", "said"), [(1, "1 row is missing"), (18, "18 rows are missing")])
def test_rows_that_are_missing_after_the_end_of_the_run_are_named(
    tmp_path: Path, run: Run, missing: int, said: str
) -> None:
    new = write(tmp_path / "new.csv", rows(KNOWN + missing, KNOWN + missing + 20))
    with pytest.warns(UserWarning, match=rf"new\.csv: {said} between the data of the run and 'new'"):
        run.predict(new)


def test_series_without_a_value_are_left_out_of_training_and_listed() -> None:
    table = pl.concat([rows(end=KNOWN, name="a"), rows(end=KNOWN, name="b").with_columns(y=pl.lit(None, pl.Float64))])
    run = echoic.train("forecast", table, **(TINY | {"id": "unique_id"}))
    assert set(run.predict()["unique_id"]) == {"a"}
    notes = run.config["data"]["report"]["notes"]
    assert any("series 'b' has no value to predict" in note for note in notes)
    with pytest.raises(DataError, match="series 'b' has no value to predict"):
        echoic.train("forecast", table, **(TINY | {"id": "unique_id", "on_error": "stop"}))


def test_a_series_without_a_value_is_left_out_of_predictions_with_a_warning(tmp_path: Path) -> None:
    run = echoic.train("forecast", rows(end=KNOWN, name="a"), out=tmp_path / "run", **TINY | {"id": "unique_id"})
    empty = rows(end=60, name="b").with_columns(pl.lit(None, pl.Float64).alias("y"))
    new = write(tmp_path / "new.csv", pl.concat([rows(KNOWN, KNOWN + 1, name="a"), empty]))
    with pytest.warns(UserWarning, match=r"(?s)Skipped 1:.*new\.csv, line 3: series 'b' has no value to predict"):
        assert set(run.predict(new)["unique_id"]) == {"a"}
    with pytest.raises(DataError, match="series 'b' has no value to predict"):
        run.predict(new, on_error="stop")
