from typing import Any

import numpy as np
import pytest
import torch

from echoic import ops
from echoic.cells import CELLS, Bidirectional, IdentityStack, Stack
from echoic.config import HeadSettings, StackSettings
from echoic.encoders import Embedding, Encoder, Identity, Segments
from echoic.errors import ConfigError, ShapeError
from echoic.heads import HEADS
from echoic.model import SequenceModel
from echoic.readouts import ConcatInput, Last, PerStep, Readout
from echoic.streams import NetworkStream
from echoic.streams.network import PRIME_STEPS

PASS = 1e-5  # float32
SETTINGS = StackSettings(cell="gru", layers=(4, 3), dropout=0.5)


def head(width: Any) -> Any:
    return HEADS["point"].build(width, 1, 1, HeadSettings())


def make() -> Any:
    torch.manual_seed(0)
    return SequenceModel(Identity(2), Stack(CELLS, 2, SETTINGS), PerStep(3), head(3))


@pytest.mark.parametrize("steps", [1, PRIME_STEPS, PRIME_STEPS + 1, 2 * PRIME_STEPS + 7])
def test_priming_in_chunks_equals_one_pass(steps: Any) -> None:
    model = make()
    x = torch.randn(1, steps, 2)
    params, state = NetworkStream(model).prime(x)
    with torch.no_grad():
        whole, end = model(x)
    assert params.shape == (1, 1, 1, 1)
    assert params.untyped_storage().nbytes() == 4  # not a view of all steps
    torch.testing.assert_close(params, whole[:, -1:], atol=PASS, rtol=0)
    torch.testing.assert_close(state, model.pack(end), atol=PASS, rtol=0)


def test_priming_continues_from_a_state() -> None:
    model = make()
    stream, x = NetworkStream(model), torch.randn(2, 9, 2)
    _, state = stream.prime(x[:, :4])
    later, end = stream.prime(x[:, 4:], state)
    params, wanted = stream.prime(x)
    torch.testing.assert_close(later, params, atol=PASS, rtol=0)
    torch.testing.assert_close(end, wanted, atol=PASS, rtol=0)


@pytest.mark.parametrize("target", ops.AVAILABLE)
@pytest.mark.parametrize("cell", CELLS)
def test_single_steps_equal_the_model_on_every_target(cell: Any, target: Any, monkeypatch: Any) -> None:
    monkeypatch.setenv("ECHOIC_KERNEL", target)
    torch.manual_seed(0)
    stack = Stack(CELLS, 5, StackSettings(cell=cell, layers=(4, 3)))
    model = SequenceModel(Embedding(7, 5), stack, ConcatInput(3, 5), head(8))
    stream, x = NetworkStream(model), torch.randint(7, (3, 12, 1)).float()
    state, stepped = stream.start(3), []
    for step in range(12):
        params, state = stream.push(x[:, step : step + 1], state)
        assert not params.requires_grad
        stepped.append(params)
    with torch.no_grad():
        whole, end = model(x)
    torch.testing.assert_close(torch.cat(stepped, 1), whole, atol=PASS, rtol=0)
    torch.testing.assert_close(state, model.pack(end), atol=PASS, rtol=0)


@pytest.mark.parametrize(
    ("chunk", "rows", "message"),
    [
        (torch.zeros(4), 1, r"`chunk` must be a tensor of shape \(rows, steps, width\), got \(4,\)"),
        (np.zeros((1, 4, 2), np.float32), 1, "got ndarray"),
        (None, 1, "got NoneType"),
        (torch.zeros(3, 1, 2), 1, r"`state` must be a tensor of shape \(3, 7\), got \(1, 7\)"),
        (torch.zeros(3, 4, 2), 2, r"`state` must be a tensor of shape \(3, 7\), got \(2, 7\)"),
    ],
)
def test_chunks_of_another_shape_are_refused(chunk: Any, rows: int, message: str) -> None:
    stream = NetworkStream(make())
    with pytest.raises(ShapeError, match=message):
        stream.push(chunk, stream.start(rows))


def test_states_of_another_network_and_primes_without_a_step_are_refused() -> None:
    stream = NetworkStream(make())
    for state in (torch.zeros(1, 9), None):
        with pytest.raises(ShapeError, match=r"`state` must be a tensor of shape \(1, 7\), got"):
            stream.push(torch.zeros(1, 1, 2), state)  # type: ignore[arg-type]
    with pytest.raises(ShapeError, match="`inputs` must have at least one step"):
        stream.prime(torch.zeros(1, 0, 2))


def test_a_stream_never_applies_dropout() -> None:
    model, x = make().train(), torch.randn(1, 5, 2)
    stream = NetworkStream(model)
    first = stream.push(x, stream.start())[0]
    for chunk in (x, x[:, :1]):
        model.train()
        assert torch.equal(stream.push(chunk, stream.start())[0][:, 0], first[:, 0]) or chunk.shape[1] == 1
        assert not model.training


def test_networks_that_require_whole_sequences_are_refused() -> None:
    stack = Stack(CELLS, 4, SETTINGS)
    both = Bidirectional(CELLS, 4, SETTINGS)
    with pytest.raises(ConfigError, match="train without --bidirectional"):
        NetworkStream(SequenceModel(Identity(4), both, PerStep(both.output_size), head(both.output_size)))
    parts: list[tuple[Encoder, Stack | IdentityStack, Readout]] = [
        (Segments(1, 2, 4), stack, PerStep(3)),
        (Identity(4), stack, Last(3)),
        (Identity(4), IdentityStack(4, 0.0), PerStep(4)),
    ]
    for encoder, layers, readout in parts:
        name = ", ".join(type(part).__name__ for part in (encoder, layers, readout))
        with pytest.raises(ConfigError, match=f"one output per step, got {name}; .* train with --strategy recursive"):
            NetworkStream(SequenceModel(encoder, layers, readout, head(readout.output_size)))
