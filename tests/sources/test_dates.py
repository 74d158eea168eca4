from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from echoic.errors import DataError
from echoic.sources import Dataset


def times_of(dataset: Dataset) -> list[str]:
    series = dataset.series[0]
    return [str(time) for time in series.time.times(np.arange(series.steps)).astype("datetime64[s]")]


def column(*cells: str) -> str:
    return "t,y\n" + "".join(f"{cell},{number}\n" for number, cell in enumerate(cells))


@pytest.mark.parametrize(
    ("cells", "expected", "frequency"),
    [
        (("2024-01-31", "2024-02-01"), ("2024-01-31T00:00:00", "2024-02-01T00:00:00"), "1 d"),
        (("2024/01/31", "2024/02/01"), ("2024-01-31T00:00:00", "2024-02-01T00:00:00"), "1 d"),
        (("2024-01-01 10:00", "2024-01-01T11:00"), ("2024-01-01T10:00:00", "2024-01-01T11:00:00"), "1 h"),
        (("2024-01-01T10:00:00.25", "2024-01-01T10:00:00.75"), None, "500 ms"),
        (("2024-01", "2024-02", "2024-03"), ("2024-01-01T00:00:00", "2024-02-01T00:00:00", None), "1 month"),
        (("2023", "2024"), ("2023-01-01T00:00:00", "2024-01-01T00:00:00"), "12 months"),
        (("1000.0", "2000.0"), ("1000-01-01T00:00:00", "2000-01-01T00:00:00"), "12000 months"),
        (("20240228", "20240229"), ("2024-02-28T00:00:00", "2024-02-29T00:00:00"), "1 d"),
    ],
)
def test_dates_are_read(
    read_text: Callable[..., Any], cells: tuple[str, ...], expected: tuple[str | None, ...] | None, frequency: str
) -> None:
    dataset = read_text(column(*cells), time="t")
    assert str(dataset.series[0].time.frequency) == frequency
    for got, want in zip(times_of(dataset), expected or (), strict=bool(expected)):
        assert want in (None, got)


def test_offsets_are_converted_to_utc_and_noted(read_text: Callable[..., Any]) -> None:
    dataset = read_text(column("2024-01-01T00:00Z", "2024-01-01T02:00+01:00", "2024-01-01T00:30:00-0130"), time="t")
    assert times_of(dataset) == ["2024-01-01T00:00:00", "2024-01-01T01:00:00", "2024-01-01T02:00:00"]
    assert dataset.report.utc
    assert "Times with an offset were converted to UTC." in dataset.report.notes


def test_date_format_is_followed(read_text: Callable[..., Any]) -> None:
    dataset = read_text(column("01/02/2024", "02/02/2024"), time="t", date_format="%d/%m/%Y")
    assert times_of(dataset) == ["2024-02-01T00:00:00", "2024-02-02T00:00:00"]
    dataset = read_text(column("1.2024", "2.2024"), time="t", date_format="%m.%Y")
    assert str(dataset.series[0].time.frequency) == "1 month"
    dataset = read_text(column("2024-1 0 +0100", "2024-1 2 +0200"), time="t", date_format="%Y-%d %H %z")
    assert dataset.report.utc
    with pytest.raises(DataError, match="line 2, column 't': '2024' does not have the form '%d/%m/%Y'"):
        read_text(column("2024"), time="t", date_format="%d/%m/%Y")


@pytest.mark.parametrize(
    ("cells", "message"),
    [
        (("01/02/2024", "13/02/2024"), "line 2, .* is ambiguous, .* --date-format"),
        (("01.02.2024",), "is ambiguous"),
        (("2024-01-01", "01-02-24"), "line 3, .* is ambiguous"),
        (("1700000000", "1700003600"), "since 1970; convert"),
        (("1700000000000",), "since 1970"),
        (("2024-01-01", "2024-01-02T00:00Z"), "line 3, .* mixes times with and without an offset"),
        (("2024-01-01", "2024-02-30"), "line 3, column 't': '2024-02-30' is not a date of the form above it"),
        (("2024-01-01", "2024-01"), "line 3, .* is not a date of the form above"),
        (("yesterday",), "line 2, column 't': 'yesterday' is not a date; write it as"),
        (("3000",), "is not a date"),
        (("2024-01-01", ""), "line 3, column 't': the time is empty"),
    ],
)
def test_bad_date_is_refused_with_place_and_remedy(
    read_text: Callable[..., Any], cells: tuple[str, ...], message: str
) -> None:
    with pytest.raises(DataError, match=message):
        read_text(column(*cells), time="t")
