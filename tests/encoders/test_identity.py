import torch

from echoic.encoders import Identity


def test_plain_hands_on_what_it_gets():
    x = torch.randn(2, 3, 4)
    assert Identity(4)(x) is x
    assert Identity(4).output_size == 4
