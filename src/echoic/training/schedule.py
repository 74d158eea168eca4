"""The learning rate over a training."""

import math

from echoic.config import TrainSettings


def learning_rate(settings: TrainSettings, progress: float) -> float:
    """The learning rate at `progress` (0 to 1) of the run: linear warm-up, then constant or cosine decay."""
    if progress < settings.warmup_fraction:
        return settings.lr * max(progress / settings.warmup_fraction, 1e-2)
    if settings.lr_schedule == "constant":
        return settings.lr
    fall = (progress - settings.warmup_fraction) / (1 - settings.warmup_fraction)
    return settings.lr * 0.5 * (1 + math.cos(math.pi * min(fall, 1.0)))
