"""Files of the Monash archive: series by line, with times from a start and a frequency."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from echoic.config.table import TableSettings
from echoic.errors import DataError
from echoic.sources import read, refuse_unused

HEAD = """# Dataset Information
@relation sales
@attribute series_name string
@attribute state string
@attribute price numeric
@attribute start_timestamp date
@frequency monthly
@horizon 12
@missing true
@equallength false
@data
"""
TEXT = HEAD + "T1:NSW:3.5:1990-01-31 00-00-00:1,2,?,4.5\nT2:VIC:?:1991-05-01 06-00-00:5,6\n"


@pytest.fixture
def monash(tmp_path: Path) -> Callable[..., Any]:
    def write_and_read(text: str, **settings: Any) -> Any:
        (tmp_path / "a.tsf").write_text(text)
        return read(tmp_path / "a.tsf", TableSettings(**settings))

    return write_and_read


def times_of(series: Any) -> list[str]:
    return [str(one)[:16] for one in series.time.times(np.arange(series.steps))]


def test_every_line_is_a_series_with_times_from_its_start(monash: Callable[..., Any]) -> None:
    first, second = monash(TEXT).series
    assert (first.name, second.name, first.features) == ("T1", "T2", ("y",))
    np.testing.assert_array_equal(first.values[:, 0], [1, 2, np.nan, 4.5])
    assert times_of(first) == ["1990-01-31T00:00", "1990-02-28T00:00", "1990-03-31T00:00", "1990-04-30T00:00"]
    assert times_of(second) == ["1991-05-01T06:00", "1991-06-01T06:00"]


def test_missing_values_and_attributes_that_are_not_used_are_noted(monash: Callable[..., Any]) -> None:
    notes = monash(TEXT).report.notes
    assert notes == ("Missing cells: 1 in 'y'.", "Ignored columns: state, price.")


def test_a_numeric_attribute_is_a_static_covariate_by_name(monash: Callable[..., Any]) -> None:
    first, second = monash(TEXT, static_covariates=("price",)).series
    assert first.covariates.static.tolist() == [3.5]
    assert np.isnan(second.covariates.static).all()


@pytest.mark.parametrize(
    ("name", "second"),
    [
        ("4_seconds", "1990-01-01T00:00:04"),
        ("minutely", "1990-01-01T00:01:00"),
        ("10_minutes", "1990-01-01T00:10:00"),
        ("half_hourly", "1990-01-01T00:30:00"),
        ("hourly", "1990-01-01T01:00:00"),
        ("daily", "1990-01-02T00:00:00"),
        ("weekly", "1990-01-08T00:00:00"),
        ("monthly", "1990-02-01T00:00:00"),
        ("quarterly", "1990-04-01T00:00:00"),
        ("yearly", "1991-01-01T00:00:00"),
    ],
)
def test_frequencies_of_the_archive(monash: Callable[..., Any], name: str, second: str) -> None:
    text = TEXT[: TEXT.index("T1")].replace("monthly", name) + "T1:NSW:1:1990-01-01 00-00-00:1,2,3\n"
    (series,) = monash(text).series
    assert str(series.time.times(np.array([1]))[0])[:19] == second


def test_a_file_without_names_and_start_times_counts_both(monash: Callable[..., Any]) -> None:
    first, second = monash("@relation a\n@data\n1,2,3\n4,5\n").series
    assert (first.name, second.name) == ("series 1", "series 2")
    assert first.time.start is None
    assert second.values[:, 0].tolist() == [4, 5]


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("1,2,?,4.5", "1,,3", r"a\.tsf, line 12: '' is no number; write one, or \? for a missing value"),
        ("1,2,?,4.5", "1,4_0,3", r"a\.tsf, line 12: '4_0' is no number; write one, or \? for a missing value"),
        ("1,2,?,4.5", "1,inf", r"a\.tsf, line 12, column 'y': .* is infinite"),
        ("T2:VIC:?:", "T2:?:", r"line 13 has 3 attributes before its values, but the header declares 4"),
        ("T2:", "T1:", r"line 13: 'T1' is empty or the name of two series"),
        ("NSW:3.5", "NSW:x", r"line 12: 'x' in price is not a number"),
        ("1991-05-01 06-00-00", "May", r"line 13: 'May' is no start time such as 1990-01-31 00-00-00"),
        ("@frequency monthly\n", "", r"has start times and no @frequency; add a line"),
        ("monthly", "often", r"line 7: 'often' is no frequency; it must be one such as 10_minutes"),
        ("price numeric", "state numeric", r"line 5 must declare a new attribute"),
        ("@data\n", "", r"line 11 is none of a \.tsf file"),
        ("# Dataset", "Dataset", r"line 1 is none of a \.tsf file"),
    ],
)
def test_a_bad_file_is_refused_with_its_line(monash: Callable[..., Any], old: str, new: str, message: str) -> None:
    with pytest.raises(DataError, match=message):
        monash(TEXT.replace(old, new))


@pytest.mark.parametrize("text", [HEAD, HEAD.replace("@data\n", "")])
def test_a_file_without_series_is_refused(monash: Callable[..., Any], text: str) -> None:
    with pytest.raises(DataError, match=r"has no (series below @data; add some|@data line; give a complete)"):
        monash(text)


def test_settings_that_a_file_of_the_archive_does_not_use_are_refused(tmp_path: Path) -> None:
    (tmp_path / "a.tsf").write_text(TEXT)
    with pytest.raises(ValueError, match="`date_format` has no effect on a file of the Monash archive"):
        refuse_unused(tmp_path / "a.tsf", TableSettings(date_format="%d"))
