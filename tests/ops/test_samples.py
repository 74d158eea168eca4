"""The fast tier of raw audio on the compiled kernels: the first sample of a frame against the equations in NumPy."""

import math

import numpy as np
import pytest
import torch
from numpy.typing import NDArray

from echoic import ops
from echoic.ops.choice import native

pytestmark = pytest.mark.skipif(native is None, reason="installed without the compiled kernels")

NUM_CODES, FIRST_WIDTH = 16, 0.5
ROWS = 400
AGREE = 0.99
"""Fraction of equal codes; rounding to float32 moves the bounds between codes."""


Floats = NDArray[np.float64]


def sigmoid(x: Floats) -> Floats:
    return 1 / (1 + np.exp(-x))


def random_weights(past: int, hidden: int, components: int) -> ops.SampleWeights:
    draw = torch.Generator().manual_seed(0)
    shapes = [(hidden, past + 2), (hidden, hidden), (hidden,), (3 * components, hidden), (3 * components,)]
    return ops.SampleWeights(*(torch.randn(shape, generator=draw) / math.sqrt(shape[-1]) for shape in shapes))


def first_sample_probs(weights: ops.SampleWeights, positions: Floats, history: Floats) -> Floats:
    """Probabilities `(rows, codes)` where linear prediction gives 0, and all of the frame's power remains."""
    first, second, second_bias, mixture, mixture_bias = (one.double().numpy() for one in weights)
    # The logarithm of the remaining power, relative to the frame's, is 0 as well.
    hidden = np.maximum(np.pad(history, ((0, 0), (0, 2))) @ first.T + positions, 0)
    raw = np.maximum(hidden @ second.T + second_bias, 0) @ mixture.T + mixture_bias
    weight, mean, width = np.split(raw, 3, axis=1)
    weight = np.exp(weight) / np.exp(weight).sum(1, keepdims=True)
    scale = 0.1 / (NUM_CODES - 1) + FIRST_WIDTH * np.log1p(np.exp(width))
    edges = (2 * np.arange(NUM_CODES - 1) + 1) / (NUM_CODES - 1) - 1
    inside = sigmoid((edges[:, None] - FIRST_WIDTH * mean[:, None]) / scale[:, None])
    below = (weight[:, None] * inside).sum(-1)
    return np.diff(below, prepend=0, append=1, axis=1)


@pytest.mark.parametrize("target", [name for name in ops.AVAILABLE if name != "off"])
@pytest.mark.parametrize("temperature", [0.0, 1.0])
@pytest.mark.parametrize(("past", "hidden", "components"), [(1, 5, 1), (4, 16, 3), (3, 33, 2)])
def test_codes_are_drawn_from_the_distribution(
    monkeypatch: pytest.MonkeyPatch, target: str, temperature: float, past: int, hidden: int, components: int
) -> None:
    monkeypatch.setenv("ECHOIC_KERNEL", target)
    weights = random_weights(past, hidden, components)
    draw = torch.Generator().manual_seed(1)
    positions = torch.randn(ROWS, 1, hidden, generator=draw)
    history = 2 * torch.rand(ROWS, past, generator=draw) - 1
    uniforms = torch.rand(1, ROWS, generator=draw, dtype=torch.float64)
    probs = first_sample_probs(weights, positions[:, 0].double().numpy(), history.double().numpy())
    wanted = probs.argmax(1) if temperature == 0 else (probs.cumsum(1) < uniforms[0].numpy()[:, None]).sum(1)

    tier = ops.SampleTier(weights, NUM_CODES, FIRST_WIDTH)
    no_prediction, power = torch.zeros(ROWS, past), torch.ones(ROWS)
    codes = tier.sample(positions, no_prediction, history, power, uniforms, temperature, 0.0)
    assert codes.shape == (ROWS, 1)
    assert len(np.unique(wanted)) > 2
    assert (codes[:, 0].numpy() == wanted).mean() > AGREE
