import copy
import itertools
from typing import Any

import pytest
import torch
from torch.nn.utils.parametrizations import weight_norm
from torch.nn.utils.rnn import pack_sequence

from echoic import ops
from echoic.errors import ConfigError, ShapeError

FLOAT32 = 1e-6
BFLOAT16 = 1e-2
SETTINGS = [
    {"num_layers": layers, "bias": bias, "bidirectional": both}
    for layers, bias, both in itertools.product([1, 2], [True, False], [True, False])
]


def assert_same_tensors(got: Any, wanted: Any) -> None:
    assert list(got) == list(wanted)
    for name, tensor in got.items():
        assert torch.equal(tensor, wanted[name]), name


@pytest.mark.parametrize("settings", SETTINGS, ids=str)
def test_the_same_seed_draws_the_weights_of_torch(kind: Any, settings: dict[str, int | bool]) -> None:
    torch.manual_seed(7)
    ours = kind.ours(3, 5, **settings)
    torch.manual_seed(7)
    theirs = kind.theirs(3, 5, **settings)
    assert_same_tensors(ours.state_dict(), theirs.state_dict())
    assert [name for name, _ in ours.named_parameters()] == [name for name, _ in theirs.named_parameters()]
    torch.manual_seed(8)
    ours.reset_parameters()
    torch.manual_seed(8)
    theirs.reset_parameters()
    assert_same_tensors(ours.state_dict(), theirs.state_dict())


@pytest.mark.parametrize("settings", SETTINGS, ids=str)
def test_state_dicts_load_both_ways(kind: Any, settings: dict[str, int | bool]) -> None:
    ours, theirs = kind.ours(3, 5, **settings), kind.theirs(3, 5, **settings)
    ours.load_state_dict(theirs.state_dict())
    assert_same_tensors(ours.state_dict(), theirs.state_dict())
    fresh = kind.theirs(3, 5, **settings)
    fresh.load_state_dict(kind.ours(3, 5, **settings).state_dict())
    assert not torch.equal(fresh.weight_ih_l0, theirs.weight_ih_l0)


@pytest.mark.parametrize("settings", SETTINGS, ids=str)
def test_all_weights_and_repr_equal_torchs(kind: Any, settings: dict[str, int | bool]) -> None:
    ours, theirs = kind.ours(3, 5, **settings), kind.theirs(3, 5, **settings)
    ours.load_state_dict(theirs.state_dict())
    for got, wanted in zip(ours.all_weights, theirs.all_weights, strict=True):
        assert [torch.equal(*pair) for pair in zip(got, wanted, strict=True)] == [True] * len(wanted)
    assert repr(ours) == repr(theirs)
    assert ours.proj_size == theirs.proj_size


def test_the_listing_names_batch_first_and_dropout(kind: Any) -> None:
    settings = {"num_layers": 2, "batch_first": True, "dropout": 0.25}
    assert repr(kind.ours(3, 5, **settings)) == repr(kind.theirs(3, 5, **settings))


def test_device_and_dtype_are_set(kind: Any) -> None:
    assert {one.dtype for one in kind.ours(3, 5, dtype=torch.float64).parameters()} == {torch.float64}
    assert {one.device.type for one in kind.ours(3, 5, device="meta").parameters()} == {"meta"}


def test_float64_by_double_and_back_by_float(kind: Any) -> None:
    layer, x = kind.ours(3, 5), torch.randn(4, 2, 3)
    single, _ = layer(x)
    exact, _ = layer.double()(x.double())
    assert exact.dtype == torch.float64
    torch.testing.assert_close(exact.float(), single, atol=FLOAT32, rtol=0)
    assert torch.equal(layer.float()(x)[0], single)


@pytest.mark.parametrize("mode", [torch.no_grad, torch.inference_mode])
def test_results_are_the_same_without_gradients(kind: Any, mode: type[Any]) -> None:
    layer, x, hx = kind.ours(3, 5, 2, bidirectional=True), torch.randn(4, 2, 3), kind.state(4, 2, 5)
    wanted, _ = layer(x, hx)
    with mode():
        output, _ = layer(x, hx)
    assert wanted.requires_grad
    assert not output.requires_grad
    assert torch.equal(output, wanted)


def test_a_deep_copy_computes_the_same_and_fractions_nothing(kind: Any) -> None:
    layer, x = kind.ours(3, 5, 2), torch.randn(4, 2, 3)
    twin = copy.deepcopy(layer)
    before, _ = layer(x)
    assert torch.equal(twin(x)[0], before)
    with torch.no_grad():
        for weights in twin.parameters():
            weights.zero_()
    assert torch.equal(layer(x)[0], before)
    assert not torch.equal(twin(x)[0], before)


def test_a_call_changes_neither_inputs_nor_state_nor_the_layer(kind: Any) -> None:
    layer, x, hx = kind.ours(3, 5, 2), torch.randn(4, 2, 3), kind.state(2, 2, 5)
    values, weights = copy.deepcopy((x, hx)), copy.deepcopy(layer.state_dict())
    first, _ = layer(x, hx)
    assert torch.equal(layer(x, hx)[0], first)
    for now, before in zip((x, *hx), (values[0], *values[1]), strict=True):
        assert torch.equal(now, before)
    assert_same_tensors(layer.state_dict(), weights)


def test_replaced_weights_are_used(kind: Any) -> None:
    layer, other, x = kind.ours(3, 5), kind.ours(3, 5), torch.randn(4, 2, 3)
    wanted, _ = other(x)
    got, _ = torch.func.functional_call(layer, dict(other.named_parameters()), (x,))
    assert torch.equal(got, wanted)
    layer.weight_hh_l0 = torch.nn.Parameter(torch.zeros_like(layer.weight_hh_l0))
    assert not layer.all_weights[0][1].any()


def test_a_parametrised_weight_is_computed_and_trained(kind: Any) -> None:
    layer, x = kind.ours(3, 5), torch.randn(4, 2, 3)
    before, _ = layer(x)
    weight_norm(layer, "weight_hh_l0")
    after, _ = layer(x)
    torch.testing.assert_close(after, before, atol=FLOAT32, rtol=0)
    after.sum().backward()
    assert layer.parametrizations.weight_hh_l0.original0.grad.any()


def test_flatten_parameters_changes_nothing(kind: Any) -> None:
    layer = kind.ours(3, 5, 2)
    before = copy.deepcopy(layer.state_dict())
    layer.flatten_parameters()
    assert_same_tensors(layer.state_dict(), before)


def test_autocast_accepts_inputs_and_states_of_lower_precision(kind: Any) -> None:
    layer, x, hx = kind.ours(3, 5, 2), torch.randn(4, 2, 3).bfloat16(), kind.state(2, 2, 5, dtype=torch.bfloat16)
    wanted, _ = layer(x.float(), tuple(v.float() for v in hx) if kind.num_states == 2 else hx.float())
    with torch.autocast("cpu", torch.bfloat16):
        for value in (x, x.float()):
            got, _ = layer(value, hx)
            torch.testing.assert_close(got.float(), wanted, atol=BFLOAT16, rtol=0)


def test_bf16_is_the_same_as_autocast_and_gives_float32(kind: Any) -> None:
    plain = kind.ours(3, 70, 2, bidirectional=True)
    rounded = kind.ours(3, 70, 2, bidirectional=True, precision="bf16")
    rounded.load_state_dict(plain.state_dict())
    x = torch.randn(6, 4, 3)
    with torch.autocast("cpu", torch.bfloat16):
        wanted, _ = plain(x)
    got, _ = rounded(x)
    assert got.dtype == torch.float32
    torch.testing.assert_close(got, wanted, atol=0, rtol=0)
    assert 0 < (got - plain(x)[0]).abs().max() < BFLOAT16
    packed = torch.nn.utils.rnn.pack_sequence([torch.randn(6, 3), torch.randn(4, 3)])
    assert rounded(packed)[0].data.dtype == torch.float32
    assert "precision=bf16" in repr(rounded)
    exact = kind.ours(3, 70, 2, bidirectional=True, precision="float32")
    exact.load_state_dict(plain.state_dict())
    with torch.autocast("cpu", torch.bfloat16):
        unrounded, _ = exact(x)
    assert torch.equal(unrounded, plain(x)[0])
    assert rounded(torch.zeros(6, 0, 3))[0].shape == (6, 0, 140)
    wrong: Any
    for wrong in ("fp8", []):
        with pytest.raises(ConfigError, match="`precision` must be 'float32', 'bf16' or None, got"):
            kind.ours(3, 5, precision=wrong)


def test_layers_and_heads_work_on_the_meta_device(kind: Any) -> None:
    layer = kind.ours(3, 70, device="meta", precision="bf16")
    assert layer(torch.empty(5, 2, 3, device="meta"))[0].shape == (5, 2, 70)
    product = ops.in_float32(torch.nn.Linear(70, 4, device="meta"), torch.empty(2, 70, device="meta"))
    assert product.shape == (2, 4)


def test_dropout_zeroes_a_fraction_of_the_upper_layers_inputs_and_scales_the_rest(kind: Any) -> None:
    fraction, rows = 0.3, 20_000
    layer = kind.ours(1, 1, 2, batch_first=True, dropout=fraction)
    lower, upper = kind.ours(1, 1), kind.ours(1, 1)
    lower.load_state_dict({name: value for name, value in layer.state_dict().items() if name.endswith("0")})
    upper.load_state_dict({f"{name[:-1]}0": value for name, value in layer.state_dict().items() if name.endswith("1")})
    with torch.no_grad():
        output, _ = layer(torch.ones(rows, 1, 1))
        hidden, _ = lower(torch.ones(1, 1))
        dropped, kept, whole = (upper(value)[0] for value in (0 * hidden, hidden / (1 - fraction), hidden))
        zeroed = (output - dropped).abs() < FLOAT32
        torch.testing.assert_close(output[~zeroed], kept.expand(rows, 1)[~zeroed[:, 0, 0]][:, 0], atol=FLOAT32, rtol=0)
        four_deviations = 4 * (fraction * (1 - fraction) / rows) ** 0.5
        assert zeroed.float().mean().item() == pytest.approx(fraction, abs=four_deviations)
        output, _ = layer.eval()(torch.ones(rows, 1, 1))
        torch.testing.assert_close(output, whole.expand(rows, 1, 1), atol=FLOAT32, rtol=0)


def test_dropout_draws_once_between_two_layers_and_never_after_the_last(kind: Any) -> None:
    layer, x = kind.ours(3, 5, 3, dropout=1.0, bidirectional=True), torch.randn(4, 2, 3)
    output, _ = layer(x)
    assert output.all()
    assert torch.equal(layer(torch.randn(4, 2, 3))[0], output)  # all inputs are dropped
    torch.manual_seed(1)
    first, _ = kind.ours(3, 5, 3, dropout=0.5)(x)
    torch.manual_seed(1)
    assert torch.equal(kind.ours(3, 5, 3, dropout=0.5)(x)[0], first)


def test_dropout_with_one_layer_warns(kind: Any) -> None:
    with pytest.warns(UserWarning, match=r"`dropout=0\.5` has no effect with a single layer"):
        kind.ours(3, 5, dropout=0.5)


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"proj_size": 2}, r"`proj_size` must be 0, got 2; for projections use `torch\.nn\.LSTM`"),
        ({"input_size": 0}, "`input_size` must be an integer of at least 1, got 0"),
        ({"hidden_size": -3}, "`hidden_size` must be an integer of at least 1, got -3"),
        ({"hidden_size": 2.5}, r"`hidden_size` must be an integer of at least 1, got 2\.5"),
        ({"num_layers": 0}, "`num_layers` must be an integer of at least 1, got 0"),
        ({"num_layers": 2, "dropout": 1.5}, r"`dropout` must be between 0 and 1, got 1\.5"),
    ],
)
def test_invalid_arguments_are_refused(kind: Any, settings: dict[str, bool | float], message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        kind.ours(**{"input_size": 3, "hidden_size": 5} | settings)


@pytest.mark.parametrize(
    ("x", "message"),
    [
        (torch.zeros(3), r"`input` must have 3 dimensions, or 2 without a batch, got \(3,\)"),
        (torch.zeros(1, 4, 2, 3), r"`input` must have 3 dimensions, or 2 without a batch, got \(1, 4, 2, 3\)"),
        (torch.zeros(4, 2, 7), r"`input` must have at least one step, of size 3 .*, got 4 of size 7"),
        (torch.zeros(4, 7), r"`input` must have at least one step, of size 3 .*, got 4 of size 7"),
        (torch.zeros(0, 2, 3), r"`input` must have at least one step, of size 3 .*, got 0 of size 3"),
        (torch.zeros(4, 2, 3).double(), r"in torch\.float32 like the weights, got .* in torch\.float64"),
        (pack_sequence([torch.zeros(4, 7)]), r"`input` must have at least one step, of size 3 .*, got 4 of size 7"),
        (pack_sequence([torch.zeros(4)]), r"The data of a packed `input` must have 2 dimensions, got \(4,\)"),
    ],
)
def test_inputs_of_other_shapes_and_types_are_refused(kind: Any, x: Any, message: str) -> None:
    with pytest.raises(ShapeError, match=message):
        kind.ours(3, 5)(x)


@pytest.mark.parametrize(
    ("x", "shape", "message"),
    [
        (torch.zeros(4, 2, 3), (2, 3, 5), r"x \(2, 2, 5\) in torch\.float32, got \(2, 3, 5\) in torch\.float32"),
        (torch.zeros(4, 2, 3), (1, 2, 5), r"x \(2, 2, 5\) in torch\.float32, got \(1, 2, 5\)"),
        (torch.zeros(4, 2, 3), (2, 2, 6), r"x \(2, 2, 5\) in torch\.float32, got \(2, 2, 6\)"),
        (torch.zeros(4, 2, 3), (2, 5), r"x \(2, 2, 5\) in torch\.float32, got \(2, 5\)"),
        (torch.zeros(4, 3), (2, 1, 5), r"x \(2, 5\) in torch\.float32, got \(2, 1, 5\)"),
        (pack_sequence([torch.zeros(4, 3)]), (2, 2, 5), r"x \(2, 1, 5\) in torch\.float32, got \(2, 2, 5\)"),
        (pack_sequence([torch.zeros(1, 3), torch.zeros(2, 3)], enforce_sorted=False), (2, 5), r"x \(2, 2, 5\) in"),
    ],
)
def test_states_of_other_shapes_are_refused(kind: Any, x: Any, shape: tuple[int, ...], message: str) -> None:
    with pytest.raises(ShapeError, match=rf"`hx` must be {kind.num_states} {message}"):
        kind.ours(3, 5, 2)(x, kind.state(*shape))


def test_a_state_of_another_type_is_refused(kind: Any) -> None:
    with pytest.raises(ShapeError, match=r"\(1, 2, 5\) in torch\.float32, got \(1, 2, 5\) in torch\.float64"):
        kind.ours(3, 5)(torch.zeros(4, 2, 3), kind.state(1, 2, 5, dtype=torch.float64))
