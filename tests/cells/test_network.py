"""A module of the user in place of the recurrent layers."""

from typing import Any

import pytest
import torch

from echoic.cells import NetworkStack
from echoic.errors import ConfigError, ShapeError

EXACT = 1e-6  # float32


def make(kind: Any = torch.nn.LSTM, **options: Any) -> Any:
    torch.manual_seed(0)
    return NetworkStack(kind(3, 5, num_layers=2, batch_first=True, **options), 3)


@pytest.mark.parametrize("kind", [torch.nn.RNN, torch.nn.GRU, torch.nn.LSTM])
def test_chunks_with_the_state_carried_equal_the_whole_sequence(kind: Any) -> None:
    stack, x = make(kind), torch.randn(4, 9, 3)
    whole, end = stack(x, stack.initial_state(4))
    torch.testing.assert_close(whole, stack.network(x)[0])
    outputs, state = [], stack.initial_state(4)
    for chunk in torch.split(x, [4, 1, 4], 1):
        y, state = stack(chunk, state)
        outputs.append(y)
    torch.testing.assert_close(torch.cat(outputs, 1), whole, atol=EXACT, rtol=0)
    torch.testing.assert_close(stack.pack(state), stack.pack(end), atol=EXACT, rtol=0)


@pytest.mark.parametrize(("kind", "size"), [(torch.nn.GRU, 10), (torch.nn.LSTM, 20)])
def test_unpack_is_the_exact_inverse_of_pack(kind: Any, size: Any) -> None:
    stack = make(kind)
    matrix = torch.randn(6, size)
    assert stack.state_size == size
    assert torch.equal(stack.pack(stack.unpack(matrix)), matrix)
    with pytest.raises(ShapeError, match=f"must be \\(batch, {size}\\)"):
        stack.unpack(torch.zeros(6, size + 1))


def test_rows_of_the_state_are_rows_of_the_batch() -> None:
    stack, x = make(), torch.randn(4, 2, 3)
    state = stack.unpack(torch.randn(4, 20))
    whole, _ = stack(x, state)
    alone, _ = stack(x[2:3], stack.unpack(stack.pack(state)[2:3]))
    torch.testing.assert_close(alone[0], whole[2], atol=EXACT, rtol=0)


def test_a_network_without_a_state_is_one_that_cannot_run_step_by_step() -> None:
    stack = NetworkStack(torch.nn.Linear(3, 7), 3, is_stepwise=False)
    assert (stack.is_stateful, stack.output_size, stack.state_size) == (False, 7, 0)
    y, state = stack(torch.zeros(2, 4, 3), stack.initial_state(2))
    assert y.shape == (2, 4, 7)
    assert stack.unpack(stack.pack(state)) == state
    with pytest.raises(ConfigError, match="must take and return a state"):
        NetworkStack(torch.nn.Linear(3, 7), 3)


def test_the_trial_run_leaves_the_network_in_training_and_its_random_numbers_alone() -> None:
    network = torch.nn.GRU(3, 5, num_layers=2, dropout=0.5, batch_first=True)
    state = torch.get_rng_state()
    assert NetworkStack(network, 3).training
    assert network.training
    assert torch.equal(torch.get_rng_state(), state)


@pytest.mark.parametrize("options", [{"bidirectional": True}, {"batch_first": False}])
def test_outputs_that_depend_on_later_steps_or_on_other_rows_are_refused(options: Any) -> None:
    with pytest.raises(ConfigError, match="the same outputs step by step"):
        NetworkStack(torch.nn.GRU(3, 5, **({"batch_first": True} | options)), 3)
