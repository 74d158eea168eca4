import hashlib
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest
from numpy.typing import NDArray

from echoic.config.table import TableSettings
from echoic.errors import ConfigError, DataError, ShapeError
from echoic.sources import DataReport, read

HOURS = np.datetime64("2024-01-01T00", "us") + np.arange(3) * np.timedelta64(1, "h")
COLUMNS = {"t": HOURS, "a": [1, 2, 3], "b": [1.5, None, 2.5]}


@pytest.mark.parametrize("library", [pd.DataFrame, pl.DataFrame, pa.table])
def test_frames_of_every_library_read_alike(library: Any) -> None:
    frame = library(COLUMNS)
    dataset = read(frame, TableSettings(time="t"))
    (series,) = dataset.series
    np.testing.assert_array_equal(series.values, [[1, 1.5], [2, np.nan], [3, 2.5]])
    assert series.time.start == HOURS[0]
    assert str(series.time.frequency) == "1 h"
    assert isinstance(dataset.report, DataReport)
    assert dataset.report.missing == {"a": 0, "b": 1}
    assert dataset.fingerprint == read(pl.DataFrame(COLUMNS), TableSettings(time="t")).fingerprint


@pytest.mark.parametrize("library", [pd.DataFrame, pl.DataFrame, pa.table])
def test_time_zones_are_kept_and_times_are_those_of_utc(library: Any) -> None:
    berlin = pl.Series(HOURS).dt.replace_time_zone("Europe/Berlin")
    column = berlin if library is pl.DataFrame else berlin.to_pandas() if library is pd.DataFrame else berlin.to_arrow()
    dataset = read(library({"t": column, "a": [1, 2, 3]}), TableSettings(time="t"))
    assert dataset.series[0].time.start == HOURS[0] - np.timedelta64(1, "h")
    assert isinstance(dataset.report, DataReport)
    assert dataset.report.zones == ("Europe/Berlin",)


def test_long_pandas_frame_with_categories_and_nullable_numbers() -> None:
    frame = pd.DataFrame(
        {
            "unique_id": pd.Categorical(["x", "z", "x"]),
            "ds": ["2024-01-01", "2024-01-01", "2024-01-02"],
            "y": pd.array([1, 2, None], dtype="Int64"),
            "on": [True, False, True],
        }
    )
    dataset = read(frame, TableSettings(past_covariates="on"))
    assert [series.name for series in dataset.series] == ["x", "z"]
    np.testing.assert_array_equal(dataset.series[0].values[:, 0], [1, np.nan])
    assert dataset.series[0].covariates.past[:, 0].tolist() == [1, 1]


def test_periods_of_pandas_begin_with_their_first_moment() -> None:
    quarters = pd.period_range("1995Q4", periods=3, freq="Q")
    for frame, settings in (
        (pd.DataFrame({"t": quarters, "y": [1, 2, 3]}), TableSettings(time="t")),
        (pd.DataFrame({"y": [1, 2, 3]}, index=quarters), TableSettings()),
    ):
        (series,) = read(frame, settings).series
        assert series.time.start == np.datetime64("1995-10-01")
        assert str(series.time.frequency) == "3 months"


def test_periods_of_business_days_warn_of_nothing() -> None:
    """Warnings are errors in these tests; pandas warns of such periods when they are made, and converted."""
    with pytest.warns(FutureWarning, match="deprecated"):
        days = pd.period_range("2024-01-04", periods=4, freq="B")
    for frame, settings in (
        (pd.Series([1, 2, 3, 4], index=days), TableSettings()),
        (pd.DataFrame({"t": days, "y": [1, 2, 3, 4]}), TableSettings(time="t")),
        (pd.DataFrame({"t": days, "y": [1, 2, 3, 4]}), TableSettings()),
    ):
        (series,) = read(frame, settings).series
        assert str(series.time.frequency) == "1 business day"
        assert series.time.times(np.arange(4))[-1] == np.datetime64("2024-01-09")


@pytest.mark.parametrize(
    ("index", "times"),
    [
        (pd.RangeIndex(1000, 1003), [1000, 1001, 1002]),
        (pd.RangeIndex(0, 15, 5), [0, 5, 10]),
        (pd.Index([7, 9, 11]), [7, 9, 11]),
        (pd.RangeIndex(3), None),
        (pd.Index([2, 1, 0]), None),
        (pd.Index([0, 1, 3]), None),
    ],
)
def test_numbers_of_an_index_without_a_name_are_times_if_they_rise_evenly(
    index: pd.Index, times: list[int] | None
) -> None:
    for data in (pd.DataFrame({"y": [1, 2, 3]}, index=index), pd.Series([1, 2, 3], index=index)):
        dataset = read(data)
        (series,) = dataset.series
        assert series.features == ("y",)
        assert (series.time.start is None) == (times is None)
        assert times is None or series.time.times(np.arange(3)).tolist() == times
        noted = "Ignored columns: the index, whose numbers do not rise evenly." in dataset.report.notes
        assert noted == (times is None and not isinstance(index, pd.RangeIndex))


def test_the_numbers_of_an_index_are_no_times_beside_dates_and_in_long_tables() -> None:
    dates = pd.DataFrame({"d": pd.date_range("2024", periods=3), "y": [1, 2, 3]}, index=[5, 6, 7])
    assert read(dates).series[0].time.start == np.datetime64("2024-01-01")
    many = pd.DataFrame({"unique_id": ["a", "a", "b"], "y": [1, 2, 3]}, index=[5, 6, 7])
    assert [one.time.start for one in read(many).series] == [None, None]
    assert read(pd.DataFrame({"y": [1, 2]}, index=[5, 6]), TableSettings(time="none")).series[0].time.start is None


def test_numbers_in_a_time_column_are_numbers_of_steps() -> None:
    frame = pd.DataFrame({"year": [1999.0, 2000.0], "y": [1, 2]})
    assert read(frame, TableSettings(time="year")).series[0].time.times(np.arange(3)).tolist() == [1999, 2000, 2001]
    with pytest.raises(DataError, match="the DataFrame, row 0, column 't': '1700000000' looks like seconds"):
        read(pl.DataFrame({"t": [1_700_000_000], "y": [1]}), TableSettings(time="t"))


@pytest.mark.parametrize(
    ("frame", "message"),
    [
        (pd.DataFrame({"a": ["1", "x"]}), "the DataFrame, row 1, column 'a': 'x' is not a number"),
        (pl.DataFrame({"a": [1.0, float("inf")]}), "row 1, column 'a': 'inf' is infinite"),
        (pl.DataFrame({"a": [1.0, 1e39]}), "row 1, column 'a': '1e.?39' is infinite or beyond"),
        (pl.DataFrame({"a": [[1]]}), "column 'a': the column holds List.* values, not numbers"),
        (
            pl.DataFrame({"unique_id": [[1]], "y": [1]}),
            "unique_id.: the column holds List.* which name no series",
        ),
        (pl.DataFrame({"a": [None]}), "column 'a': the column holds no value at all"),
        (
            pl.DataFrame({"a": HOURS, "b": HOURS, "y": [1, 2, 3]}),
            "the DataFrame: the columns a and b hold dates; name that of the times with --time, or pass --time none",
        ),
        (pl.DataFrame({"a": HOURS}), "the DataFrame: no column is left to predict"),
        (pl.DataFrame({"a": []}), "the DataFrame has no rows"),
        (pd.DataFrame(), "the DataFrame has no rows or no columns"),
        (pd.DataFrame([[1, 2]], columns=["a", "a"]), "two columns have the same name"),
        (
            pd.DataFrame({"a": [1]}, index=["Monday"]),
            "its dates or names are in the index; call reset_index",
        ),
        ({"a": [1, 2], "b": [1]}, "the dict has no columns of one length"),
        ({"a": [object()]}, "the dict has no columns|holds"),
        ([np.zeros(3), np.zeros((3, 2))], "the array of series 1 has 2 features, but that of series 0 has 1"),
        (None, "Cannot read data of type NoneType; give a path"),
        ([1.0, 2.0], r"Cannot read data of type list; convert it with numpy\.array"),
        (np.full(9, np.nan), "the array, column 'y': the column holds no value at all"),
        (np.array([1, np.inf]), "the array, row 1, column 'y': 'inf' is infinite"),
        (pl.DataFrame({"a": [float("inf")] * 3}), "row 0, column 'a': 'inf' is infinite"),
    ],
)
def test_bad_frame_is_refused(frame: Any, message: str) -> None:
    with pytest.raises((DataError, ShapeError), match=message):
        read(frame, TableSettings())


def test_dates_beside_those_of_the_index_are_left_out() -> None:
    frame = pd.DataFrame({"updated": HOURS, "y": [1.0, 2.0, 3.0]}, pd.DatetimeIndex(HOURS))
    dataset = read(frame)
    assert (dataset.series[0].features, dataset.series[0].time.start) == (("y",), HOURS[0])
    assert dataset.report.to_json()["ignored"] == ("updated",)


@pytest.mark.parametrize("kind", [pl.LazyFrame, dict, pd.DataFrame])
def test_lazy_frames_and_dicts_read_as_their_dataframe(kind: Any) -> None:
    columns = {"a": [1, 2, 3], "b": [1.5, None, 2.5]}
    assert read(kind(columns)).fingerprint == read(pl.DataFrame(columns)).fingerprint


@pytest.mark.parametrize("series", [pd.Series([1.0, 2.0]), pl.Series([1.0, 2.0])])
def test_a_column_reads_as_its_array(series: Any) -> None:
    assert read(series).fingerprint == read(np.array([1.0, 2.0])).fingerprint


def test_dates_in_the_index_of_pandas_are_the_times() -> None:
    index = pd.date_range("2024-01-01", periods=3, freq="h")
    column = pd.Series([1.0, 2.0, 3.0], index, name="load")
    named = pd.DataFrame({"load": [1.0, 2.0, 3.0]}, index.rename("when"))
    (expected,) = read(pl.DataFrame({"t": HOURS, "load": [1.0, 2.0, 3.0]}), TableSettings(time="t")).series
    for data in (column, named):
        (series,) = read(data).series
        assert (series.features, series.time) == (expected.features, expected.time)
        np.testing.assert_array_equal(series.values, expected.values)
    months = pd.Series([1.0, 2.0, 3.0], pd.period_range("2024-01", periods=3, freq="M"))
    assert str(read(months).series[0].time.frequency) == "1 month"
    assert read(months).series[0].features == ("y",)


def test_a_list_of_arrays_is_one_series_each() -> None:
    found = read([np.arange(3.0), np.arange(5.0)]).series
    assert [(one.name, one.steps, one.features) for one in found] == [("series 0", 3, ("y",)), ("series 1", 5, ("y",))]
    assert read([np.ones((3, 2))]).series[0].features == ("y0", "y1")


def test_masked_values_are_missing() -> None:
    found = read(np.ma.masked_equal(np.array([1, 9, 3]), 9))
    np.testing.assert_array_equal(found.series[0].values[:, 0], [1, np.nan, 3])


def test_m4_format_is_for_files() -> None:
    with pytest.raises(ConfigError, match="`format` m4 is for CSV files"):
        read(pl.DataFrame({"a": [1]}), TableSettings(format="m4"))


def test_arrays_are_steps_by_features() -> None:
    one = read(np.arange(3), TableSettings())
    assert one.series[0].features == ("y",)
    assert one.series[0].values.tolist() == [[0], [1], [2]]
    two = read(np.array([[1, np.nan], [3, 4]]), TableSettings(target="y0", past_covariates="y1"))
    assert two.series[0].values[:, 0].tolist() == [1, 3]
    assert isinstance(two.report, DataReport)
    assert two.report.missing == {"y0": 0, "y1": 1}
    assert one.fingerprint != two.fingerprint


@pytest.mark.parametrize(
    ("array", "error", "message"),
    [
        (np.zeros((2, 2, 2)), ShapeError, "must be `"),
        (np.zeros(()), ShapeError, "must be `"),
        (np.zeros((0, 2)), DataError, r"the array is empty, \(0, 2\)"),
        (np.array(["a"]), DataError, "holds <U1 values, not real numbers"),
        (np.array([1.0, -np.inf]), DataError, "the array, row 1, column 'y': '-inf' is infinite"),
    ],
)
def test_bad_array_is_refused(array: NDArray[Any], error: type[Exception], message: str) -> None:
    with pytest.raises(error, match=message):
        read(array, TableSettings())


def test_parquet_file_reads_as_its_frame(tmp_path: Path) -> None:
    path = tmp_path / "load.parquet"
    pl.DataFrame(COLUMNS).write_parquet(path)
    dataset = read(path, TableSettings(time="t"))
    assert dataset.series[0].name == "load"
    np.testing.assert_array_equal(dataset.series[0].values, [[1, 1.5], [2, np.nan], [3, 2.5]])
    assert dataset.fingerprint == hashlib.sha256(path.read_bytes()).hexdigest()


def test_an_index_of_whole_numbers_with_a_name_holds_the_times() -> None:
    frame = pd.DataFrame({"y": [1.0, 2, 3]}, index=pd.RangeIndex(1000, 1003, name="cycle"))
    assert read(frame, TableSettings()).series[0].time.times(np.arange(4)).tolist() == [1000, 1001, 1002, 1003]
    shuffled = read(frame.iloc[[1, 0, 2]], TableSettings()).series[0]
    assert shuffled.time.start is None
