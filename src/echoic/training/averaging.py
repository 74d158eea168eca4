"""Averaging the weights over the steps of a training."""

from typing import final

import torch
from torch import nn


@final
class EMA:
    """An exponential moving average of the weights (Polyak and Juditsky 1992): smoother on dev than the last step.

    The decay rises to `decay` over the first steps, so that the start values are soon forgotten.
    """

    def __init__(self, model: nn.Module, decay: float) -> None:
        self.decay = decay
        self.steps = 0
        self.parameters = list(model.parameters())
        self.weights = {name: weight.detach().clone() for name, weight in model.named_parameters()}

    def update(self) -> None:
        """Updates the average after a step."""
        self.steps += 1
        decay = min(self.decay, self.steps / (self.steps + 4))
        torch._foreach_lerp_(list(self.weights.values()), [weight.detach() for weight in self.parameters], 1 - decay)
