from typing import Any

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from echoic.cells import CELLS, Stack
from echoic.config import HeadSettings, StackSettings
from echoic.encoders import Identity
from echoic.errors import ShapeError
from echoic.heads import HEADS
from echoic.model import SequenceModel
from echoic.readouts import PerStep
from echoic.tensors import Batch, State

PASS = 1e-5  # float32: the tolerance of chunks and steps
LOSSES = {"point": "mse", "gaussian": "mse", "student_t": "mse", "quantiles": "mse"}


def make(
    cell: str = "gru",
    layers: tuple[int, ...] = (5, 4),
    features: int = 2,
    head: str = "point",
    width: int = 2,
    **settings: Any,
) -> SequenceModel:
    torch.manual_seed(0)
    stack = Stack(CELLS, width, StackSettings(cell=cell, layers=layers, **settings))
    output = HEADS[head].build(stack.output_size, features, 1, HeadSettings(head=head))
    return SequenceModel(Identity(width), stack, PerStep(stack.output_size), output)


def learned_state(model: SequenceModel) -> torch.nn.Parameter:
    assert isinstance(model.stack, Stack)
    assert model.stack.learned_state is not None
    return model.stack.learned_state


def make_batch(rows: int = 3, steps: int = 6, features: int = 2, width: int = 2, seed: int = 0) -> Batch:
    draw = torch.Generator().manual_seed(seed)
    inputs = torch.randn(rows, steps, width, generator=draw)
    targets = torch.randn(rows, steps, features, generator=draw)
    return Batch(inputs, targets, torch.rand(targets.shape, generator=draw) < 0.6)


def test_lstm_of_64_over_20_features_with_20_outputs_has_23060_parameters() -> None:
    model = make("lstm", (64,), features=20, width=20)
    assert sum(weight.numel() for weight in model.stack.parameters()) == 21_760
    assert sum(weight.numel() for weight in model.parameters()) == 23_060


def test_two_lstm_layers_of_16_have_a_state_of_64_numbers() -> None:
    assert make("lstm", (16, 16)).state_size == 64


@settings(deadline=None, max_examples=25)
@given(cell=st.sampled_from(sorted(CELLS)), batch=st.integers(0, 7), learned=st.booleans())
def test_unpack_is_the_exact_inverse_of_pack(cell: str, batch: int, learned: bool) -> None:
    model = make(cell, learn_initial_state=learned)
    matrix = torch.randn(batch, model.state_size)
    assert torch.equal(model.pack(model.unpack(matrix)), matrix)
    state = model.initial_state(batch)
    for layer, again in zip(state, model.unpack(model.pack(state)), strict=True):
        assert all(torch.equal(one, other) for one, other in zip(layer, again, strict=True))


def test_a_state_of_another_width_is_refused() -> None:
    with pytest.raises(ShapeError, match=r"must be \(batch, 9\), got \(2, 8\)"):
        make("gru").unpack(torch.zeros(2, 8))


@pytest.mark.parametrize("learned", [False, True])
@pytest.mark.parametrize("cell", CELLS)
def test_priming_in_chunks_and_stepping_equals_one_pass(cell: str, learned: bool) -> None:
    model = make(cell, learn_initial_state=learned).eval()
    if learned:
        torch.nn.init.normal_(learned_state(model))
    x = torch.randn(3, 20, 2)
    whole, end = model(x)
    state: State | None = None
    outputs = []
    for chunk in torch.split(x[:, :15], [7, 8], 1):
        params, state = model(chunk, state)
        outputs.append(params)
    assert state is not None
    state = model.unpack(model.pack(state))
    for x_t in x[:, 15:].unbind(1):
        params, state = model.step(x_t, state)
        outputs.append(params)
    torch.testing.assert_close(torch.cat(outputs, 1), whole, atol=PASS, rtol=0)
    torch.testing.assert_close(model.pack(state), model.pack(end), atol=PASS, rtol=0)


def test_without_a_state_the_sequence_starts_at_the_initial_state() -> None:
    model, x = make(learn_initial_state=True).eval(), torch.randn(3, 4, 2)
    torch.nn.init.normal_(learned_state(model))
    first, _ = model(x)
    assert torch.equal(model(x)[0], first)
    assert torch.equal(model(x, model.initial_state(3))[0], first)


def test_a_learned_initial_state_learns() -> None:
    model, batch = make(learn_initial_state=True), make_batch()
    model.loss(batch).total.backward()
    grad = learned_state(model).grad
    assert grad is not None
    assert (grad != 0).all()


def test_dropout_acts_in_training_only() -> None:
    model, x = make(dropout=0.5), torch.randn(3, 4, 2)
    assert not torch.equal(model(x)[0], model(x)[0])
    model.eval()
    assert torch.equal(model(x)[0], model(x)[0])


@pytest.mark.parametrize("is_ragged", [True, False])
@pytest.mark.parametrize("burn_in", [0, 3])
@pytest.mark.parametrize("head", HEADS)
def test_the_loss_is_the_sum_over_the_mask(head: str, burn_in: int, is_ragged: bool) -> None:
    model, batch = make(head=head), make_batch()
    mask = batch.mask.clone() if is_ragged else torch.ones_like(batch.mask)
    mask[:, :burn_in] = False
    batch = batch._replace(mask=mask)
    loss = model.loss(batch)
    params, state = model(batch.inputs)
    each = model.head.loss(params, batch.targets)
    wanted = sum(float(each[index].detach()) for index in zip(*torch.where(batch.mask), strict=True))
    assert float(loss.total.detach()) == pytest.approx(wanted, rel=1e-5)
    assert loss.num_values == int(batch.mask.sum())
    assert torch.equal(model.pack(loss.state), model.pack(state))


@pytest.mark.parametrize("masked", [0.0, 7.0, 1e10, 1e30, -3e38, float("inf"), float("nan")])
@pytest.mark.parametrize("head", HEADS)
def test_masked_targets_change_neither_loss_nor_gradients(head: str, masked: float) -> None:
    results = []
    for value in (0.5, masked):
        model, batch = make(head=head), make_batch()
        batch = batch._replace(targets=torch.where(batch.mask, batch.targets, value))
        loss = model.loss(batch)
        loss.total.backward()
        results.append([loss.total.detach(), *(weight.grad for weight in model.parameters())])
    for one, other in zip(*results, strict=True):
        assert torch.equal(one, other)


def test_the_head_computes_valid_steps_only() -> None:
    model, batch, seen = make(), make_batch(), []
    model.head.register_forward_pre_hook(lambda _, inputs: seen.append(inputs[0].shape[0] * inputs[0].shape[1]))
    mask = torch.ones_like(batch.mask)
    mask[:, :3] = False
    model.loss(batch._replace(mask=mask))
    mask[1, 5:] = False
    model.loss(batch._replace(mask=mask))
    assert seen == [int(mask.any(-1).sum()) + mask.shape[1] - 5, int(mask.any(-1).sum())]


def test_the_loss_of_an_empty_mask_is_zero() -> None:
    batch = make_batch()
    loss = make().loss(batch._replace(mask=torch.zeros_like(batch.mask)))
    assert float(loss.total.detach()) == 0
    assert loss.num_values == 0


def test_the_loss_starts_from_a_given_state() -> None:
    model, batch = make(), make_batch(steps=8)
    whole = model.loss(batch)
    first = model.loss(Batch(batch.inputs[:, :5], batch.targets[:, :5], batch.mask[:, :5]))
    second = model.loss(Batch(batch.inputs[:, 5:], batch.targets[:, 5:], batch.mask[:, 5:]), first.state)
    total = float((first.total + second.total).detach())
    assert total == pytest.approx(float(whole.total.detach()), rel=1e-5)
    assert first.num_values + second.num_values == whole.num_values


def test_a_head_may_predict_more_steps_than_there_are_targets() -> None:
    model, batch = make(), make_batch()
    short = batch._replace(targets=batch.targets[:, :4], mask=batch.mask[:, :4])
    zeroed = batch.mask.clone()
    zeroed[:, 4:] = False
    wanted = model.loss(batch._replace(mask=zeroed)).total
    torch.testing.assert_close(model.loss(short).total, wanted)


def fed(share: float, head: str = "point", width: int = 3, **batch: int) -> tuple[SequenceModel, Batch, Batch]:
    model = make(head=head, width=width).eval()
    original = make_batch(width=width, **batch)
    return model, original, model.scheduled_sampling(original, share, None, torch.Generator().manual_seed(0))


def test_scheduled_sampling_with_probability_zero_changes_nothing() -> None:
    _, batch, fed_batch = fed(0.0)
    assert torch.equal(fed_batch.inputs, batch.inputs)


def test_scheduled_sampling_with_probability_one_replaces_all_inputs_but_the_first() -> None:
    model, batch, fed_batch = fed(1.0)
    own = model(batch.inputs)[0][..., 0]
    assert torch.equal(fed_batch.inputs[:, 0], batch.inputs[:, 0])
    torch.testing.assert_close(fed_batch.inputs[:, 1:, :2], own[:, :-1])
    assert torch.equal(fed_batch.inputs[..., 2:], batch.inputs[..., 2:]), "columns that are not predicted stay"


def test_scheduled_sampling_replaces_whole_steps_at_its_rate() -> None:
    _, batch, fed_batch = fed(0.3, rows=60, steps=51)
    changed = fed_batch.inputs[:, 1:, :2] != batch.inputs[:, 1:, :2]
    assert torch.equal(changed[..., 0], changed[..., 1])
    assert float(changed.float().mean()) == pytest.approx(0.3, abs=0.05)
    assert torch.equal(fed_batch.inputs[:, 0], batch.inputs[:, 0])


def test_scheduled_sampling_changes_neither_the_batch_nor_gradients() -> None:
    model, batch, fed_batch = fed(1.0, head="gaussian")
    assert torch.equal(batch.inputs, make_batch(width=3).inputs)
    assert torch.equal(fed_batch.targets, batch.targets)
    assert not fed_batch.inputs.requires_grad
    assert model.training is False
