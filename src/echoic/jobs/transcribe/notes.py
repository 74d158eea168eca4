"""What dev decided about a transcriber, in sentences."""

from collections.abc import Mapping
from typing import Any


def calibration_notes(calibration: Mapping[str, Any]) -> list[str]:
    """The weight of the n-gram model, and what it changes on dev."""
    if not calibration:
        return []
    weight, errors = calibration["weight"], calibration["dev_errors"]
    if len(errors) == 1:
        return ["There is no dev split: the n-gram model of the training texts has no weight."]
    if not weight:
        return ["The n-gram model of the training texts has no weight: on dev, it does not help clearly."]
    change = f"it takes the rate of wrong units on dev from {errors[0]:.3g} to {min(errors):.3g}"
    return [f"Weight of the n-gram model of the training texts: {weight:g}; {change}."]
