from typing import Any

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor

from echoic import ops
from echoic.cells import CELLS, LSTM, Stack
from echoic.config import StackSettings
from echoic.errors import ShapeError

EXACT = 1e-12  # float64


def make(inputs: int = 2, **values: Any) -> Stack:
    torch.manual_seed(0)
    return Stack(CELLS, inputs, StackSettings(**values))


def test_two_layers_of_16_lstm_units_have_a_state_of_64_numbers() -> None:
    assert make(cell="lstm", layers=(16, 16)).state_size == 64


def test_every_layer_has_its_own_size() -> None:
    stack = make(cell="gru", layers=(3, 7, 4))
    assert [(cell.input_size, cell.hidden_size) for cell in stack.layers] == [(2, 3), (3, 7), (7, 4)]
    assert stack.output_size == 4
    y, state = stack(torch.randn(5, 6, 2), stack.initial_state(5))
    assert y.shape == (5, 6, 4)
    assert [tuple(vector.shape for vector in layer) for layer in state] == [((5, 3),), ((5, 7),), ((5, 4),)]


@pytest.mark.parametrize("cell", CELLS)
def test_the_stack_is_its_cells_one_above_the_other(cell: str) -> None:
    stack = make(cell=cell, layers=(3, 4)).double()
    x = torch.randn(2, 5, 2).double()
    y, state = stack(x, stack.initial_state(2))
    low, low_state = stack.layers[0](x, stack.layers[0].initial_state(2))
    high, high_state = stack.layers[1](low, stack.layers[1].initial_state(2))
    torch.testing.assert_close(y, high, atol=EXACT, rtol=0)
    for got, wanted in zip(stack.pack(state), torch.cat([*low_state, *high_state], -1), strict=True):
        torch.testing.assert_close(got, wanted, atol=EXACT, rtol=0)


def gradients(stack: Stack, x: Tensor) -> tuple[Tensor, ...]:
    """Outputs, state, and gradients by x and all weights, of one loss over all of them."""
    x = x.clone().requires_grad_()
    y, after = stack(x, stack.initial_state(len(x)))
    matrix = stack.pack(after)
    weights = [x, *stack.parameters()]
    return y, matrix, *torch.autograd.grad(y.square().sum() + matrix.sin().sum(), weights)


@pytest.mark.skipif(ops.kernel() == "off", reason="no compiled kernel is in use")
@pytest.mark.parametrize("learned", [False, True])
@pytest.mark.parametrize("cell", ["lstm", "gru"])
def test_small_layers_in_one_call_are_those_one_by_one(
    monkeypatch: pytest.MonkeyPatch, cell: str, learned: bool
) -> None:
    calls, call = list[Any](), ops.stack

    def counted(*given: Any) -> Any:
        calls.append(call(*given))
        return calls[-1]

    monkeypatch.setattr(ops, "stack", counted)
    stack = make(cell=cell, layers=(16, 16, 16), learn_initial_state=learned)
    x = torch.randn(32, 9, 2)
    together = gradients(stack, x)
    assert [one is not None for one in calls] == [True]
    monkeypatch.setattr(ops, "stack", lambda *_: None)
    for one, other in zip(together, gradients(stack, x), strict=True):
        torch.testing.assert_close(one, other, atol=1e-5, rtol=1e-4)


@pytest.mark.parametrize("dropped", ["dropout", "weight_dropout"])
def test_layers_with_dropout_run_one_by_one_in_training(monkeypatch: pytest.MonkeyPatch, dropped: str) -> None:
    def refused(*_: Any) -> None:
        raise AssertionError("in one call")

    monkeypatch.setattr(ops, "stack", refused)
    values: dict[str, Any] = {dropped: 0.5}
    stack = make(layers=(16, 16), **values)
    stack(torch.randn(32, 9, 2), stack.initial_state(32))
    with pytest.raises(AssertionError, match="in one call"):
        stack.eval()(torch.randn(32, 9, 2), stack.initial_state(32))


class Halved(LSTM):  # type: ignore[misc]
    """A cell of one's own, from one that has a kernel."""

    def forward(
        self, x: Tensor, state: tuple[Tensor, ...], w_rec: Tensor | None = None
    ) -> tuple[Tensor, tuple[Tensor, ...]]:
        return super().forward(x / 2, state, w_rec)


def test_the_methods_of_a_subclass_are_called_where_the_layers_fit_into_one_call() -> None:
    own = Stack({"lstm": Halved}, 2, StackSettings(cell="lstm", layers=(16, 16)))
    plain = make(cell="lstm", layers=(16, 16))
    plain.load_state_dict(own.state_dict())
    x = torch.randn(32, 9, 2)
    hidden, _ = plain.layers[0](x / 2, plain.layers[0].initial_state(32))
    wanted, _ = plain.layers[1](hidden / 2, plain.layers[1].initial_state(32))
    torch.testing.assert_close(own(x, own.initial_state(32))[0], wanted)
    assert own.live_layers() is None


@settings(deadline=None, max_examples=30)
@given(
    cell=st.sampled_from(sorted(CELLS)),
    layers=st.lists(st.integers(1, 9), min_size=1, max_size=3).map(tuple),
    batch=st.integers(0, 6),
)
def test_unpack_is_the_exact_inverse_of_pack(cell: str, layers: tuple[int, ...], batch: int) -> None:
    stack = make(cell=cell, layers=layers)
    matrix = torch.randn(batch, stack.state_size)
    state = stack.unpack(matrix)
    assert torch.equal(stack.pack(state), matrix)
    for layer, again in zip(state, stack.unpack(stack.pack(state)), strict=True):
        assert all(torch.equal(one, other) for one, other in zip(layer, again, strict=True))
    zero = stack.initial_state(batch)
    assert [[v.shape for v in layer] for layer in state] == [[v.shape for v in layer] for layer in zero]


@pytest.mark.parametrize("shape", [(2, 63), (2, 65), (64,), (1, 2, 64)])
@pytest.mark.usefixtures("unchecked_shapes")
def test_a_matrix_of_another_shape_is_refused(shape: tuple[int, ...]) -> None:
    with pytest.raises(ShapeError, match=r"must be \(batch, 64\), got \("):
        make(cell="lstm", layers=(16, 16)).unpack(torch.zeros(shape))


def test_a_learned_initial_state_is_used_by_every_row_and_learns() -> None:
    stack = make(cell="lstm", layers=(3, 2), learn_initial_state=True)
    assert stack.learned_state is not None
    assert stack.learned_state.shape == (10,)
    torch.nn.init.normal_(stack.learned_state)
    packed = stack.pack(stack.initial_state(4))
    assert torch.equal(packed, stack.learned_state.detach().expand(4, -1))
    y, _ = stack(torch.zeros(4, 2, 2), stack.initial_state(4))
    y.sum().backward()
    assert stack.learned_state.grad is not None
    assert stack.learned_state.grad.ne(0).all()


def test_the_initial_state_is_no_parameter_unless_it_is_learned() -> None:
    assert make(learn_initial_state=False).learned_state is None


def test_dropout_reaches_every_layer_in_training_only() -> None:
    stack = make(cell="gru", layers=(64, 64), dropout=0.5)
    x = torch.randn(8, 4, 2)
    dropped, state = stack(x, stack.initial_state(8))
    assert 0.4 < float((dropped == 0).float().mean()) < 0.6
    assert not (stack.pack(state) == 0).any()
    again, other = stack(x, stack.initial_state(8))
    assert not torch.equal(again, dropped)
    assert not torch.equal(other[1][0], state[1][0]), "the upper layer must get dropped outputs of the lower one"
    assert torch.equal(other[0][0], state[0][0]), "the recurrence of the lowest layer is not dropped"
    stack.eval()
    assert torch.equal(stack(x, stack.initial_state(8))[0], stack(x, stack.initial_state(8))[0])


@pytest.mark.parametrize("layers", [(5,), (3, 4), (2, 6, 3)])
@pytest.mark.parametrize("cell", CELLS)
def test_every_parallel_step_equals_a_step_from_the_same_state(cell: str, layers: tuple[int, ...]) -> None:
    stack = make(cell=cell, layers=layers).double()
    _, state = stack(torch.randn(3, 4, 2).double(), stack.initial_state(3))
    x = torch.randn(3, 4, 2).double()
    hidden = stack.parallel_step(stack.project(x), state)
    for branch in range(4):
        step, _ = stack(x[:, branch : branch + 1], state)
        torch.testing.assert_close(hidden[:, branch], step[:, 0], atol=EXACT, rtol=0)
