from typing import Any

import pytest
import torch

from echoic.cells import CELLS, Stack
from echoic.config import HeadSettings, StackSettings
from echoic.encoders import Identity
from echoic.errors import ConfigError
from echoic.heads import HEADS
from echoic.model import SequenceModel
from echoic.readouts import PerStep
from echoic.streams import GenerationStream, NetworkStream

PASS = 1e-5  # float32


def make(cell: str = "gru") -> SequenceModel:
    torch.manual_seed(0)
    stack = Stack(CELLS, 2, StackSettings(cell=cell, layers=(4, 3), dropout=0.5))
    return SequenceModel(Identity(2), stack, PerStep(3), HEADS["point"].build(3, 1, 1, HeadSettings()))


def mean(params: Any, _generator: Any) -> Any:
    return params[..., 0]


def both_columns(values: Any, _step: Any) -> Any:
    return values[:, 0].expand(-1, 2)


@pytest.mark.parametrize("cell", CELLS)
def test_generation_equals_one_pass_over_its_own_inputs(cell: Any) -> None:
    model = make(cell)
    known = torch.randn(3, 6, 2)
    extra = torch.randn(3, 20)

    def next_input(values: Any, step: Any) -> Any:
        return torch.cat([values[:, 0], extra[:, step : step + 1]], 1)

    stream = GenerationStream(model, mean, next_input)
    values, _ = stream.push(8, stream.start(known))
    fed = torch.stack([next_input(values[:, step : step + 1], step) for step in range(7)], 1)
    with torch.no_grad():
        whole, _ = model.eval()(torch.cat([known, fed], 1))
    torch.testing.assert_close(values, whole[:, 5:, :, 0], atol=PASS, rtol=0)


def test_the_last_value_is_not_read_before_the_next_is_asked_for() -> None:
    steps = []

    def next_input(values: Any, step: Any) -> Any:
        steps.append(step)
        return both_columns(values, step)

    stream = GenerationStream(make(), mean, next_input)
    _, state = stream.push(3, stream.start(torch.randn(1, 4, 2)))
    assert steps == [0, 1]
    stream.push(2, state)
    assert steps == [0, 1, 2, 3]


def test_the_state_never_grows_and_no_graph_is_kept() -> None:
    model = make()
    stream = GenerationStream(model, mean, both_columns)
    state = stream.start(torch.randn(3, 5, 2))
    for number in range(1, 50):
        values, state = stream.push(1, state)
        assert not values.requires_grad
        assert state.num_steps == number
        assert state.recurrent.shape == (3, model.state_size)
        assert state.params.shape == (3, 1, 1, 1)
        assert state.params.untyped_storage().nbytes() <= 4 * 3


def test_copies_of_rows_follow_one_another_and_are_sampled_independently() -> None:
    model = make()
    noisy = GenerationStream(model, lambda p, g: p[..., 0] + torch.randn(p.shape[:3], generator=g), both_columns)
    known = torch.randn(2, 5, 2)
    values, _ = noisy.push(1, noisy.start(known, seed=1, copies=3))
    params, _ = NetworkStream(model).prime(known)
    wanted = params[..., 0].repeat(3, 1, 1) + torch.randn(6, 1, 1, generator=torch.Generator().manual_seed(1))
    torch.testing.assert_close(values, wanted, atol=PASS, rtol=0)


def test_generation_never_applies_dropout() -> None:
    model, x = make().train(), torch.randn(1, 5, 2)
    stream = GenerationStream(model, mean, both_columns)
    state = stream.start(x)
    first, _ = stream.push(5, state)
    model.train()
    assert torch.equal(stream.push(5, state)[0], first)
    model.train()
    assert torch.equal(stream.start(x).params, state.params)


def test_no_steps_are_refused() -> None:
    stream = GenerationStream(make(), mean, both_columns)
    for chunk in (0, 2.5, None):
        with pytest.raises(ConfigError, match=f"must be an integer from 1 on, got {chunk}"):
            stream.push(chunk, stream.start(torch.randn(1, 5, 2)))  # type: ignore[arg-type]
