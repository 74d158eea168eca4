from typing import Any

import torch

from echoic.nn import GRU

FLOAT32 = 1e-6


def moved(slot: Any) -> torch.Tensor:
    """The change of the output when a bias of one gate moves from the input to the recurrent side."""
    layer, x = GRU(3, 5), torch.randn(4, 2, 3)
    before, _ = layer(x)
    with torch.no_grad():
        layer.bias_ih_l0[slot] += 0.5
        layer.bias_hh_l0[slot] -= 0.5
    return (layer(x)[0] - before).abs().max()


def test_only_the_sum_of_the_reset_and_update_biases_counts() -> None:
    assert moved(slice(10)) < FLOAT32


def test_the_reset_gate_scales_the_recurrent_bias_of_the_new_value() -> None:
    assert moved(slice(10, 15)) > 0.01
