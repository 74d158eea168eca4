import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from echoic.config.split import SplitRule
from echoic.errors import ConfigError, DataError
from echoic.types import Series
from echoic.types.frequency import Frequency
from echoic.types.timebase import INDEX, TimeBase
from echoic.windows import SPLITS, Ranges, Windows, full_ranges, merge_ranges, split_series

HOUR_US = 3_600_000_000


def make(steps: int, name: str = "a", time: TimeBase = INDEX) -> Series:
    return Series(name, np.zeros((steps, 1), np.float32), ("y",), time, origin="table.csv")


def bounds(splits: dict[str, Ranges]) -> list[list[tuple[int, int]]]:
    return [list(zip(splits[split].begin.tolist(), splits[split].end.tolist(), strict=True)) for split in SPLITS]


@pytest.mark.parametrize(
    ("steps", "rule", "wanted"),
    [
        (100, (0.6, 0.2, 0.2), [(0, 60), (60, 80), (80, 100)]),
        (10, (0.7, 0.1, 0.2), [(0, 7), (7, 8), (8, 10)]),
        (99, (0.6, 0.2, 0.2), [(0, 59), (59, 79), (79, 99)]),
        (10, (0.5, 0.2, 0.1), [(0, 5), (5, 7), (7, 8)]),
        (10, (1.0, 0.0, 0.0), [(0, 10), (10, 10), (10, 10)]),
        (20, (5, 3, 2), [(0, 5), (5, 8), (8, 10)]),
        (20, (0, 3, 2), [(0, 15), (15, 18), (18, 20)]),
        (20, (0, 1, 0), [(0, 19), (19, 20), (20, 20)]),
        (20, (0, 0, 1), [(0, 19), (19, 19), (19, 20)]),
    ],
)
def test_fractions_and_counts_set_the_split_points(steps: int, rule: SplitRule, wanted: list[tuple[int, int]]) -> None:
    assert bounds(split_series([make(steps)], rule)) == [[pair] for pair in wanted]


def test_every_series_is_split_on_its_own_and_row_numbers_continue() -> None:
    splits = split_series([make(10), make(20, "b"), make(5, "c")], (0.6, 0.2, 0.2))
    assert bounds(splits) == [
        [(0, 6), (10, 22), (30, 33)],
        [(6, 8), (22, 26), (33, 34)],
        [(8, 10), (26, 30), (34, 35)],
    ]


def test_a_first_count_of_zero_adapts_to_each_length() -> None:
    splits = split_series([make(10), make(20, "b")], (0, 2, 3))
    assert bounds(splits) == [[(0, 5), (10, 25)], [(5, 7), (25, 27)], [(7, 10), (27, 30)]]


@pytest.mark.parametrize(
    ("rule", "wanted"),
    [
        (("2020-03-01", "2020-05-01"), [(0, 2), (2, 4), (4, 6)]),
        (("2020-03-02", "2020-05-15"), [(0, 3), (3, 5), (5, 6)]),
        (("2020-03", "2020-03"), [(0, 2), (2, 2), (2, 6)]),
        (("2021-01-01", "2022-01-01"), [(0, 6), (6, 6), (6, 6)]),
    ],
)
def test_dates_cut_months(rule: tuple[str, str], wanted: list[tuple[int, int]]) -> None:
    time = TimeBase(Frequency("month", 1), np.datetime64("2020-01-01"))
    assert bounds(split_series([make(6, time=time)], rule)) == [[pair] for pair in wanted]


def test_dates_cut_hours() -> None:
    time = TimeBase(Frequency("us", HOUR_US), np.datetime64("2020-01-31T20:00"))
    splits = split_series([make(30, time=time)], ("2020-02-01", "2020-02-01T12:00"))
    assert bounds(splits) == [[(0, 4)], [(4, 16)], [(16, 30)]]


def test_dates_cut_series_that_begin_at_different_times_at_the_same_moment() -> None:
    day = Frequency("us", 24 * HOUR_US)
    early, late = (TimeBase(day, np.datetime64(start)) for start in ("2020-01-01", "2020-01-06"))
    splits = split_series([make(10, time=early), make(10, "b", late)], ("2020-01-08", "2020-01-10"))
    assert bounds(splits) == [[(0, 7), (10, 12)], [(7, 9), (12, 14)], [(9, 10), (14, 20)]]


@pytest.mark.parametrize(
    ("steps", "rule", "message"),
    [
        (9, (5, 3, 2), r"table\.csv: series 'a' has 9 steps, but the split 5,3,2 requires 10; choose another --split"),
        (5, (0, 3, 2), r"train split of series 'a' is empty \(5 steps, .*\); choose another --split"),
        (4, (0, 3, 2), r"requires 5; choose|is empty \(4 steps"),
        (1, (0.6, 0.2, 0.2), r"is empty \(1 steps"),
        (9, (0.0, 0.5, 0.5), r"is empty"),
    ],
)
def test_a_series_too_short_is_refused(steps: int, rule: SplitRule, message: str) -> None:
    with pytest.raises(DataError, match=message):
        split_series([make(50, "long"), make(steps)], rule)


def test_dates_need_timestamps() -> None:
    with pytest.raises(ConfigError, match=r"dates only for series with timestamps; name their column with --time"):
        split_series([make(9)], ("2020-01-01", "2020-02-01"))


@pytest.mark.parametrize(
    ("rule", "message"),
    [
        (("tomorrow", "2020-02-01"), r"must be dates such as 2020-01-31, got 'tomorrow'"),
        (("2020-02-02", "2020-02-01"), r"dev must begin before test, got 2020-02-02 and 2020-02-01"),
    ],
)
def test_bad_dates_are_refused(rule: tuple[str, str], message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        split_series([make(9, time=TimeBase(Frequency("month", 1), np.datetime64("2020-01-01")))], rule)


def test_full_and_merged_ranges() -> None:
    series = [make(10), make(4, "b")]
    assert torch.equal(full_ranges(series).begin, torch.tensor([0, 10]))
    assert torch.equal(full_ranges(series).end, torch.tensor([10, 14]))
    splits = split_series(series, (0.5, 0.25, 0.25))
    both = merge_ranges(splits["train"], splits["dev"])
    assert torch.equal(both.begin, splits["train"].begin)
    assert torch.equal(both.end, splits["dev"].end)
    assert both.lengths.tolist() == [7, 3]


fractions = st.tuples(st.floats(0.2, 0.6), st.floats(0, 0.2), st.floats(0, 0.2))


@settings(deadline=None, max_examples=50)
@given(
    lengths=st.lists(st.integers(5, 40), min_size=1, max_size=4),
    rule=fractions,
    steps=st.integers(1, 9),
    data=st.data(),
)
def test_no_window_ever_straddles_a_boundary(
    lengths: list[int], rule: SplitRule, steps: int, data: st.DataObject
) -> None:
    tail = data.draw(st.integers(1, steps))
    series = [make(length, str(number)) for number, length in enumerate(lengths)]
    splits = split_series(series, rule)
    ends = np.cumsum(lengths)
    for split in SPLITS:
        for floor in (None, full_ranges(series).begin):
            windows = Windows(splits[split], steps, tail, floor=floor)
            starts = windows.starts(torch.arange(len(windows)))
            owner = np.searchsorted(ends, starts.numpy(), side="right")
            inside = splits[split].begin[owner] <= starts + (steps - tail if floor is not None else 0)
            assert inside.all()
            assert (starts + steps <= splits[split].end[owner]).all()
            assert (starts.numpy() >= (ends - lengths)[owner]).all()
