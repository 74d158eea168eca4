"""Convolutions over steps only."""

from typing import Any

import torch
from torch.nn import functional
from torch.nn.utils import prune

from echoic.encoders import Convolution


def test_values_of_a_step_are_input_channels_without_bands() -> None:
    torch.manual_seed(0)
    encoder = Convolution(4, (6,), 3, across_bands=False)
    x = torch.randn(2, 9, 4)
    weights = encoder.state_dict()
    weight, bias, gain, shift = (
        weights[name] for name in ("convolutions.0.weight", "convolutions.0.bias", "norms.0.weight", "norms.0.bias")
    )
    same = functional.conv1d(functional.pad(x.transpose(1, 2), (2, 0)), weight[..., 0], bias)
    expected = torch.relu(functional.layer_norm(same.transpose(1, 2), (6,), gain[:, 0], shift[:, 0]))
    torch.testing.assert_close(encoder(x), expected)


def test_the_order_of_values_does_not_matter_without_bands() -> None:
    torch.manual_seed(0)
    encoder, order = Convolution(5, (4, 4), 3, across_bands=False), torch.tensor([3, 1, 4, 0, 2])
    x = torch.randn(2, 9, 5)
    before = encoder(x)
    weights = encoder.state_dict()
    encoder.load_state_dict(weights | {"convolutions.0.weight": weights["convolutions.0.weight"][:, order]})
    torch.testing.assert_close(encoder(x[..., order]), before)


def test_what_hooks_into_a_convolution_is_called() -> None:
    torch.manual_seed(0)
    encoder, x = Convolution(6, (4, 4), 3), torch.randn(2, 9, 6)
    prune.l1_unstructured(encoder.convolutions[1], "weight", 0.5)
    for _ in range(2):
        encoder(x).sum().backward()
    pruned: Any = encoder.convolutions[1]
    assert int((pruned.weight == 0).sum()) == 72
