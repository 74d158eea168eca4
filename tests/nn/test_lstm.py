import pytest
import torch

from echoic.errors import ShapeError
from echoic.nn import LSTM


def test_a_state_that_is_no_pair_is_refused() -> None:
    with pytest.raises(ShapeError, match=r"`hx` must be 2 x \(1, 2, 5\) in torch\.float32, got \(2, 5\)"):
        LSTM(3, 5)(torch.zeros(4, 2, 3), torch.zeros(1, 2, 5))
    with pytest.raises(ShapeError, match=r"`hx` must be 2 x \(2, 5\) in torch\.float32, got \(5,\) .*, \(5,\)"):
        LSTM(3, 5, 2)(torch.zeros(4, 3), torch.zeros(2, 5))


def test_only_the_sum_of_the_two_biases_counts() -> None:
    layer, x = LSTM(3, 5), torch.randn(4, 2, 3)
    before, _ = layer(x)
    with torch.no_grad():
        layer.get_parameter("bias_ih_l0").add_(0.5)
        layer.get_parameter("bias_hh_l0").sub_(0.5)
    torch.testing.assert_close(layer(x)[0], before, atol=1e-6, rtol=0)
