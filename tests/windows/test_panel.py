import numpy as np
import pytest
import torch
from numpy.typing import NDArray

from echoic.types import Covariates, Series
from echoic.windows import Panel

NAN = float("nan")


def make(name: str = "a", steps: int = 6, features: int = 2, ahead: int | None = None, offset: float = 0.0) -> Series:
    """A series of rows that differ; `ahead`: how many steps more the future column is known."""
    values = offset + np.arange(steps * features, dtype=np.float32).reshape(steps, features)
    covariates = Covariates()
    if ahead is not None:
        covariates = Covariates(
            past=-values[:, :1],
            past_names=("p",),
            future=offset + 0.5 + np.arange(steps + ahead, dtype=np.float32)[:, None],
            future_names=("k",),
            static=np.array([offset], np.float32),
            static_names=("s",),
        )
    return Series(name, values, tuple("xyz"[:features]), covariates=covariates)


SEVERAL = [make("a", 6, ahead=2), make("b", 3, ahead=0, offset=100.0), make("c", 5, ahead=4, offset=200.0)]


def assert_same(got: torch.Tensor, wanted: NDArray[np.float32] | list[list[list[float]]]) -> None:
    np.testing.assert_array_equal(got.numpy(), np.array(wanted, np.float32))


def test_a_single_series_is_not_copied() -> None:
    one = make(ahead=3)
    panel = Panel.from_series([one])
    assert np.shares_memory(panel.values.numpy(), one.values)
    assert np.shares_memory(panel.past.numpy(), one.covariates.past)
    assert np.shares_memory(panel.future.numpy(), one.covariates.future)


def test_series_lie_one_after_the_other() -> None:
    panel = Panel.from_series(SEVERAL)
    assert_same(panel.values, np.concatenate([one.values for one in SEVERAL]))
    assert panel.offsets.tolist() == [0, 6, 9, 14]
    assert panel.future_offsets.tolist() == [0, 8, 11, 20]
    assert panel.names == ("a", "b", "c")
    assert panel.static.tolist() == [[0.0], [100.0], [200.0]]
    assert panel.series_index(torch.arange(14)).tolist() == [0] * 6 + [1] * 3 + [2] * 5


@pytest.mark.parametrize("value", [0.0, NAN])
def test_missing_values_are_noticed(value: float) -> None:
    one = make()
    one.values[3, 1] = value
    assert Panel.from_series([one]).has_missing == np.isnan(value)


@pytest.mark.parametrize("steps", [1, 4, 20])
def test_cut_takes_the_rows_from_each_start_on(steps: int) -> None:
    panel = Panel.from_series(SEVERAL)
    starts = torch.tensor([0, 7, 3, 13])
    table = panel.values.tolist()
    wanted = [[table[at] if at < 14 else [NAN] * 2 for at in range(start, start + steps)] for start in starts.tolist()]
    assert_same(panel.window(starts, steps), wanted)
    past = panel.past.tolist()
    wanted = [[past[at] if at < 14 else [NAN] for at in range(start, start + steps)] for start in starts.tolist()]
    assert_same(panel.past_window(starts, steps), wanted)


@pytest.mark.parametrize("steps", [1, 4, 20])
def test_history_ends_before_the_row_and_never_enters_another_series(steps: int) -> None:
    panel = Panel.from_series(SEVERAL)
    rows = torch.arange(14)
    wanted = []
    for row in rows.tolist():
        begin = max(offset for offset in panel.offsets.tolist()[:-1] if offset <= row)
        wanted.append([panel.values[at].tolist() if at >= begin else [NAN] * 2 for at in range(row - steps, row)])
    assert_same(panel.history(rows, steps), wanted)


@pytest.mark.parametrize("steps", [1, 4, 20])
def test_future_covariates_follow_their_own_series_only(steps: int) -> None:
    panel = Panel.from_series(SEVERAL)
    series = torch.tensor([0, 0, 1, 1, 2, 2, 2])
    starts = torch.tensor([0, 6, 7, 9, 9, 13, 15])
    wanted = []
    for number, start in zip(series.tolist(), starts.tolist(), strict=True):
        known = SEVERAL[number].covariates.future.tolist()
        first = start - int(panel.offsets[number])
        wanted.append([known[at] if at < len(known) else [NAN] for at in range(first, first + steps)])
    assert_same(panel.future_window(starts, steps, series), wanted)


def test_without_covariates_cuts_have_no_columns() -> None:
    panel = Panel.from_series([make("a"), make("b")])
    starts = torch.tensor([0, 11, 12])
    assert panel.past_window(starts, 4).shape == (3, 4, 0)
    assert panel.future_window(starts, 4, torch.tensor([0, 1, 1])).shape == (3, 4, 0)
    assert panel.static.shape == (2, 0)


def test_a_cut_is_a_copy() -> None:
    panel = Panel.from_series([make()])
    panel.window(torch.tensor([0]), 3).zero_()
    assert_same(panel.values, make().values)
