import pytest
import torch
from torch import nn

from echoic.encoders.convnet import ConvNet
from echoic.errors import ShapeError


def test_a_convnet_equals_the_same_layers_of_torch() -> None:
    torch.manual_seed(0)
    convnet = ConvNet(20, 33)
    layers = []
    for number, convolution in enumerate(convnet.convolutions):
        layers += [convolution, nn.ReLU(), *([nn.MaxPool2d(2, 2)] if number < 3 else [])]
    x = torch.randn(3, 33, 20)
    output = convnet(x)
    assert output.shape == (3, 1, 128)
    assert torch.equal(output[:, 0], nn.Sequential(*layers, nn.Flatten(), convnet.dense, nn.ReLU())(x[:, None]))
    assert convnet.output_lengths(torch.tensor([33, 33, 33])).tolist() == [1, 1, 1]


def test_the_number_of_weights_for_501_steps_of_40_bands_is_as_counted_by_hand() -> None:
    count = sum(weights.numel() for weights in ConvNet(40, 501).parameters())
    assert count == (25 + 1) * 32 + 3 * (32 * 25 + 1) * 32 + (32 * 62 * 5 + 1) * 128


def test_clips_of_another_length_and_tiny_ones_are_refused() -> None:
    with pytest.raises(ShapeError, match="requires clips of 16 steps, got 17"):
        ConvNet(8, 16)(torch.zeros(1, 17, 8))
    with pytest.raises(ShapeError, match="at least 8 steps and values, got 7 steps of 40"):
        ConvNet(40, 7)
