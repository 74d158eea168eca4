"""Mu-law on tensors."""

import numpy as np
import pytest
import torch

from echoic.codecs import MuLaw
from echoic.sound import compand, expand


def test_expanding_is_the_inverse_of_companding() -> None:
    x = torch.linspace(-1.5, 1.5, 301, dtype=torch.float64)
    assert expand(compand(x, 256), 256) == pytest.approx(x, abs=1e-12)
    assert compand(torch.tensor([-1.0, 0.0, 1.0]), 256).tolist() == pytest.approx([-1, 0, 1])


def test_levels_are_sound_as_the_codec_has_it() -> None:
    codec = MuLaw.fit([np.array([0.5, -2.0], np.float32)], 0.0)
    numbers = torch.arange(256) / 127.5 - 1
    assert 2 * expand(numbers, 256).numpy() == pytest.approx(codec.code_values, abs=1e-6)
