"""The contract of every stream: results do not depend on the chunks, and states are values."""

from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np
import pytest
import torch
from numpy.typing import NDArray

from echoic import streams
from echoic.cells import CELLS, Stack
from echoic.config import HeadSettings, StackSettings
from echoic.encoders import Convolution, Embedding, Encoder, Identity
from echoic.heads import HEADS, Categorical, Sampling
from echoic.model import SequenceModel
from echoic.readouts import PerStep
from echoic.streams import (
    DetectionStream,
    GeneratingStream,
    GenerationStream,
    KernelStream,
    LiveStream,
    NetworkStream,
    Stream,
)

ROWS, STEPS, WIDTH, HIDDEN = 3, 61, 2, 6
FLOAT32 = 1e-5
EXACT = 0.0
CHUNKS = {"one": [1], "primes": [2, 7, 1, 3, 11, 5], "halves": [31, 30], "whole": [STEPS]}


class Case(NamedTuple):
    """A stream with a sequence.

    `start(stream, rows)` begins with those rows; `cut(begin, end, rows)` is a chunk; `whole(results, end)` joins
    results into an array with the rows first.
    """

    stream: Stream[Any, Any, Any]
    start: Callable[..., Any]
    cut: Callable[..., Any]
    whole: Callable[..., Any]
    tolerance: float
    num_rows: int = ROWS


def stack(cell: str, width: int) -> Stack:
    return Stack(CELLS, width, StackSettings(cell=cell, layers=(HIDDEN, HIDDEN)))


def network(cell: str) -> Case:
    model = SequenceModel(
        Identity(WIDTH), stack(cell, WIDTH), PerStep(HIDDEN), HEADS["gaussian"].build(HIDDEN, WIDTH, 1, HeadSettings())
    )
    x = torch.randn(ROWS, STEPS, WIDTH)
    return Case(
        NetworkStream(model),
        lambda stream, rows: stream.start(len(rows)),
        lambda begin, end, rows: x[rows, begin:end],
        lambda results, _stream, _state: torch.cat(results, 1).numpy(),
        FLOAT32,
    )


def symbols(cell: str) -> Case:
    model = SequenceModel(Embedding(5, 4), stack(cell, 4), PerStep(HIDDEN), Categorical(HIDDEN, 5))
    return generation(GenerationStream.of_symbols(model, Sampling()), torch.randint(5, (ROWS, 4, 1)).float())


def most_probable_symbols(cell: str) -> Case:
    model = SequenceModel(Embedding(5, 4), stack(cell, 4), PerStep(HIDDEN), Categorical(HIDDEN, 5))
    stream = GenerationStream.of_symbols(model, Sampling(temperature=0.0))
    return generation(stream, torch.randint(5, (ROWS, 4, 1)).float())


def sampled_values(cell: str) -> Case:
    head = HEADS["gaussian"].build(HIDDEN, WIDTH, 1, HeadSettings())
    model = SequenceModel(Identity(WIDTH), stack(cell, WIDTH), PerStep(HIDDEN), head)
    return generation(GenerationStream(model, head.sample), torch.randn(ROWS, 4, WIDTH))


def generation(stream: GenerationStream, known: torch.Tensor) -> Case:
    return Case(
        stream,
        lambda stream, rows: stream.start(known[rows], seed=3),
        lambda begin, end, _rows: end - begin,
        lambda results, _stream, _state: torch.cat(results, 1).numpy(),
        EXACT,
    )


def kernel(cell: str) -> Case:
    model = SequenceModel(
        Identity(WIDTH), stack(cell, WIDTH), PerStep(HIDDEN), HEADS["point"].build(HIDDEN, WIDTH, 1, HeadSettings())
    )
    x = torch.randn(ROWS, STEPS, WIDTH).numpy()
    return Case(
        KernelStream(model),
        lambda stream, rows: stream.start(len(rows)),
        lambda begin, end, rows: x[rows, begin:end],
        lambda results, _stream, _state: np.concatenate(results, 1),
        EXACT,
    )


def detection(cell: str, encoder: Encoder | None = None, delay: int = 0) -> Case:
    encoder = encoder or Identity(8)
    head = Categorical(HIDDEN, 3, outputs_per_step=getattr(encoder, "stride", 1))
    model = SequenceModel(encoder, stack(cell, encoder.output_size), PerStep(HIDDEN), head)
    frames = torch.randn(STEPS, 8)
    return Case(
        DetectionStream(model, 8, delay),
        lambda stream, _rows: stream.start(),
        lambda begin, end, _rows: frames[begin:end],
        lambda results, stream, state: np.concatenate([*results, stream.finish(state)])[None],
        FLOAT32,
        num_rows=1,
    )


def detection_with_convolutions(cell: str) -> Case:
    return detection(cell, Convolution(8, (3, 4), 3, stride=2), delay=5)


CASES: list[Callable[[str], Case]] = [
    network,
    symbols,
    most_probable_symbols,
    sampled_values,
    kernel,
    detection,
    detection_with_convolutions,
]


# Detection is of one recording; rows that are sampled share the random generator.
INDEPENDENT_ROWS: list[Callable[[str], Case]] = [network, most_probable_symbols, kernel]


def runs(make: Callable[[str], Case], cell: str) -> bool:
    """Whether there is a step kernel for the cell, for streams that require one."""
    return make is not kernel or CELLS[cell].live_kernel is not None


BY_CELL = [
    pytest.param((case, cell), id=f"{case.__name__}-{cell}") for case in CASES for cell in CELLS if runs(case, cell)
]


@pytest.fixture(params=BY_CELL)
def case(request: pytest.FixtureRequest) -> Case:
    make, cell = request.param
    torch.manual_seed(0)
    built: Case = make(cell)
    return built


def cuts(sizes: list[int]) -> list[tuple[int, int]]:
    """The first and last step of each chunk, with the sizes in turn."""
    ends = np.minimum(np.cumsum(np.resize(sizes, STEPS)), STEPS)
    ends = np.unique(ends).tolist()
    return list(zip([0, *ends[:-1]], ends, strict=True))


def run(case: Case, sizes: list[int], rows: list[int] | None = None) -> tuple[NDArray[Any], Any]:
    rows = list(range(case.num_rows)) if rows is None else rows
    state, results = case.start(case.stream, rows), []
    for begin, end in cuts(sizes):
        result, state = case.stream.push(case.cut(begin, end, rows), state)
        results.append(result)
    return case.whole(results, case.stream, state), state


def leaves(state: Any) -> list[NDArray[Any]]:
    """All arrays and numbers in a state, as copies."""
    if isinstance(state, torch.Tensor):
        return [state.detach().numpy().copy()]
    if isinstance(state, np.ndarray):
        return [state.copy()]
    if isinstance(state, tuple):
        return [leaf for part in state for leaf in leaves(part)]
    return [np.array(np.nan if state is None else state)]


def assert_same_leaves(some: list[NDArray[Any]], others: list[NDArray[Any]]) -> None:
    assert len(some) == len(others)
    for one, other in zip(some, others, strict=True):
        np.testing.assert_array_equal(one, other)


def test_every_stream_has_a_case() -> None:
    torch.manual_seed(0)
    covered = {type(make("gru").stream) for make in CASES}
    # Those of runs have a contract of their own, in test_live.py.
    interfaces = {Stream, LiveStream, GeneratingStream}
    assert covered == {one for one in vars(streams).values() if isinstance(one, type)} - interfaces


@pytest.mark.parametrize("sizes", CHUNKS.values(), ids=CHUNKS)
def test_any_chunks_equal_the_whole(case: Case, sizes: list[int]) -> None:
    whole, end = run(case, [STEPS])
    assert whole.shape[:2] == (case.num_rows, STEPS)
    chunked, state = run(case, sizes)
    np.testing.assert_allclose(chunked, whole, atol=case.tolerance, rtol=0)
    for one, other in zip(leaves(state), leaves(end), strict=True):
        np.testing.assert_allclose(one, other, atol=FLOAT32, rtol=0)


@pytest.mark.parametrize("size", [1, 7])
def test_the_given_state_is_unchanged_and_used_twice_gives_the_same(case: Case, size: int) -> None:
    rows = list(range(case.num_rows))
    state = case.start(case.stream, rows)
    for begin in (0, size, 2 * size):
        before = leaves(state)
        chunk = case.cut(begin, begin + size, rows)
        first, after = case.stream.push(chunk, state)
        assert_same_leaves(leaves(state), before)
        snapshot = leaves(after)
        second, again = case.stream.push(chunk, state)
        np.testing.assert_array_equal(np.asarray(first), np.asarray(second))
        assert_same_leaves(leaves(again), snapshot)
        assert_same_leaves(leaves(after), snapshot)
        state = after


@pytest.mark.parametrize("at", [1, 17, STEPS - 1])
def test_a_state_from_the_middle_continues_as_if_uninterrupted(case: Case, at: int) -> None:
    rows = list(range(case.num_rows))
    stream = case.stream
    first, middle = stream.push(case.cut(0, at, rows), case.start(stream, rows))
    # The sequence goes on, and another begins, before the state is used again.
    uninterrupted, end = stream.push(case.cut(at, STEPS, rows), middle)
    stream.push(case.cut(0, STEPS, rows), case.start(stream, rows))
    later, again = stream.push(case.cut(at, STEPS, rows), middle)
    np.testing.assert_array_equal(
        case.whole([first, later], stream, again), case.whole([first, uninterrupted], stream, end)
    )
    assert_same_leaves(leaves(again), leaves(end))
    np.testing.assert_allclose(
        case.whole([first, later], stream, again), run(case, [STEPS])[0], atol=case.tolerance, rtol=0
    )


@pytest.mark.parametrize(
    ("make", "cell"), [(case, cell) for case in INDEPENDENT_ROWS for cell in CELLS if runs(case, cell)]
)
def test_rows_are_independent(make: Callable[[str], Case], cell: str) -> None:
    torch.manual_seed(0)
    case = make(cell)
    together, _ = run(case, [5])
    for row in range(case.num_rows):
        alone, _ = run(case, [5], [row])
        np.testing.assert_allclose(alone[0], together[row], atol=case.tolerance, rtol=0)
