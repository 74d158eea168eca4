import pytest
import torch

from echoic.cells import IdentityStack
from echoic.errors import ShapeError


def test_the_input_is_returned_and_there_is_no_state() -> None:
    layers, x = IdentityStack(3, 0.5).eval(), torch.randn(2, 4, 3)
    given, state = layers(x, layers.initial_state(2))
    assert torch.equal(given, x)
    assert layers.unpack(layers.pack(state)) == state == ()
    assert (layers.input_size, layers.output_size, layers.state_size, layers.live_layers()) == (3, 3, 0, None)
    assert layers.layers == []
    with pytest.raises(ShapeError, match="have no state"):
        layers.unpack(torch.zeros(1, 2))


def test_dropout_acts_in_training_only() -> None:
    dropped = IdentityStack(100, 0.5).train()(torch.ones(1, 10, 100), ())[0]
    assert 0.4 < float((dropped == 0).float().mean()) < 0.6
