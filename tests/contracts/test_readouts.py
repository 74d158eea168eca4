"""The contract of every readout."""

from collections.abc import Callable
from typing import Any

import pytest
import torch

from echoic.cells import CELLS, Stack
from echoic.config import StackSettings
from echoic.readouts import READOUTS, Readout, ReadoutInputs

FLOAT32 = 1e-6
HORIZON, KNOWN, SEGMENTS = 6, 2, 3

MAKERS: dict[str, Callable[[Stack, int], Readout]] = {
    "per_step": lambda stack, _known: READOUTS["per_step"](stack.output_size),
    "concat_input": lambda stack, _known: READOUTS["concat_input"](stack.output_size, stack.input_size),
    "last": lambda stack, known: READOUTS["last"](stack.output_size, HORIZON, known),
    "mean": lambda stack, _known: READOUTS["mean"](stack.output_size),
    "attention": lambda stack, _known: READOUTS["attention"](stack.output_size),
    "horizon": lambda stack, known: READOUTS["horizon"](stack, SEGMENTS, 1, HORIZON // SEGMENTS * known),
}
VECTORS = {"per_step": 5, "concat_input": 5, "last": 1, "mean": 1, "attention": 1, "horizon": SEGMENTS}


def make(kind: str, known: int, cell: str = "gru") -> Any:
    torch.manual_seed(0)
    stack = Stack(CELLS, 4, StackSettings(cell=cell, layers=(3, 5)))
    readout = MAKERS[kind](stack, known)
    encoded = torch.randn(7, 5, 4)
    hidden, state = stack(encoded, stack.initial_state(7))
    ahead = torch.randn(7, HORIZON, known) if known else None
    return readout, encoded, hidden, state, stack, ahead


def test_every_readout_has_a_case() -> None:
    assert MAKERS.keys() == VECTORS.keys() == READOUTS.keys()


@pytest.mark.parametrize("cell", CELLS)
@pytest.mark.parametrize("known", [0, KNOWN])
@pytest.mark.parametrize("kind", READOUTS)
def test_vectors_have_the_declared_width(kind: str, known: int, cell: str) -> None:
    readout, encoded, hidden, state, stack, ahead = make(kind, known, cell)
    assert readout(ReadoutInputs(encoded, hidden, state, stack, None, ahead)).shape == (
        7,
        VECTORS[kind],
        readout.output_size,
    )


@pytest.mark.parametrize("known", [0, KNOWN])
@pytest.mark.parametrize("kind", READOUTS)
def test_rows_are_independent(kind: str, known: int) -> None:
    readout, encoded, hidden, state, stack, ahead = make(kind, known)
    whole = readout(ReadoutInputs(encoded, hidden, state, stack, None, ahead))
    matrix = stack.pack(state)
    for row in range(7):
        one = slice(row, row + 1)
        alone = readout(
            ReadoutInputs(
                encoded[one], hidden[one], stack.unpack(matrix[one]), stack, None, None if ahead is None else ahead[one]
            )
        )
        torch.testing.assert_close(alone[0], whole[row], atol=FLOAT32, rtol=0)


@pytest.mark.parametrize("kind", ["last", "horizon"])
def test_future_covariates_are_used(kind: str) -> None:
    readout, encoded, hidden, state, stack, ahead = make(kind, KNOWN)
    before = readout(ReadoutInputs(encoded, hidden, state, stack, None, ahead))
    for step in range(HORIZON):
        other = ahead.clone()
        other[:, step] += 1
        assert not torch.allclose(readout(ReadoutInputs(encoded, hidden, state, stack, None, other)), before)


@pytest.mark.parametrize("kind", ["last", "mean", "attention"])
def test_padding_is_ignored(kind: str) -> None:
    readout, encoded, hidden, state, stack, _ = make(kind, 0)
    lengths = torch.tensor([5, 1, 2, 3, 4, 5, 1])
    whole = readout(ReadoutInputs(encoded, hidden, state, stack, lengths=lengths))
    noise = hidden + 9 * (torch.arange(5) >= lengths[:, None])[..., None]
    torch.testing.assert_close(readout(ReadoutInputs(encoded, noise, state, stack, lengths=lengths)), whole)
    for row, length in enumerate(lengths.tolist()):
        one = slice(row, row + 1)
        alone = readout(
            ReadoutInputs(encoded[one, :length], hidden[one, :length], stack.unpack(stack.pack(state)[one]), stack)
        )
        torch.testing.assert_close(alone[0], whole[row], atol=FLOAT32, rtol=0)


@pytest.mark.parametrize("kind", READOUTS)
def test_under_autocast_vectors_stay_in_float32(kind: str) -> None:
    readout, encoded, hidden, state, stack, ahead = make(kind, KNOWN)
    inputs = ReadoutInputs(encoded, hidden, state, stack, None, ahead)
    wanted = readout(inputs)
    with torch.autocast("cpu", torch.bfloat16):
        got = readout(inputs)
    assert got.dtype == torch.float32
    torch.testing.assert_close(got, wanted, atol=0.05, rtol=0)
