"""The contract of every recurrent layer."""

from typing import Any

import pytest
import torch

from echoic.cells import CELLS, Cell

ROUNDING = 1e-6  # float32, values below 1
EXACT = 1e-12  # float64

# batch, steps, inputs, hidden: ones, and sizes that no vector width divides.
SIZES = [(1, 1, 1, 1), (3, 7, 2, 5), (2, 4, 1, 13), (1, 5, 3, 8)]


def make(kind: str, inputs: int = 2, hidden: int = 5, dtype: torch.dtype = torch.float64) -> Cell:
    torch.manual_seed(0)
    cell = CELLS[kind](inputs, hidden).to(dtype)
    with torch.no_grad():
        cell.bias.add_(torch.randn_like(cell.bias))
    return cell


def noise(*shape: int, seed: int = 1, dtype: torch.dtype = torch.float64) -> torch.Tensor:
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed), dtype=dtype)


def random_state(cell: Cell, batch: int) -> tuple[torch.Tensor, ...]:
    vectors = len(cell.initial_state(batch))
    return tuple(noise(batch, cell.hidden_size, seed=7 + at).to(cell.bias.dtype) for at in range(vectors))


def assert_states_close(got: tuple[torch.Tensor, ...], wanted: tuple[torch.Tensor, ...], atol: float) -> None:
    assert len(got) == len(wanted)
    for one, other in zip(got, wanted, strict=True):
        torch.testing.assert_close(one, other, atol=atol, rtol=0)


@pytest.mark.parametrize("sizes", SIZES)
@pytest.mark.parametrize("kind", CELLS)
def test_step_by_step_equals_the_whole_sequence(kind: str, sizes: tuple[int, ...]) -> None:
    batch, steps, inputs, hidden = sizes
    cell = make(kind, inputs, hidden, torch.float32)
    x = noise(batch, steps, inputs, dtype=torch.float32)
    state = random_state(cell, batch)
    whole, end = cell(x, state)
    assert whole.shape == (batch, steps, hidden)
    outputs = []
    for x_t in x.unbind(1):
        y, state = cell(x_t[:, None], state)
        outputs.append(y)
    torch.testing.assert_close(torch.cat(outputs, 1), whole, atol=ROUNDING, rtol=0)
    assert_states_close(state, end, ROUNDING)


@pytest.mark.parametrize("kind", CELLS)
def test_chunks_equal_the_whole_sequence(kind: str) -> None:
    cell, x = make(kind), noise(3, 11, 2)
    whole, end = cell(x, cell.initial_state(3))
    outputs, state = [], cell.initial_state(3)
    for chunk in torch.split(x, [4, 1, 6], 1):
        y, state = cell(chunk, state)
        outputs.append(y)
    torch.testing.assert_close(torch.cat(outputs, 1), whole, atol=EXACT, rtol=0)
    assert_states_close(state, end, EXACT)


@pytest.mark.parametrize("kind", CELLS)
def test_rows_are_independent(kind: str) -> None:
    cell, x = make(kind), noise(4, 6, 2)
    state = random_state(cell, 4)
    together, _ = cell(x, state)
    for row in range(4):
        alone, _ = cell(x[row : row + 1], tuple(vector[row : row + 1] for vector in state))
        torch.testing.assert_close(alone, together[row : row + 1], atol=EXACT, rtol=0)
    x[2] += 1
    changed, _ = cell(x, state)
    assert torch.equal(changed[[0, 1, 3]], together[[0, 1, 3]])
    assert not torch.allclose(changed[2], together[2])


@pytest.mark.parametrize("kind", CELLS)
def test_the_future_never_changes_the_past(kind: str) -> None:
    cell, x = make(kind), noise(2, 8, 2)
    before, _ = cell(x, cell.initial_state(2))
    for step in range(8):
        other = x.clone()
        other[:, step:] = noise(2, 8 - step, 2, seed=99)
        after, _ = cell(other, cell.initial_state(2))
        torch.testing.assert_close(after[:, :step], before[:, :step], atol=EXACT, rtol=0)
        assert not torch.allclose(after[:, step], before[:, step])


@pytest.mark.parametrize("kind", CELLS)
def test_gradients_of_inputs_state_and_weights_are_right(kind: str) -> None:
    cell = make(kind, 2, 3)
    x, state = noise(2, 3, 2), random_state(cell, 2)
    names, weights = zip(*cell.named_parameters(), strict=True)

    def run(x: Any, *rest: Any) -> Any:
        vectors, values = rest[: len(state)], rest[len(state) :]
        y, end = torch.func.functional_call(cell, dict(zip(names, values, strict=True)), (x, vectors))
        return (y, *end)

    arguments = [tensor.detach().clone().requires_grad_() for tensor in (x, *state, *weights)]
    assert torch.autograd.gradcheck(run, arguments)


@pytest.mark.parametrize("branches", [1, 4])
@pytest.mark.parametrize("shared", [True, False], ids=["shared", "own"])
@pytest.mark.parametrize("kind", CELLS)
def test_every_parallel_step_equals_a_step_from_the_same_state(kind: str, shared: bool, branches: int) -> None:
    cell = make(kind)
    state = random_state(cell, 3)
    x = noise(1 if shared else 3, branches, 2)
    hidden = cell.parallel_step(cell.project(x), state)
    assert hidden.shape == (3, branches, 5)
    for branch in range(branches):
        step, _ = cell(x[:, branch : branch + 1].expand(3, -1, -1), state)
        torch.testing.assert_close(hidden[:, branch], step[:, 0], atol=EXACT, rtol=0)


@pytest.mark.parametrize("kind", CELLS)
def test_a_call_changes_neither_inputs_nor_state(kind: str) -> None:
    cell, x = make(kind), noise(2, 4, 2)
    state = random_state(cell, 2)
    copies = [x.clone(), *(vector.clone() for vector in state)]
    cell(x, state)
    cell.parallel_step(cell.project(x), state)
    for now, before in zip((x, *state), copies, strict=True):
        assert torch.equal(now, before)


@pytest.mark.parametrize("kind", CELLS)
def test_the_initial_state_is_zero_in_the_dtype_of_the_weights(kind: str) -> None:
    cell = make(kind, dtype=torch.float64)
    state = cell.initial_state(3)
    assert len(state) == cell.num_states
    for vector in state:
        assert vector.shape == (3, 5)
        assert vector.dtype == torch.float64
        assert not vector.any()


def test_gru_weights_are_initialized_as_in_torch() -> None:
    cell = CELLS["gru"](30, 64)
    for weights in (cell.w_in.detach(), cell.w_rec.detach()):
        assert weights.abs().max() <= 64**-0.5
        assert weights.std() == pytest.approx(64**-0.5 / 3**0.5, rel=0.05)


def test_each_recurrent_gate_of_the_lstm_starts_orthogonal() -> None:
    cell = CELLS["lstm"](3, 6)
    for gate in cell.w_rec.detach().chunk(4):
        torch.testing.assert_close(gate @ gate.T, torch.eye(6), atol=1e-5, rtol=0)


@pytest.mark.parametrize("kind", CELLS)
def test_under_autocast_hidden_vectors_and_state_stay_in_float32(kind: str) -> None:
    cell = make(kind, 4, 70, torch.float32)
    x, state = noise(3, 6, 4, dtype=torch.float32), random_state(cell, 3)
    wanted, _ = cell(x, state)
    branches = cell.parallel_step(cell.project(x[:, :2]), state)
    with torch.autocast("cpu", torch.bfloat16):
        for given in (x, x.bfloat16()):
            got, end = cell(given, state)
            assert {one.dtype for one in (got, *end)} == {torch.float32}
            assert 0 < (got - wanted).abs().max() < 0.05
        close = cell.parallel_step(cell.project(x[:, :2]), state)
    assert close.dtype == torch.float32
    assert 0 < (close - branches).abs().max() < 0.05
