"""Defaults of detection in recordings of sensors, which have fewer and slower steps than sound."""

from collections.abc import Sequence
from typing import Any

from echoic.config import DetectSettings
from echoic.sources.step_rate import UNKNOWN_RATE_HZ
from echoic.types import Series

_MIN_EXCERPT_STEPS, _MAX_EXCERPT_STEPS = 32, 256
_EXCERPTS, _BATCHES = 64, 8
"""Excerpts that the training recordings make, and batches of an epoch, as far as the limits allow."""


def are_sensors(series: Sequence[Series]) -> bool:
    """Whether recordings are steps of values, not sound."""
    return series[0].annotations.rate_hz is None


def with_sensor_defaults(settings: DetectSettings, training: Sequence[Series]) -> DetectSettings:
    """The settings with those that were not given chosen for the `training` recordings.

    Convolutions go over steps, since neighbouring columns are no neighbouring bands.
    """
    rate_hz = training[0].annotations.steps_per_s or 1.0
    steps = sum(one.steps for one in training)
    excerpt_steps = max(_MIN_EXCERPT_STEPS, min(_MAX_EXCERPT_STEPS, steps // _EXCERPTS))
    batch_size = max(2, min(settings.train.batch_size, steps // excerpt_steps // _BATCHES))
    chosen: dict[str, Any] = {"step_rate_hz": rate_hz, "excerpt_s": excerpt_steps / rate_hz, "batch_size": batch_size}
    if settings.encoder.conv_channels:
        chosen["conv_dims"] = 1
    if rate_hz == UNKNOWN_RATE_HZ:
        del chosen["step_rate_hz"]  # times count steps, and are called so
    given = settings.given() - type(settings).build().given()
    return settings.replaced(**{name: value for name, value in chosen.items() if name not in given})


def with_named_features(settings: DetectSettings, features: tuple[str, ...]) -> DetectSettings:
    """The settings with the columns of a table by name: new tables may have others, or the same in another order.

    Arrays have no names, only numbers, and new ones are read by position.
    """
    is_numbered = features == tuple(f"feature_{column}" for column in range(1, len(features) + 1))
    return settings if is_numbered else settings.replaced(features=features)
