"""Optimizer, learning-rate schedule and exponential moving average of the weights."""

import math
from collections.abc import Iterable
from typing import Any, final

import torch
from torch import Tensor, nn

from echoic.config import TrainSettings


def make_optimizer(parameters: Iterable[nn.Parameter], settings: TrainSettings) -> torch.optim.Optimizer:
    """The optimizer of `settings`, in torch's fused form."""
    groups = list(parameters)
    common: dict[str, Any] = {"lr": settings.lr, "weight_decay": settings.weight_decay, "fused": True}
    if settings.optimizer == "sgd":
        return torch.optim.SGD(groups, momentum=0.9, **common)
    kind = torch.optim.Adam if settings.optimizer == "adam" else torch.optim.AdamW
    return kind(groups, **common)


def learning_rate(settings: TrainSettings, progress: float) -> float:
    """The learning rate at `progress` (0 to 1) of the run: linear warm-up, then constant or cosine decay."""
    if progress < settings.warmup_fraction:
        return settings.lr * max(progress / settings.warmup_fraction, 1e-2)
    if settings.lr_schedule == "constant":
        return settings.lr
    fall = (progress - settings.warmup_fraction) / (1 - settings.warmup_fraction)
    return settings.lr * 0.5 * (1 + math.cos(math.pi * min(fall, 1.0)))


def optimizer_tensors(optimizer: torch.optim.Optimizer) -> dict[str, Tensor]:
    """The optimizer's state under flat names, for a checkpoint."""
    state = optimizer.state_dict()["state"]
    return {f"{number}.{key}": tensor for number, entry in state.items() for key, tensor in entry.items()}


def load_optimizer_tensors(optimizer: torch.optim.Optimizer, tensors: dict[str, Tensor]) -> None:
    """Restores the state that `optimizer_tensors` returned."""
    state: dict[int, dict[str, Tensor]] = {}
    for name, tensor in tensors.items():
        number, key = name.split(".", 1)
        state.setdefault(int(number), {})[key] = tensor
    optimizer.load_state_dict({"state": state, "param_groups": optimizer.state_dict()["param_groups"]})


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
