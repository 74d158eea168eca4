"""Clips are normalized by themselves where that loses nothing."""

import numpy as np
import pytest
import torch
from torch import Tensor

from echoic.labelled.clip_norm import ClipNorm

LABELS = ["a", "b"] * 20


def waves(
    *, level_by_label: float = 0.0, level: float = 0.0, scale_by_label: float = 0.0, scale: float = 0.0
) -> list[Tensor]:
    """Noise whose level and log scale depend on the label, on chance, or on both."""
    rng = np.random.default_rng(0)
    clips = []
    for label in LABELS:
        sign = 1.0 if label == "a" else -1.0
        size = np.exp(scale_by_label * sign + scale * rng.normal())
        shift = level_by_label * sign + level * rng.normal()
        clips.append(torch.from_numpy(size * rng.normal(size=(200, 1)) + shift).float())
    return clips


@pytest.mark.parametrize(
    ("varying", "expected"),
    [
        ({}, ClipNorm()),
        ({"level": 3.0}, ClipNorm(center=True)),
        ({"scale": 1.0}, ClipNorm(scale=True)),
        ({"level": 3.0, "scale": 1.0}, ClipNorm(center=True, scale=True)),
        ({"level_by_label": 3.0}, ClipNorm()),
        ({"scale_by_label": 1.0, "level": 3.0}, ClipNorm(center=True)),
    ],
)
def test_level_and_scale_are_removed_where_they_say_nothing(varying: dict[str, float], expected: ClipNorm) -> None:
    assert ClipNorm.fit(waves(**varying), LABELS) == expected


def test_normalized_clips() -> None:
    clip = torch.tensor([[1.0, 5.0], [3.0, torch.nan], [5.0, 5.0]])
    both = ClipNorm(center=True, scale=True).apply(clip)
    torch.testing.assert_close(both[:, 0], torch.tensor([-1.0, 0.0, 1.0]) * 1.5**0.5, atol=1e-6, rtol=0)
    torch.testing.assert_close(both[:, 1], torch.tensor([0.0, torch.nan, 0.0]), equal_nan=True)
    torch.testing.assert_close(ClipNorm(center=True).apply(clip)[:, 0], torch.tensor([-2.0, 0.0, 2.0]))
    scaled = ClipNorm(scale=True).apply(clip)
    torch.testing.assert_close(scaled[:, 0].mean(), torch.tensor(3.0))
    torch.testing.assert_close(scaled[:, 0].std(correction=0), torch.tensor(1.0))
    assert ClipNorm().apply(clip) is clip
    assert ClipNorm.from_json(ClipNorm(scale=True).to_json()) == ClipNorm(scale=True)
