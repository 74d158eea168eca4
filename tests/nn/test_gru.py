import torch

from echoic.nn import GRU

FLOAT32 = 1e-6


def moved(gates: slice) -> float:
    """The change of the output when a bias of one gate moves from the input to the recurrent side."""
    layer, x = GRU(3, 5), torch.randn(4, 2, 3)
    before, _ = layer(x)
    with torch.no_grad():
        layer.get_parameter("bias_ih_l0")[gates] += 0.5
        layer.get_parameter("bias_hh_l0")[gates] -= 0.5
    after, _ = layer(x)
    return float((after - before).detach().abs().max())


def test_only_the_sum_of_the_reset_and_update_biases_counts() -> None:
    assert moved(slice(10)) < FLOAT32


def test_the_reset_gate_scales_the_recurrent_bias_of_the_new_value() -> None:
    assert moved(slice(10, 15)) > 0.01
