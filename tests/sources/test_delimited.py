import bz2
import gzip
import hashlib
import lzma
from collections.abc import Callable
from pathlib import Path
from typing import Any, Literal

import numpy as np
import polars as pl
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from echoic.config.table import TableSettings
from echoic.errors import ConfigError, DataError
from echoic.sources import read, textfile

Quotes = Literal["necessary", "always", "non_numeric"]

TEXT = "a,b\n1,2\n3,4\n"
VALUES = [[1, 2], [3, 4]]


def test_wide_file_gives_one_series_with_a_feature_a_column(read_text: Callable[..., Any]) -> None:
    dataset = read_text(TEXT, "load.csv")
    (series,) = dataset.series
    assert series.name == "load"
    assert series.features == ("a", "b")
    assert series.values.dtype == np.float64
    assert series.values.tolist() == VALUES
    assert series.time.start is None
    assert dataset.report.values == 4
    assert dataset.report.notes == ()
    assert dataset.fingerprint == hashlib.sha256(TEXT.encode()).hexdigest()
    assert dataset.origin.endswith("load.csv")


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
def test_delimiter_is_found_in_the_header(read_text: Callable[..., Any], delimiter: str) -> None:
    assert read_text(TEXT.replace(",", delimiter)).series[0].values.tolist() == VALUES


def test_delimiter_can_be_named(read_text: Callable[..., Any]) -> None:
    assert read_text(TEXT.replace(",", ":"), delimiter=":").series[0].values.tolist() == VALUES
    assert read_text(TEXT.replace(",", "\t"), delimiter="tab").series[0].values.tolist() == VALUES
    with pytest.raises(ConfigError, match="one ASCII character"):
        read_text(TEXT, delimiter="::")


def test_quoted_fields_may_hold_delimiters_and_line_ends(read_text: Callable[..., Any]) -> None:
    dataset = read_text('"a, first",b,"c""d"\n"1",2,3\n"4",5,6\n', target="b")
    assert dataset.report.ignored == ("a, first", 'c"d')
    with pytest.raises(DataError, match=r"line 4, column 'b': 'x' is not a number"):
        read_text('a,b\n"two\nlines",1\nz,x\n', target="b")


def test_numeric_cells_take_spaces_signs_and_exponents(read_text: Callable[..., Any]) -> None:
    assert read_text("a\n 1 \n+2\n-3e1\n").series[0].values[:, 0].tolist() == [1, 2, -30]


def test_missing_words_become_nan_and_are_counted(read_text: Callable[..., Any]) -> None:
    dataset = read_text("a,b\n1,\n2,NA\n3,NaN\n4,nan\n5,null\n6,None\n7,8\n")
    assert np.isnan(dataset.series[0].values[:6, 1]).all()
    assert dataset.report.missing == {"a": 0, "b": 6}
    assert dataset.report.values == 8
    assert "Missing cells: 6 in 'b'." in dataset.report.notes


def test_decimal_comma_is_read_when_asked_for(read_text: Callable[..., Any]) -> None:
    text = "a;b\n1,5;2\n-3,25;4e1\n"
    assert read_text(text, decimal=",").series[0].values.tolist() == [[1.5, 2], [-3.25, 40]]
    assert read_text("a\n1,5\n2,5\n", decimal=",").series[0].values[:, 0].tolist() == [1.5, 2.5]


@pytest.mark.parametrize("text", ["a;b\n1,5;2\n2,5;2\n", 'a,b\n"1,5",2\n"2",2\n', "a\n1,5\n2,5\n"])
def test_a_decimal_comma_without_the_setting_is_refused_with_the_setting(
    read_text: Callable[..., Any], text: str
) -> None:
    with pytest.raises(DataError, match=r"line 2, column 'a': '1,5' has a decimal comma; pass --decimal ,\.$"):
        read_text(text)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("a,b\n1,2\n3,x\n", r"line 3, column 'b': 'x' is not a number; correct it"),
        ("a,b\n1,2\n3,1_000\n", "'1_000' is not a number"),
        ("a,b\n1,2,3\n", "line 2 has 3 fields, but the header has 2"),
        ("a,b\n1,2\n3\n", "line 3 has 1 fields, but the header has 2"),
        ("a,b,a\n1,2,3\n", "line 1: fields 1 and 3 are both named 'a'"),
        ("a,b\n", "no rows below it"),
        ("", "is empty"),
        ("\n\n", "holds only blank lines"),
        ("a,b\n1,inf\n", r"line 2, column 'b': 'inf' is infinite"),
        ("a,b\n1,1e400\n", "'1e400' is infinite or beyond"),
        ("a,b\n1,-4e38\n", "'-4e38' is infinite or beyond 3.4e38"),
        ('a,b\n1,2\n"3,4\n5,6\n', "line 3: a quotation mark is never closed"),
        ('a,b\n1,"2"3\n', "line 2: quotation mark inside a field"),
        ('a,b\n1,2\n3,4"4"\n', "line 3: quotation mark inside a field"),
        ("a,b\n1,2\n3\r,4\n", "line 3: carriage return inside the line"),
        ("a,b\n1,\n2,\n", "column 'b': the column holds no value at all"),
        ("a,town\n1,Ulm\n2,Bonn\n", r"column 'town': 'Ulm' is text like all of the column; name it with --time"),
        ("a,town\n1,Ulm\n2,Ulm\n", r"column 'town': .*; name it with --id if it names the series, or"),
        ("when,a\n01/02/2024,1\n", r"column 'when': '01/02/2024' is ambiguous"),
        ("when,due,a\n2024-01-01,2024-01-02,1\n", "the columns when and due hold dates; name that of the times"),
        ("V1,V2,V3\nH1,1,2\nH2,3,4\n", "pass --format m4"),
        ("1.5,2\n3,4\n", "the first line contains numbers instead of column names"),
    ],
)
def test_bad_table_is_refused_with_place_and_remedy(read_text: Callable[..., Any], text: str, message: str) -> None:
    with pytest.raises(DataError, match=message) as caught:
        read_text(text)
    assert "table.csv" in str(caught.value)
    assert str(caught.value).count("\n") == 0


@pytest.mark.parametrize(
    ("name", "times", "start"),
    [
        ("when", ("2024-01-01", "2024-01-02"), "2024-01-01"),
        ("when", ("20240101", "20240102"), "2024-01-01"),
        ("quarter", ("1995Q1", "1995Q2"), "1995-01-01"),
    ],
)
def test_the_only_column_of_dates_has_the_times(
    read_text: Callable[..., Any], name: str, times: tuple[str, str], start: str
) -> None:
    text = f"a,{name},b\n1,{times[0]},3\n2,{times[1]},4\n"
    dataset = read_text(text)
    (series,) = dataset.series
    assert (series.features, series.time.start) == (("a", "b"), np.datetime64(start))
    assert dataset.report.notes[0].startswith(f"Times: column {name!r}, the only one that holds dates")
    named = read_text(text, time=name)
    assert named.series[0].time == series.time
    assert not named.report.notes
    (targets,) = read_text(text, target="a").series
    assert (targets.features, targets.time) == (("a",), series.time)


def test_dates_beside_the_times_are_left_out_and_named(read_text: Callable[..., Any]) -> None:
    dataset = read_text("when,due,year,a\n2024-01-01,2024-03-01,1,5\n2024-01-02,2024-03-05,2,6\n", time="when")
    assert dataset.series[0].features == ("year", "a")
    assert dataset.report.ignored == ("due",)


def test_years_and_steps_are_found_by_their_name(read_text: Callable[..., Any]) -> None:
    assert read_text("year,a\n1999,1\n2000,1\n").series[0].time.times(np.arange(2)).tolist() == [1999, 2000]
    assert read_text("step,a\n5,1\n10,1\n").series[0].time.times(np.arange(3)).tolist() == [5, 10, 15]
    assert read_text("step,a\n10,1\n5,1\n").series[0].features == ("step", "a")
    assert read_text("size,a\n1999,1\n2000,1\n").series[0].features == ("size", "a")


def test_steps_are_counted_if_so_requested(read_text: Callable[..., Any]) -> None:
    dataset = read_text("when,a\n2024-01-01,1\n2024-01-07,2\n2024-01-08,2\n", time="none")
    assert (dataset.series[0].features, dataset.series[0].time.start) == (("a",), None)
    assert dataset.report.ignored == ("when",)


def test_point_beside_decimal_comma_is_not_guessed(read_text: Callable[..., Any]) -> None:
    with pytest.raises(DataError, match=r"'1\.234,5' has a point although --decimal , is given"):
        read_text("a;b\n1.234,5;2\n", decimal=",")


def test_unknown_column_suggests_the_nearest(read_text: Callable[..., Any]) -> None:
    with pytest.raises(DataError, match="no column 'lod', did you mean 'load'"):
        read_text("load,b\n1,2\n", target="lod")
    with pytest.raises(DataError, match="no column 'xyz'; there are load, b"):
        read_text("load,b\n1,2\n", target="xyz")
    with pytest.raises(DataError, match="column 'b' has two roles"):
        read_text("load,b\n1,2\n", target="b", past_covariates="b")


def test_blank_lines_are_skipped_counted_and_keep_the_line_numbers(read_text: Callable[..., Any]) -> None:
    dataset = read_text("\na,b\n1,2\n\n3,4\n\n")
    assert dataset.series[0].values.tolist() == VALUES
    assert dataset.report.blank_lines == 3
    with pytest.raises(DataError, match="line 5, column 'b'"):
        read_text("\na,b\n1,2\n\n3,x\n")


def test_blank_line_between_values_of_a_single_column_is_a_missing_value(read_text: Callable[..., Any]) -> None:
    dataset = read_text("a\n\n1\n\n2\n\n\n")
    np.testing.assert_array_equal(dataset.series[0].values[:, 0], [np.nan, 1, np.nan, 2])
    assert dataset.report.missing == {"a": 2}
    assert read_text("a\n1\n\n2\n").series[0].steps == 3


def test_unnamed_index_and_empty_columns_are_ignored_and_noted(read_text: Callable[..., Any]) -> None:
    dataset = read_text(",a,\n0,5,\n1,6,\n")
    assert dataset.series[0].features == ("a",)
    assert dataset.report.ignored == ("column_1", "column_3")
    assert "Ignored columns: column_1, column_3." in dataset.report.notes


def test_constant_column_is_allowed_and_noted(read_text: Callable[..., Any]) -> None:
    assert read_text("a,b\n1,7\n2,7\n").report.constant == ("b",)


def test_windows_line_ends_and_a_missing_last_one_are_read(read_text: Callable[..., Any]) -> None:
    assert read_text("a,b\r\n1,2\r\n3,4").series[0].values.tolist() == VALUES
    with pytest.raises(DataError, match="lines end with CR alone"):
        read_text(TEXT.replace("\n", "\r"))


def test_utf8_mark_is_stripped_and_noted(read_text: Callable[..., Any]) -> None:
    dataset = read_text(b"\xef\xbb\xbf" + TEXT.encode())
    assert dataset.series[0].features == ("a", "b")
    assert "A UTF-8 byte order mark was removed." in dataset.report.notes


def test_other_encodings_must_be_named(read_text: Callable[..., Any]) -> None:
    text = "Größe,b\n1,2\n3,4\n"
    with pytest.raises(DataError, match=r"line 1: byte 0xf6 at offset 2 is not utf-8; .* --encoding latin-1"):
        read_text(text.encode("latin-1"))
    assert read_text(text.encode("latin-1"), encoding="latin-1").series[0].features == ("Größe", "b")
    with pytest.raises(DataError, match=r"byte order mark of UTF-16; pass --encoding utf-16"):
        read_text(text.encode("utf-16"))
    assert read_text(text.encode("utf-16"), encoding="utf-16").series[0].values.tolist() == VALUES
    with pytest.raises(ConfigError, match="must be a text encoding"):
        read_text(text, encoding="utf-9")


def test_binary_file_is_refused(read_text: Callable[..., Any]) -> None:
    with pytest.raises(DataError, match=r"binary file \(a zero byte at offset 4\)"):
        read_text(b"PK\x03\x04\x00\x00")


@pytest.mark.parametrize(
    ("ending", "compress"),
    [(".gz", gzip.compress), (".bz2", bz2.compress), (".xz", lzma.compress)],
)
def test_compressed_file_is_read_and_limited(
    read_text: Callable[..., Any], monkeypatch: pytest.MonkeyPatch, ending: str, compress: Callable[..., Any]
) -> None:
    packed = compress(TEXT.encode())
    dataset = read_text(packed, f"table.csv{ending}")
    assert dataset.series[0].values.tolist() == VALUES
    assert dataset.series[0].name == "table"
    assert dataset.fingerprint == hashlib.sha256(packed).hexdigest()
    with pytest.raises(DataError, match=f"truncated or not {ending} data"):
        read_text(packed[:-5], f"table.csv{ending}")
    with pytest.raises(DataError, match=f"truncated or not {ending} data"):
        read_text(TEXT, f"table.csv{ending}")
    monkeypatch.setattr(textfile, "MAX_BYTES", 10)
    with pytest.raises(DataError, match="unpacks to more than 10 bytes"):
        read_text(packed, f"table.csv{ending}")


def test_zstd_file_is_read_and_limited(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "table.csv.zst"
    pl.DataFrame({"a": [1, 3], "b": [2, 4]}).write_csv(path, compression="zstd")
    assert read(path).series[0].values.tolist() == VALUES
    path.write_bytes(path.read_bytes()[:-4])
    with pytest.raises(DataError, match=r"truncated or not \.zst data"):
        read(path)
    pl.DataFrame({"a": [1, 3], "b": [2, 4]}).write_csv(path, compression="zstd")
    monkeypatch.setattr(textfile, "MAX_BYTES", 10)
    with pytest.raises(DataError, match="unpacks to more than 10 bytes"):
        read(path)


def test_missing_file_and_folder_are_refused(tmp_path: Path) -> None:
    (tmp_path / "load.csv").write_text(TEXT)
    with pytest.raises(DataError, match=r"no such file, did you mean 'load.csv'"):
        read(tmp_path / "laod.csv")
    with pytest.raises(DataError, match="no such file; check the path"):
        read(str(tmp_path / "nowhere" / "x.csv"))
    with pytest.raises(DataError, match="is a folder"):
        read(tmp_path)


cells = st.one_of(st.none(), st.floats(width=32, allow_nan=False, allow_infinity=False))


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    rows=st.lists(st.tuples(cells, cells), min_size=1, max_size=12),
    separator=st.sampled_from(",;\t|"),
    quotes=st.sampled_from(["necessary", "always", "non_numeric"]),
    end=st.sampled_from(["\n", "\r\n"]),
)
def test_written_values_come_back(
    tmp_path: Path,
    rows: list[tuple[float | None, float | None]],
    separator: str,
    quotes: Quotes,
    end: str,
) -> None:
    frame = pl.DataFrame(rows, schema={"a": pl.Float64, "b x": pl.Float64}, orient="row")
    frame = frame.with_columns(pl.lit(1.0).alias("c"))
    path = tmp_path / "table.csv"
    frame.write_csv(path, separator=separator, quote_style=quotes, line_terminator=end)
    if any(frame[name].null_count() == len(frame) for name in frame.columns):
        with pytest.raises(DataError, match="holds no value at all"):
            read(path)
        return
    values = read(path, TableSettings()).series[0].values
    np.testing.assert_array_equal(values, frame.fill_null(float("nan")).to_numpy())
