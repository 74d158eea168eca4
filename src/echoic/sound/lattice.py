"""Linear prediction that cannot run away: its weights by way of reflection coefficients.

A predictor that is fed what it has foretold is a filter, and rings ever louder if a pole lies outside the unit circle.
With every reflection coefficient within -1 and 1 none does (Markel and Gray, Linear Prediction of Speech, 1976).
"""

from collections.abc import Sequence

import torch
from torch import Tensor


def weights_of(reflections: Tensor) -> Tensor:
    """Weights of the samples before, the oldest first, `(..., order)`, from reflection coefficients `(..., order)`."""
    latest_first = reflections[..., :1]
    for order in range(1, reflections.shape[-1]):
        new = reflections[..., order : order + 1]
        latest_first = torch.cat([latest_first - new * latest_first.flip(-1), new], -1)
    return latest_first.flip(-1)


def reflections_of(weights: Sequence[float]) -> list[float]:
    """The inverse of `weights_of` for one predictor.

    Raises:
        ValueError: it is not stable.
    """
    latest_first, reflections = list(weights)[::-1], []
    while latest_first:
        last = latest_first.pop()
        if abs(last) >= 1:
            raise ValueError(f"a reflection coefficient of {last} makes an unstable filter")
        reflections.append(last)
        latest_first = [
            (weight + last * mirrored) / (1 - last**2)
            for weight, mirrored in zip(latest_first, latest_first[::-1], strict=True)
        ]
    return reflections[::-1]
