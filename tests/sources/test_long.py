from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from echoic.errors import ConfigError, DataError

LONG = """unique_id,ds,y
B,2024-01-01,1
A,2024-01-01,10
B,2024-01-02,2
A,2024-01-02,20
A,2024-01-03,30
"""


def test_a_long_table_is_recognized_by_its_columns_and_gives_unequal_series(read_text: Callable[..., Any]) -> None:
    dataset = read_text(LONG)
    assert [series.name for series in dataset.series] == ["B", "A"]
    assert [series.values[:, 0].tolist() for series in dataset.series] == [[1, 2], [10, 20, 30]]
    assert dataset.series[0].features == ("y",)
    assert str(dataset.series[0].time.frequency) == "1 d"
    assert (dataset.report.rows, dataset.report.series, dataset.report.steps) == (5, 2, 5)


def test_columns_may_have_other_names(read_text: Callable[..., Any]) -> None:
    text = LONG.replace("unique_id,ds,y", "shop,day,sold")
    dataset = read_text(text, id="shop", time="day", target="sold")
    assert dataset.series[1].features == ("sold",)


def test_long_table_without_times_counts_steps(read_text: Callable[..., Any]) -> None:
    dataset = read_text("unique_id,y,z\n1,5,0\n2,6,0\n1,7,0\n")
    assert [series.values[:, 0].tolist() for series in dataset.series] == [[5, 7], [6]]
    assert dataset.series[0].time.start is None
    assert dataset.report.ignored == ("z",)


def test_series_of_one_row_takes_the_frequency_of_the_others(read_text: Callable[..., Any]) -> None:
    dataset = read_text(LONG + "C,2024-02-01,3\n")
    assert str(dataset.series[2].time.frequency) == "1 d"


def test_other_frequencies_are_noted(read_text: Callable[..., Any]) -> None:
    dataset = read_text(LONG + "C,2024-01-01,3\nC,2024-01-08,3\n")
    assert "The series differ in frequency: 1 d, 7 d." in dataset.report.notes


def test_id_without_the_long_format_is_refused(read_text: Callable[..., Any]) -> None:
    with pytest.raises(ConfigError, match="`id` names the series of the long format"):
        read_text(LONG, id="unique_id", format="wide")


def test_row_without_a_name_is_refused(read_text: Callable[..., Any]) -> None:
    with pytest.raises(DataError, match="line 7, column 'unique_id': the row names no series"):
        read_text(LONG + ",2024-01-09,3\n")


def test_series_without_any_target_is_left_out_or_refused(read_text: Callable[..., Any]) -> None:
    dataset = read_text(LONG + "C,2024-01-09,\n")
    assert "C" not in [one.name for one in dataset.series]
    assert len(dataset.report.skipped) == 1
    assert "line 7: series 'C' has no value to predict" in dataset.report.skipped[0]
    with pytest.raises(DataError, match="line 7: series 'C' has no value to predict"):
        read_text(LONG + "C,2024-01-09,\n", on_error="stop")


COVARIATES = """unique_id,ds,y,wind,holiday,size
A,2024-01-01,1,5,0,9
A,2024-01-02,2,6,1,9
A,2024-01-03,,,0,9
A,2024-01-04,,,1,9
B,2024-01-01,3,7,0,8
B,2024-01-02,,8,,8
"""


def test_covariates_keep_known_future_rows_which_are_no_steps(read_text: Callable[..., Any]) -> None:
    dataset = read_text(COVARIATES, past_covariates="wind", future_covariates="holiday", static_covariates="size")
    a, b = dataset.series
    assert a.values[:, 0].tolist() == [1, 2]
    assert a.covariates.past[:, 0].tolist() == [5, 6]
    assert a.covariates.future[:, 0].tolist() == [0, 1, 0, 1]
    assert a.covariates.static.tolist() == [9]
    assert a.covariates.future_names == ("holiday",)
    np.testing.assert_array_equal(b.values[:, 0], [3, np.nan])
    assert dataset.report.future_rows == 2
    assert dataset.report.missing == {"y": 1, "wind": 2, "holiday": 1, "size": 0}


def test_trailing_empty_targets_without_known_future_are_missing_values(read_text: Callable[..., Any]) -> None:
    assert [series.steps for series in read_text(COVARIATES, past_covariates="wind").series] == [4, 2]


def test_static_column_that_changes_is_refused(read_text: Callable[..., Any]) -> None:
    with pytest.raises(DataError, match="line 5, column 'size': the value changes within series 'A'; static"):
        read_text(COVARIATES.replace("2024-01-04,,,1,9", "2024-01-04,,,1,10"), static_covariates="size")


def test_categorical_covariate_is_refused(read_text: Callable[..., Any]) -> None:
    text = COVARIATES.replace(",9\n", ",big\n").replace(",8\n", ",small\n")
    with pytest.raises(DataError, match=r"column 'size': 'big' is text .*; covariates must be numbers"):
        read_text(text, static_covariates="size")


def test_interleaved_series_are_read_as_those_whose_rows_follow_one_another(read_text: Callable[..., Any]) -> None:
    rows = [f"{name},2024-01-{day:02}T00:00:00+01:00,{day}" for name in "cab" for day in range(1, 8)]
    header = "unique_id,ds,y"
    apart = read_text("\n".join([header, *rows]))
    mixed = read_text("\n".join([header, *(row for day in range(7) for row in rows[day::7])]))
    assert [one.name for one in apart.series] == [one.name for one in mixed.series] == ["c", "a", "b"]
    for one, other in zip(apart.series, mixed.series, strict=True):
        np.testing.assert_array_equal(one.values, other.values)
        assert one.time == other.time
        assert str(one.time.start) == "2023-12-31T23:00:00.000000"


def test_a_wrong_time_among_many_equal_ones_is_named_by_its_line(read_text: Callable[..., Any]) -> None:
    rows = [f"{name},2024-01-0{day},1" for name in "abcd" for day in (1, 2)]
    rows[5] = "c,2024-02-30,1"
    with pytest.raises(DataError, match=r"line 7.*'2024-02-30' is not a date"):
        read_text("\n".join(["unique_id,ds,y", *rows]))
