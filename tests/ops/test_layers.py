"""The contract of `ops.lstm` and `ops.gru`, for every implementation."""

import copy
import itertools

import pytest
import torch
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from op_layers import AssertEqualsOracle, Layer, Sizes

from echoic import ops
from echoic.cells import CELLS
from echoic.errors import ShapeError

pytestmark = pytest.mark.usefixtures("kernel")

CHUNKED = {torch.float32: 2e-6, torch.float64: 1e-12}
"""Largest difference between one call and several for the same steps, for values below 1."""

ONE_OUTPUT = 2e-5
"""Largest error of a gradient, float32, for gradients of up to ten."""

HIDDEN = (1, 5, 8, 13, 16, 17, 33)
UNEQUAL = [6, 0, 3, 1, 6]

DTYPES = pytest.mark.parametrize("dtype", [torch.float32, torch.float64], ids=["float32", "float64"])
READ_BACK = pytest.mark.parametrize("reverse", [False, True], ids=["forward", "reverse"])


def arguments(layer: Layer, sizes: Sizes = (3, 4, 2, 5), dtype: torch.dtype = torch.float32) -> list[torch.Tensor]:
    return layer.arguments(sizes, dtype, grad=False)


def grad_of(parameter: torch.nn.Parameter) -> torch.Tensor:
    assert parameter.grad is not None
    return parameter.grad


def total(outputs: tuple[torch.Tensor, ...]) -> torch.Tensor:
    return torch.stack([output.sum() for output in outputs]).sum()


# ------------------------------------------------------------ the same numbers as the oracle


@DTYPES
@pytest.mark.parametrize("hidden", HIDDEN)
def test_outputs_and_gradients_equal_the_reference(
    layer: Layer, dtype: torch.dtype, hidden: int, assert_equals_oracle: AssertEqualsOracle
) -> None:
    for batch, steps, inputs in itertools.product((1, 3, 7), (1, 9), (1, 2, 9)):
        assert_equals_oracle(layer, (batch, steps, inputs, hidden), dtype)


@DTYPES
@READ_BACK
@pytest.mark.parametrize("hidden", [5, 17])
def test_unequal_lengths_equal_the_reference_row_by_row(
    layer: Layer, dtype: torch.dtype, hidden: int, reverse: bool, assert_equals_oracle: AssertEqualsOracle
) -> None:
    for lengths in (None, UNEQUAL, [0, 0, 0, 0, 0], [0, 1, 2, 3, 4], [6, 6, 6, 6, 6]):
        assert_equals_oracle(layer, (5, 6, 2, hidden), dtype, lengths, reverse=reverse)


@pytest.mark.parametrize("sizes", [(20, 40, 3, 9), (300, 3, 2, 5), (2, 3, 300, 70), (3, 2, 256, 256)])
def test_sizes_beyond_one_chunk_equal_the_reference(
    layer: Layer, sizes: Sizes, assert_equals_oracle: AssertEqualsOracle
) -> None:
    assert_equals_oracle(layer, sizes, torch.float32)


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_any_shape_equals_the_reference(
    layer: Layer, data: st.DataObject, assert_equals_oracle: AssertEqualsOracle
) -> None:
    batch, steps, inputs, hidden = (data.draw(st.integers(1, most)) for most in (6, 7, 20, 40))
    rows = st.lists(st.integers(0, steps), min_size=batch, max_size=batch)
    lengths = data.draw(st.none() | rows)
    assert_equals_oracle(
        layer, (batch, steps, inputs, hidden), torch.float32, lengths, reverse=data.draw(st.booleans())
    )


# ------------------------------------------------------------ steps, chunks, lengths


@DTYPES
@pytest.mark.parametrize("hidden", [1, 8, 17])
@pytest.mark.parametrize("chunks", [[1] * 11, [4, 1, 6]], ids=["step by step", "chunks"])
def test_chunks_equal_the_whole_sequence(layer: Layer, dtype: torch.dtype, hidden: int, chunks: list[int]) -> None:
    x, *others = arguments(layer, (3, 11, 2, hidden), dtype)
    state, weights = others[: layer.num_states], others[layer.num_states :]
    whole, *end = layer.run(x, *state, *weights)
    outputs = []
    for chunk in x.split(chunks, 1):
        y, *state = layer.run(chunk, *state, *weights)
        outputs.append(y)
    for got, wanted in zip([torch.cat(outputs, 1), *state], [whole, *end], strict=True):
        torch.testing.assert_close(got, wanted, atol=CHUNKED[dtype], rtol=0)


def test_the_last_output_is_the_last_state(layer: Layer) -> None:
    y, h, *_ = layer.run(*arguments(layer))
    assert torch.equal(y[:, -1], h)


@READ_BACK
def test_outputs_beyond_a_length_are_zero_and_a_row_without_steps_keeps_its_state(layer: Layer, reverse: bool) -> None:
    values = arguments(layer, (5, 6, 2, 5))
    y, *end = layer.run(*values, lengths=torch.tensor(UNEQUAL), reverse=reverse)
    for row, length in enumerate(UNEQUAL):
        assert not y[row, length:].any()
        assert y[row, :length].all()
    for after, before in zip(end, values[1:], strict=False):
        assert torch.equal(after[1], before[1])


@READ_BACK
def test_padding_is_ignored_in_both_directions(layer: Layer, reverse: bool) -> None:
    sizes, lengths = (5, 6, 2, 5), torch.tensor(UNEQUAL)
    clean, dirty = (layer.arguments(sizes, torch.float32) for _ in range(2))
    upstream = layer.incoming(sizes, torch.float32)
    upstream_dirty = [gradient.clone() for gradient in upstream]
    with torch.no_grad():
        for row, length in enumerate(UNEQUAL):
            dirty[0][row, length:] = torch.nan
            upstream_dirty[0][row, length:] = torch.nan
    results = []
    for values, gradients in ((clean, upstream), (dirty, upstream_dirty)):
        outputs = layer.run(*values, lengths=lengths, reverse=reverse)
        results.append([*outputs, *torch.autograd.grad(outputs, values, gradients)])
    for one, other in zip(*results, strict=True):
        assert torch.equal(one, other)


@pytest.mark.parametrize("dtype", [torch.int64, torch.int32, torch.uint8])
def test_lengths_may_be_any_integers(layer: Layer, dtype: torch.dtype) -> None:
    values = arguments(layer, (5, 6, 2, 5))
    wanted = layer.run(*values, lengths=torch.tensor(UNEQUAL))
    for got, other in zip(layer.run(*values, lengths=torch.tensor(UNEQUAL, dtype=dtype)), wanted, strict=True):
        assert torch.equal(got, other)


@DTYPES
def test_a_sequence_without_steps_leaves_the_state_as_it_is(layer: Layer, dtype: torch.dtype) -> None:
    values = arguments(layer, (3, 0, 2, 5), dtype)
    y, *end = layer.run(*values)
    assert y.shape == (3, 0, 5)
    for after, before in zip(end, values[1:], strict=False):
        assert torch.equal(after, before)


def test_a_batch_without_rows_has_outputs_without_rows(layer: Layer) -> None:
    values = layer.arguments((0, 4, 2, 5), torch.float32)
    outputs = layer.run(*values)
    assert [tuple(output.shape) for output in outputs] == [(0, 4, 5), *[(0, 5)] * layer.num_states]
    for gradient in torch.autograd.grad(total(outputs), values):
        assert not gradient.any()


# ------------------------------------------------------------ tensors as they come


@DTYPES
def test_inputs_need_not_be_contiguous(layer: Layer, dtype: torch.dtype) -> None:
    values = arguments(layer, (3, 4, 5, 7), dtype)
    strided = []
    for value in values:
        wide = torch.full((*value.shape, 2), torch.nan, dtype=dtype)
        wide[..., 0] = value
        strided.append(wide[..., 0])
    strided[0] = values[0].transpose(0, 1).contiguous().transpose(0, 1)
    assert not any(value.is_contiguous() for value in strided)
    for got, wanted in zip(layer.run(*strided), layer.run(*values), strict=True):
        torch.testing.assert_close(got, wanted, atol=CHUNKED[dtype], rtol=0)


def test_inputs_may_start_anywhere_in_memory(layer: Layer) -> None:
    values = arguments(layer, (3, 4, 5, 17))
    shifted = [torch.cat([torch.zeros(1), value.flatten()])[1:].view(value.shape) for value in values]
    assert all(value.data_ptr() % 16 == 4 for value in shifted)
    for got, wanted in zip(layer.run(*shifted), layer.run(*values), strict=True):
        torch.testing.assert_close(got, wanted, atol=CHUNKED[torch.float32], rtol=0)


def test_incoming_gradients_may_be_expanded(layer: Layer) -> None:
    values = layer.arguments((3, 4, 2, 5), torch.float32)
    outputs = layer.run(*values)
    ones = [torch.ones_like(output) for output in outputs]
    expand = [torch.ones(()).expand_as(output) for output in outputs]
    wanted = torch.autograd.grad(outputs, values, ones, retain_graph=True)
    for one, other in zip(torch.autograd.grad(outputs, values, expand), wanted, strict=True):
        assert torch.equal(one, other)


def test_each_output_alone_has_its_gradients(layer: Layer) -> None:
    sizes = (3, 4, 2, 5)
    values, exact = layer.arguments(sizes, torch.float32), layer.arguments(sizes, torch.float64)
    outputs, wanted = layer.run(*values), layer.reference(*exact)
    for one, other in zip(outputs, wanted, strict=True):
        got = torch.autograd.grad(one.square().sum(), values, retain_graph=True)
        for gradient, right in zip(
            got, torch.autograd.grad(other.square().sum(), exact, retain_graph=True), strict=True
        ):
            torch.testing.assert_close(gradient.double(), right, atol=1e-4, rtol=1e-5)


def test_gradients_do_not_depend_on_which_others_are_computed(layer: Layer) -> None:
    sizes = (3, 4, 2, 5)
    values = layer.arguments(sizes, torch.float32)
    together = layer.gradients(layer.run(*values), values, sizes)
    for at, wanted in enumerate(together):
        alone = [value.detach().requires_grad_(place == at) for place, value in enumerate(values)]
        (got,) = layer.gradients(layer.run(*alone), [alone[at]], sizes)
        torch.testing.assert_close(got, wanted, atol=CHUNKED[torch.float32], rtol=1e-5)


def test_a_call_changes_none_of_its_arguments(layer: Layer) -> None:
    values = layer.arguments((3, 4, 2, 5), torch.float32)
    before = [value.detach().clone() for value in values]
    total(layer.run(*values)).backward()
    for value, copied in zip(values, before, strict=True):
        assert torch.equal(value, copied)


def test_backward_may_run_twice(layer: Layer) -> None:
    sizes = (3, 4, 2, 17)
    values = layer.arguments(sizes, torch.float32)
    outputs = layer.run(*values)
    incoming = layer.incoming(sizes, torch.float32)
    once = torch.autograd.grad(outputs, values, incoming, retain_graph=True)
    for one, other in zip(once, torch.autograd.grad(outputs, values, incoming), strict=True):
        assert torch.equal(one, other)


@pytest.mark.parametrize("mode", [torch.no_grad, torch.inference_mode])
def test_without_gradients_the_outputs_are_the_same_and_have_no_graph(
    layer: Layer, mode: type[torch.no_grad | torch.inference_mode]
) -> None:
    values = layer.arguments((3, 4, 2, 17), torch.float32)
    with_graph = layer.run(*values)
    with mode():
        without = layer.run(*values)
    for one, other in zip(without, with_graph, strict=True):
        assert not one.requires_grad
        assert other.requires_grad
        torch.testing.assert_close(one, other.detach(), atol=CHUNKED[torch.float32], rtol=0)


@pytest.mark.parametrize("name", CELLS)
def test_a_copied_module_computes_the_same_and_learns_alone(name: str) -> None:
    torch.manual_seed(0)
    cell, x = CELLS[name](2, 5), torch.randn(3, 4, 2)
    cell(x, cell.initial_state(3))[0].sum().backward()
    copied = copy.deepcopy(cell)
    y, _ = copied(x, copied.initial_state(3))
    assert torch.equal(y, cell(x, cell.initial_state(3))[0])
    before = [grad_of(parameter).clone() for parameter in cell.parameters()]
    (2 * y).sum().backward()
    for parameter, other, wanted in zip(cell.parameters(), copied.parameters(), before, strict=True):
        assert torch.equal(grad_of(parameter), wanted)
        torch.testing.assert_close(other.grad, 2 * wanted)


# ------------------------------------------------------------ not a number, infinity


@pytest.mark.parametrize("hidden", [5, 16, 33])
def test_a_nan_stays_in_its_row_and_does_not_reach_back(layer: Layer, hidden: int) -> None:
    sizes = (3, 5, 2, hidden)
    clean, dirty = (layer.arguments(sizes, torch.float32) for _ in range(2))
    with torch.no_grad():
        dirty[0][1, 2, 0] = torch.nan
    results = []
    for values in (clean, dirty):
        outputs = layer.run(*values)
        row_gradients = layer.gradients(outputs, values, sizes)[: 1 + layer.num_states]
        results.append([*outputs, *row_gradients])
    for one, other in zip(*results, strict=True):
        assert one[[0, 2]].isfinite().all()
        assert torch.equal(one[[0, 2]], other[[0, 2]])
    y_clean, y_dirty = results[0][0], results[1][0]
    assert torch.equal(y_dirty[1, :2], y_clean[1, :2])
    assert y_dirty[1, 2:].isnan().all()


@pytest.mark.parametrize("value", [torch.inf, -torch.inf, 1e30])
@pytest.mark.parametrize("hidden", [5, 16, 17])
def test_infinite_inputs_saturate(layer: Layer, hidden: int, value: float) -> None:
    values, exact = (layer.arguments((2, 4, 1, hidden), dtype) for dtype in (torch.float32, torch.float64))
    with torch.no_grad():
        for x in (values[0], exact[0]):
            x[:] = value
    outputs, wanted = layer.run(*values), layer.reference(*exact)
    for one, other in zip(outputs, wanted, strict=True):
        assert other.isfinite().all()
        torch.testing.assert_close(one.double(), other, atol=CHUNKED[torch.float32], rtol=1e-6)
    del values[1 + layer.num_states]  # the gradient of the input's own weights is 0 * infinity: NaN by right
    for gradient in torch.autograd.grad(total(outputs), values):
        assert gradient.isfinite().all()


@pytest.mark.parametrize("value", [torch.inf, -torch.inf, 20.0, -20.0])
def test_a_hidden_vector_never_leaves_minus_one_to_one(layer: Layer, value: float) -> None:
    values = arguments(layer, (2, 20, 1, 17))
    values[0][:] = value
    values[1][:] = 0
    y, *_ = layer.run(*values)
    assert y.abs().max() <= 1


# ------------------------------------------------------------ refusals


@pytest.mark.usefixtures("unchecked_shapes")
def test_shapes_that_do_not_match_are_refused() -> None:
    lstm, gru = (torch.zeros(2, 3, 4), torch.zeros(2, 5)), torch.zeros(15)
    x, h = lstm
    w_in, w_rec, bias = torch.zeros(20, 4), torch.zeros(20, 5), torch.zeros(20)
    with pytest.raises(ShapeError, match=r"x must be \(batch, steps, inputs\).* got \(2, 3\)"):
        ops.lstm(x[..., 0], h, h, w_in, w_rec, bias)
    with pytest.raises(ShapeError, match=r"w_in \(4 \* hidden, inputs\).* \(20, 3\)"):
        ops.lstm(x, h, h, w_in[:, :3], w_rec, bias)
    with pytest.raises(ShapeError, match=r"w_rec \(4 \* hidden, hidden\).* \(20, 4\)"):
        ops.lstm(x, h, h, w_in, w_rec[:, :4], bias)
    with pytest.raises(ShapeError, match=r"state must be \(20,\), \(2, 5\), \(2, 5\), got .*\(1, 5\)"):
        ops.lstm(x, h, h[:1], w_in, w_rec, bias)
    with pytest.raises(ShapeError, match=r"Biases .* must be \(20,\), .* got \(19,\)"):
        ops.lstm(x, h, h, w_in, w_rec, bias[:19])
    with pytest.raises(ShapeError, match=r"w_in \(3 \* hidden, inputs\).* \(20, 4\)"):
        ops.gru(x, h, w_in, w_rec, gru)


@pytest.mark.parametrize("shape", [(), (7,)], ids=["a number", "a vector"])
@pytest.mark.usefixtures("unchecked_shapes")
def test_a_sequence_with_too_few_dimensions_is_refused(layer: Layer, shape: tuple[int, ...]) -> None:
    _, *others = arguments(layer)
    with pytest.raises(ShapeError, match=r"x must be \(batch, steps, inputs\)"):
        layer.run(torch.zeros(shape), *others)


@pytest.mark.parametrize("shape", [(1,), (4,), (15,), (5, 1)])
@pytest.mark.usefixtures("unchecked_shapes")
def test_an_inner_bias_of_another_size_is_refused(shape: tuple[int, ...]) -> None:
    x, h, w_in, w_rec, bias = (torch.zeros(size) for size in [(2, 3, 4), (2, 5), (15, 4), (15, 5), (15,)])
    with pytest.raises(ShapeError, match=r"Biases and state must be \(15,\), \(5,\)"):
        ops.gru(x, h, w_in, w_rec, bias, torch.zeros(shape))


def test_arguments_of_different_dtypes_are_refused(layer: Layer) -> None:
    values = arguments(layer)
    for at, value in enumerate(values):
        mixed = [*values[:at], value.double(), *values[at + 1 :]]
        with pytest.raises(ShapeError, match=r"must be torch\.float(32|64) like x"):
            layer.run(*mixed)


def test_arguments_on_different_devices_are_refused(layer: Layer) -> None:
    values = arguments(layer)
    for at, value in enumerate(values):
        mixed = [*values[:at], value.to("meta"), *values[at + 1 :]]
        with pytest.raises(ShapeError, match=r"must be on '(cpu|meta)' like x"):
            layer.run(*mixed)


@pytest.mark.usefixtures("unchecked_shapes")
def test_integers_are_refused(layer: Layer) -> None:
    with pytest.raises(RuntimeError, match="type"):
        layer.run(*[value.long() for value in arguments(layer)])


@pytest.mark.parametrize(
    ("lengths", "message"),
    [
        (torch.tensor([1, 2]), r"`lengths` must be \(3,\) integers, got \(2,\)"),
        (torch.tensor([[1, 2, 3]]), r"`lengths` must be \(3,\) integers, got \(1, 3\)"),
        (torch.tensor([1.0, 2.0, 3.0]), r"`lengths` must be \(3,\) integers, got \(3,\) of torch.float32"),
        (torch.tensor([True, False, True]), r"`lengths` must be \(3,\) integers, got \(3,\) of torch.bool"),
        (torch.tensor([1, 5, 2]), r"`lengths` must be between 0 and 4, got \[1, 5, 2\]"),
        (torch.tensor([1, -1, 2]), r"`lengths` must be between 0 and 4, got \[1, -1, 2\]"),
    ],
    ids=["too few", "matrix", "floats", "booleans", "too long", "negative"],
)
@pytest.mark.usefixtures("unchecked_shapes")
def test_invalid_lengths_are_refused(layer: Layer, lengths: torch.Tensor, message: str) -> None:
    with pytest.raises(ShapeError, match=message):
        layer.run(*arguments(layer), lengths=lengths)
