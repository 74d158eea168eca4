from collections import Counter
from collections.abc import Callable
from typing import Any

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from echoic.windows import (
    ChunkSampler,
    Ranges,
    Sampler,
    SequentialSampler,
    ShuffledSampler,
    WeightedWindowSampler,
    Windows,
    evenly_spaced,
)

few = settings(deadline=None, max_examples=60)
lengths = st.lists(st.integers(0, 15), min_size=1, max_size=4)


def select_ranges(pairs: list[tuple[int, int]]) -> Ranges:
    return Ranges(*torch.tensor(pairs).unbind(1))


def spans_of(lengths: list[int], gap: int = 0) -> list[tuple[int, int]]:
    """A range of each length, with `gap` other rows before each."""
    pairs, at = [], 0
    for length in lengths:
        pairs.append((at + gap, at + gap + length))
        at += gap + length
    return pairs


def all_starts(windows: Windows) -> list[int]:
    return windows.starts(torch.arange(len(windows))).tolist()


@few
@given(lengths=lengths, steps=st.integers(1, 6), stride=st.integers(1, 4), data=st.data())
def test_training_windows_are_all_windows_inside_the_range(
    lengths: list[int], steps: int, stride: int, data: st.DataObject
) -> None:
    tail = data.draw(st.integers(1, steps))
    pairs = spans_of(lengths, gap=3)
    wanted = [at for begin, end in pairs for at in range(begin, end - steps + 1, stride)]
    windows = Windows(select_ranges(pairs), steps, tail, stride)
    assert len(windows) == len(wanted)
    assert all_starts(windows) == wanted


@few
@given(lengths=lengths, gap=st.integers(0, 8), steps=st.integers(1, 6), stride=st.integers(1, 4), data=st.data())
def test_evaluation_windows_are_all_windows_with_their_tail_in_the_range(
    lengths: list[int], gap: int, steps: int, stride: int, data: st.DataObject
) -> None:
    tail = data.draw(st.integers(1, steps))
    pairs = spans_of(lengths, gap)
    wanted = []
    for begin, end in pairs:
        inside = [at for at in range(begin - gap, end) if at + steps - tail >= begin and at + steps <= end]
        wanted += inside[::stride]
    floor = torch.tensor([begin - gap for begin, _ in pairs])
    assert all_starts(Windows(select_ranges(pairs), steps, tail, stride, floor)) == wanted


def test_window_numbers_may_come_in_any_order() -> None:
    windows = Windows(select_ranges([(0, 5), (5, 6), (6, 12)]), 3, 1)
    assert windows.starts(torch.tensor([6, 0, 3, 3])).tolist() == [9, 0, 6, 6]


SAMPLERS: dict[str, type[SequentialSampler | ShuffledSampler]] = {
    "in order": SequentialSampler,
    "shuffled": ShuffledSampler,
}


@pytest.mark.parametrize("chosen", [None, [1, 4, 5, 8, 9]], ids=["all", "chosen"])
@pytest.mark.parametrize("kind", SAMPLERS)
def test_every_window_occurs_once_per_epoch(kind: str, chosen: list[int] | None) -> None:
    windows = Windows(select_ranges([(0, 9), (20, 26)]), 3, 1)
    numbers = torch.arange(11) if chosen is None else torch.tensor(chosen)
    sampler = SAMPLERS[kind](windows, 4, None if chosen is None else numbers)
    indices = list(sampler.epoch(0, 0))
    assert len(indices) == len(sampler) == -(-len(numbers) // 4)
    assert [len(index.starts) for index in indices[:-1]] == [4] * (len(sampler) - 1)
    starts = torch.cat([index.starts for index in indices])
    assert sorted(starts.tolist()) == windows.starts(numbers).tolist()
    assert (starts.tolist() == windows.starts(numbers).tolist()) == (kind == "in order")
    for index in indices:
        assert index.steps == 3
        assert index.valid.tolist() == [3] * len(index.starts)
        assert not index.carry


def make_weighted(
    windows: Windows, batch_size: int, recency: float = 2.0, alignment: float = 0.5, season: int = 3
) -> WeightedWindowSampler:
    return WeightedWindowSampler(windows, batch_size, recency, alignment, season)


RANDOM: dict[str, Callable[[Windows], ShuffledSampler | WeightedWindowSampler]] = {
    "shuffled": lambda windows: ShuffledSampler(windows, 7),
    "chosen": lambda windows: ShuffledSampler(windows, 7, torch.arange(0, 90, 2)),
    "drawn": lambda windows: make_weighted(windows, 7),
}


def seen(sampler: ShuffledSampler | WeightedWindowSampler | ChunkSampler, *args: int, **kwargs: Any) -> list[list[int]]:
    return [index.starts.tolist() for index in sampler.epoch(*args, **kwargs)]


@pytest.mark.parametrize("kind", RANDOM)
def test_seed_and_epoch_alone_decide_the_order(kind: str) -> None:
    windows = Windows(select_ranges([(0, 100)]), 3, 1)
    first = seen(RANDOM[kind](windows), 5, 2)
    torch.rand(3)
    assert seen(RANDOM[kind](windows), 5, 2) == first
    others = [seen(RANDOM[kind](windows), *place) for place in ((5, 3), (6, 2), (2, 5), (0, 0))]
    assert first not in others
    assert len({str(other) for other in others}) == len(others)


@pytest.mark.parametrize("skip", [0, 1, 5, 13, 14])
@pytest.mark.parametrize("kind", [*RANDOM, "in order", "streams", "whole"])
def test_skipping_is_dropping_the_first_batches(kind: str, skip: int) -> None:
    split = select_ranges([(0, 60), (60, 100), (100, 117)])
    windows = Windows(split, 3, 1)
    samplers: dict[str, Callable[[Windows], Sampler]] = RANDOM | {
        "in order": lambda windows: SequentialSampler(windows, 7),
        "streams": lambda _: ChunkSampler.from_ranges(split, 2, 4),
        "whole": lambda _: ChunkSampler.from_ranges(split, 2, None),
    }
    sampler = samplers[kind](windows)
    every = list(sampler.epoch(1, 2))
    assert len(every) == len(sampler)
    later = list(sampler.epoch(1, 2, skip))
    assert len(later) == max(0, len(every) - skip)
    for index, same in zip(later, every[skip:], strict=True):
        assert torch.equal(index.starts, same.starts)
        assert torch.equal(index.valid, same.valid)
        assert (index.steps, index.carry) == (same.steps, same.carry)


@pytest.mark.parametrize("kind", [*RANDOM, "in order"])
def test_no_windows_make_an_empty_epoch(kind: str) -> None:
    windows = Windows(select_ranges([(0, 2)]), 3, 1)
    makers: dict[str, Callable[[Windows, int], Sampler]] = {
        "in order": SequentialSampler,
        "shuffled": ShuffledSampler,
        "chosen": ShuffledSampler,
        "drawn": make_weighted,
    }
    sampler = makers[kind](windows, 4)
    assert len(sampler) == 0
    assert list(sampler.epoch(0, 0)) == []


@few
@given(
    lengths=lengths,
    stride=st.integers(1, 3),
    recency=st.floats(0.5, 4),
    alignment=st.floats(0, 1),
    season=st.integers(1, 9),
)
def test_drawn_windows_exist(lengths: list[int], stride: int, recency: float, alignment: float, season: int) -> None:
    windows = Windows(select_ranges(spans_of(lengths, gap=2)), 3, 1, stride)
    sampler = WeightedWindowSampler(windows, 4, recency, alignment, season)
    drawn = [start for index in sampler.epoch(0, 0) for start in index.starts.tolist()]
    assert len(drawn) == len(windows)
    assert set(drawn) <= set(all_starts(windows))


def test_series_are_equally_probable_for_any_length() -> None:
    windows = Windows(select_ranges([(0, 9_000), (9_000, 10_000), (10_000, 10_001)]), 3, 1)
    starts = torch.cat([index.starts for index in WeightedWindowSampler(windows, 100, 1.0, 0.0, 1).epoch(0, 0)])
    assert float((starts < 9_000).float().mean()) == pytest.approx(0.5, abs=0.03)


def test_ages_are_uniform_or_recent() -> None:
    windows = Windows(select_ranges([(0, 10_002)]), 3, 1)
    for recency, fraction in ((1.0, 0.5), (2.0, 0.5**0.5)):
        starts = torch.cat([index.starts for index in WeightedWindowSampler(windows, 100, recency, 0.0, 1).epoch(0, 0)])
        assert float((starts >= 5_000).float().mean()) == pytest.approx(fraction, abs=0.03)


def test_aligned_draws_lie_whole_seasons_before_the_end() -> None:
    windows = Windows(select_ranges([(0, 102)]), 3, 1, stride=2)
    starts = torch.cat([index.starts for index in WeightedWindowSampler(windows, 10, 1.0, 1.0, 12).epoch(0, 0)])
    last = max(all_starts(windows))
    assert ((last - starts) % 12 == 0).all()


@few
@given(
    lengths=st.lists(st.integers(2, 40), min_size=1, max_size=5),
    batch_size=st.integers(1, 6),
    chunk=st.none() | st.integers(1, 9),
)
def test_streams_have_every_transition_once_and_carry_the_state(
    lengths: list[int], batch_size: int, chunk: int | None
) -> None:
    pairs = spans_of(lengths, gap=2)
    streams = ChunkSampler.from_ranges(select_ranges(pairs), batch_size, chunk)
    transitions: Counter[int] = Counter()
    before = None
    for index in streams.epoch(0, 0):
        assert len(index.starts) <= batch_size
        assert chunk is None or index.steps <= chunk + 1
        assert ((index.valid >= 0) & (index.valid <= index.steps)).all()
        for start, valid in zip(index.starts.tolist(), index.valid.tolist(), strict=True):
            transitions.update(range(start, start + valid - 1))
        if index.carry:
            assert before is not None
            assert len(index.starts) == len(before.starts)
            valid = index.valid > 0
            assert torch.equal(index.starts[valid], (before.starts + before.steps - 1)[valid])
        before = index
    assert transitions == Counter(at for begin, end in pairs for at in range(begin, end - 1))


@few
@given(lengths=st.lists(st.integers(2, 40), min_size=1, max_size=5), batch_size=st.integers(1, 6))
def test_streams_that_begin_do_not_carry(lengths: list[int], batch_size: int) -> None:
    streams = ChunkSampler.from_ranges(select_ranges(spans_of(lengths)), batch_size, 4)
    begins = {begin for group in streams.groups for begin, _ in group}
    for index in streams.epoch(3, 1):
        fresh = [start in begins for start in index.starts[index.valid > 1].tolist()]
        assert not any(fresh) if index.carry else all(fresh)


def test_whole_sequences_are_bucketed_by_length() -> None:
    lengths = [50, 5, 30, 6, 31, 7]
    indices = list(ChunkSampler.from_ranges(select_ranges(spans_of(lengths)), 2, None).epoch(0, 0))
    assert sorted(sorted(index.valid.tolist()) for index in indices) == [[5, 6], [7, 30], [31, 50]]
    for index in indices:
        assert index.steps == max(index.valid)
        assert not index.carry


def test_a_long_series_is_several_streams_side_by_side() -> None:
    indices = list(ChunkSampler.from_ranges(select_ranges([(0, 81)]), 4, 10).epoch(0, 0))
    assert [index.starts.tolist() for index in indices] == [[0, 20, 40, 60], [10, 30, 50, 70]]
    assert [index.carry for index in indices] == [False, True]
    assert [index.steps for index in indices] == [11, 11]


@pytest.mark.parametrize("lengths", [[0], [1], [0, 1]])
@pytest.mark.parametrize("chunk", [None, 4])
def test_series_without_a_transition_make_no_stream(lengths: list[int], chunk: int | None) -> None:
    assert list(ChunkSampler.from_ranges(select_ranges(spans_of(lengths, gap=1)), 4, chunk).epoch(0, 0)) == []


def test_the_order_of_stream_groups_depends_on_the_epoch() -> None:
    split = select_ranges(spans_of([5] * 20))
    assert seen(ChunkSampler.from_ranges(split, 2, None), 0, 0) != seen(ChunkSampler.from_ranges(split, 2, None), 0, 1)


@few
@given(count=st.integers(1, 10**9), most=st.integers(1, 50))
def test_even_numbers_reach_from_the_first_to_the_last(count: int, most: int) -> None:
    numbers = evenly_spaced(count, most)
    assert len(numbers) == min(count, most)
    assert numbers[0] == 0
    assert numbers[-1] == (count - 1 if len(numbers) > 1 else 0)
    gaps = numbers.diff()
    assert not len(gaps) or int(gaps.max() - gaps.min()) <= 1


@pytest.mark.parametrize("kind", ["shuffled", "weighted"])
def test_a_limit_bounds_the_windows_of_an_epoch_and_other_epochs_draw_others(kind: str) -> None:
    windows = Windows(select_ranges([(0, 100)]), 3, 1)
    sampler: ShuffledSampler | WeightedWindowSampler
    if kind == "shuffled":
        sampler = ShuffledSampler(windows, 7, limit=40)
    else:
        sampler = WeightedWindowSampler(windows, 7, 1.0, 0.0, 1, limit=40)
    first, second = seen(sampler, 0, 0), seen(sampler, 0, 1)
    assert sum(map(len, first)) == 40
    assert len(sampler) == len(first) == 6
    assert first != second
