"""What dev decided about a classifier, in sentences."""

from collections.abc import Mapping
from typing import Any

_FEW_DEV_CLIPS = 30
"""With fewer, one clip more or less changes the accuracy on dev by more than most choices do."""

_LEAST_SHOWN = 0.005
"""Smaller weights would be shown as 0.00."""


def calibration_notes(calibration: Mapping[str, Any]) -> list[str]:
    """How surely dev decided, the weight of the network, and whether it beats the simplest baseline."""
    dev, notes = calibration["dev"], []
    clips = f"{dev['clips']} clip" + ("" if dev["clips"] == 1 else "s")
    if not dev["clips"]:
        notes.append("There is no dev split: the network was trained for a fixed length.")
    elif dev["clips"] < _FEW_DEV_CLIPS:
        refit = "; the network was trained for a fixed length, then again on train and dev" if dev["refit"] else ""
        notes.append(f"dev has {clips}: too few to choose by{refit}. The score on dev says little.")
    weight = calibration["weight"]
    if calibration["random_convolutions"] is not None:
        folds = calibration.get("weight_folds")
        chosen = f", chosen by cross-validation over {folds['clips']} clips in {folds['count']} folds" if folds else ""
        others = "random convolutions with ridge regression"
        notes.append(
            f"Weight of the network in the probabilities: {weight:.2f}{chosen}; the rest is {others}."
            if weight >= _LEAST_SHOWN
            else f"The network has no weight{chosen}: the probabilities are those of {others}."
        )
    if dev["score"] is not None and dev["score"] <= dev["baseline"]:
        notes.append(
            f"On dev the model does not beat {dev['baseline_name']}: {dev['headline']} {dev['score']:.3g}, against "
            f"{dev['baseline']:.3g}."
        )
    return notes
