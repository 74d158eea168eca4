import torch

from echoic.encoders import Identity


def test_identity_returns_its_input() -> None:
    x = torch.randn(2, 3, 4)
    assert Identity(4)(x) is x
    assert Identity(4).output_size == 4
