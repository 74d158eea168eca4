import pytest
import torch

from echoic.cells import CELLS, Stack
from echoic.config import StackSettings
from echoic.readouts import Horizon, ReadoutInputs
from echoic.tensors import State

FLOAT32 = 1e-6


def make(
    channels: int = 1, segments: int = 3, segment_covariates: int = 0, cell: str = "gru", width: int = 6
) -> tuple[Stack, Horizon]:
    torch.manual_seed(0)
    stack = Stack(CELLS, width, StackSettings(cell=cell, layers=(5, 4)))
    return stack, Horizon(stack, segments, channels, segment_covariates)


def state_of(stack: Stack, batch: int) -> State:
    return stack.unpack(torch.randn(batch, stack.state_size))


def inputs_of(
    stack: Stack, state: State, ids: torch.Tensor | None, future_covariates: torch.Tensor | None = None
) -> ReadoutInputs:
    """The encoded and hidden vectors, which the readout ignores, are zero."""
    batch = len(stack.pack(state))
    encoded, hidden = torch.zeros(batch, 1, stack.input_size), torch.zeros(batch, 1, stack.output_size)
    return ReadoutInputs(encoded, hidden, state, stack, ids, future_covariates)


def naive(
    readout: Horizon,
    stack: Stack,
    state: State,
    ids: torch.Tensor,
    covariates: torch.Tensor | None = None,
) -> torch.Tensor:
    """A step of the whole stack for each row and segment, from its embedding."""
    matrix = stack.pack(state)
    rows = []
    for row in range(len(matrix)):
        vectors = []
        for segment in range(readout.num_segments):
            x = readout.position[segment]
            if readout.channel is not None:
                x = torch.cat([x, readout.channel[ids[row]]])
            if covariates is not None:
                assert readout.covariates is not None
                size = readout.covariates.in_features // covariates.shape[2]
                padded = torch.zeros(size, covariates.shape[2])
                given = covariates[row, segment * size : (segment + 1) * size]
                padded[: len(given)] = given
                x = x + readout.covariates.weight @ padded.flatten()
            y, _ = stack(x[None, None], stack.unpack(matrix[row : row + 1]))
            vectors.append(y[0, 0])
        rows.append(torch.stack(vectors))
    return torch.stack(rows)


@pytest.mark.parametrize("width", [6, 7])
@pytest.mark.parametrize("channels", [1, 3])
@pytest.mark.parametrize("cell", CELLS)
def test_parallel_decoding_equals_a_step_for_each_row_and_segment(cell: str, channels: int, width: int) -> None:
    stack, readout = make(channels, cell=cell, width=width)
    ids = torch.arange(channels).repeat(2)
    state = state_of(stack, len(ids))
    got = readout(inputs_of(stack, state, ids if channels > 1 else None))
    torch.testing.assert_close(got, naive(readout, stack, state, ids), atol=FLOAT32, rtol=0)


def test_channels_may_come_in_any_order() -> None:
    stack, readout = make(3)
    ids = torch.tensor([2, 0, 0, 1, 2])
    state = state_of(stack, 5)
    got = readout(inputs_of(stack, state, ids))
    torch.testing.assert_close(got, naive(readout, stack, state, ids), atol=FLOAT32, rtol=0)


@pytest.mark.parametrize("horizon", [12, 11, 9], ids=["whole", "one short", "most of a segment short"])
@pytest.mark.parametrize("channels", [1, 3])
def test_future_covariates_are_added_segment_by_segment(channels: int, horizon: int) -> None:
    stack, readout = make(channels, segments=3, segment_covariates=4 * 2)
    ids = torch.arange(channels).repeat(2)
    state, covariates = state_of(stack, len(ids)), torch.randn(len(ids), horizon, 2)
    got = readout(inputs_of(stack, state, ids if channels > 1 else None, covariates))
    torch.testing.assert_close(got, naive(readout, stack, state, ids, covariates), atol=FLOAT32, rtol=0)


def test_the_embeddings_learn() -> None:
    stack, readout = make(3)
    readout(inputs_of(stack, state_of(stack, 3), torch.arange(3))).square().sum().backward()
    assert readout.position.grad is not None
    assert readout.position.grad.any()
    assert readout.channel is not None
    assert readout.channel.grad is not None
    assert readout.channel.grad.any(1).all()
