"""Patterns of a few steps and neighbouring bands, before anything is remembered."""

from collections.abc import Sequence
from typing import final

import torch
from torch import Tensor, nn
from torch.nn import functional

from echoic.encoders.base import Encoder


@final
class Convolution(Encoder):
    """Convolutions over steps and bands, each halving the bands; `stride` input vectors make one step.

    A step sees the vectors up to its own last one and `right_context` more, and as many before as the kernels reach.
    With `right_context` 0 it is causal; beyond the ends there are zeros. Each layer has `channels` outputs, kernels of
    `kernel` (an odd number) steps by as many bands, normalisation and rectification (as in convolutional recurrent
    networks for sound: Cakir 2017). Values are normalised step by step, over channels and bands: a step never sees
    others, nor other rows. The lowest layer's stride is `stride`.
    """

    def __init__(
        self, features: int, channels: Sequence[int], kernel: int, stride: int = 1, right_context: int = 0
    ) -> None:
        super().__init__()
        self.stride = stride
        self.right_context = right_context
        sizes = [1, *channels]
        lengths = _lengths(channels, kernel, stride)
        self.convolutions = nn.ModuleList(
            nn.Conv2d(
                in_channels,
                out_channels,
                (steps, kernel),
                stride=(stride if number == 0 else 1, 1),
                padding=(0, kernel // 2),
            )
            for number, (in_channels, out_channels, steps) in enumerate(zip(sizes, channels, lengths, strict=False))
        )
        self.left_context = self.context_size(channels, kernel, stride) - right_context
        bands = [features]
        for _ in channels:
            bands.append(max(1, bands[-1] // 2))
        self.norms = nn.ModuleList(nn.LayerNorm(list(shape)) for shape in zip(channels, bands, strict=False))
        self.output_size = channels[-1] * bands[-1]

    @staticmethod
    def context_size(channels: Sequence[int], kernel: int, stride: int = 1) -> int:
        """How many vectors a step sees beside its own `stride`."""
        first, *others = _lengths(channels, kernel, stride)
        return first - stride + stride * sum(length - 1 for length in others)

    def forward(self, x: Tensor) -> Tensor:
        missing = -x.shape[1] % self.stride
        # A length that is no multiple of the span is made up for in front.
        return self.valid(functional.pad(x, (0, 0, self.left_context + missing, self.right_context)))

    def valid(self, x: Tensor) -> Tensor:
        """The steps that `x` `(batch, vectors, features)` has all of: `left_context` vectors more are there already."""
        x = x[:, None]
        for convolution, norm in zip(self.convolutions, self.norms, strict=True):
            x = torch.relu(norm(convolution(x).transpose(1, 2)).transpose(1, 2))
            if x.shape[-1] > 1:
                x = functional.max_pool2d(x, (1, 2))
        return x.transpose(1, 2).flatten(2)

    def output_lengths(self, steps: Tensor) -> Tensor:
        return (steps + self.stride - 1) // self.stride


def _lengths(channels: Sequence[int], kernel: int, stride: int) -> list[int]:
    """Of the kernels in steps: the first is as long as its stride at least, so that no vector is left out."""
    return [max(kernel, stride), *[kernel] * (len(channels) - 1)]
