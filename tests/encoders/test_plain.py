import torch

from echoic.encoders import Plain


def test_plain_hands_on_what_it_gets():
    x = torch.randn(2, 3, 4)
    assert Plain(4)(x) is x
    assert Plain(4).output_size == 4
