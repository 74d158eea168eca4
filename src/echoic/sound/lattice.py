"""Stable linear prediction, parametrised by reflection coefficients.

A predictor that reads its own output is a recursive filter, which diverges if a pole lies outside the unit circle. All
poles lie inside if all reflection coefficients are between -1 and 1 (Markel and Gray, Linear Prediction of Speech,
1976).
"""

from collections.abc import Sequence

import torch
from torch import Tensor


def weights_from_reflections(reflections: Tensor) -> Tensor:
    """Weights of the last samples, oldest first, `(..., order)`, from reflection coefficients `(..., order)`."""
    newest_first = reflections[..., :1]
    for order in range(1, reflections.shape[-1]):
        new = reflections[..., order : order + 1]
        newest_first = torch.cat([newest_first - new * newest_first.flip(-1), new], -1)
    return newest_first.flip(-1)


def reflections_from_weights(weights: Sequence[float]) -> list[float]:
    """The inverse of `weights_from_reflections` for one predictor.

    Raises:
        ValueError: the predictor is not stable.
    """
    newest_first, reflections = list(weights)[::-1], []
    while newest_first:
        reflection = newest_first.pop()
        if abs(reflection) >= 1:
            raise ValueError(f"a reflection coefficient of {reflection} makes an unstable filter")
        reflections.append(reflection)
        newest_first = [
            (weight + reflection * mirrored) / (1 - reflection**2)
            for weight, mirrored in zip(newest_first, newest_first[::-1], strict=True)
        ]
    return reflections[::-1]
