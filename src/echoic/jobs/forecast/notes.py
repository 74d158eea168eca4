"""What dev decided about a forecast, in sentences."""

from collections.abc import Mapping
from typing import Any

_FEW_WINDOWS = 5
"""With fewer windows that do not overlap, dev decides little."""

_LISTED, _MIN_SHARE = 3, 0.005
"""The baselines that are listed, by their share."""


def calibration_notes(calibration: Mapping[str, Any]) -> list[str]:
    """The weight of the network, why it is what it is, and the baselines that make up the rest.

    Nothing before training has ended.
    """
    if not calibration:
        return []
    dev = calibration["dev"]
    weight = _range(calibration["weight"])
    if not dev["errors"]:
        return [f"No dev window to choose by: the network has weight {weight} in the forecast, the baselines the rest."]
    network, baselines = dev["errors"]["network"], dev["errors"]["baselines"]
    against = f"dev error {network:.3g}, baselines {baselines:.3g}"
    notes = []
    if dev["windows"] < _FEW_WINDOWS:
        notes.append(
            f"dev has {dev['windows']:.1f} windows that do not overlap: too few to judge the network by, so it has "
            "little weight or none. Give dev more steps with --split."
        )
    if not any(calibration["weight"]):
        beats = "beats the baselines on dev by no more than chance"
        if network >= baselines:
            beats = "does not beat the baselines on dev"
        notes.append(f"The network {beats} ({against}): the forecast is theirs alone.")
    else:
        notes.append(f"Weight of the network in the forecast: {weight} ({against}).")
    ranked = sorted(dev["baselines"].items(), key=lambda one: -one[1])[:_LISTED]
    shares = (f"{name} {share:.0%}" for name, share in ranked if share >= _MIN_SHARE)
    return [*notes, f"Baselines: {', '.join(shares)}."]


def _range(weight: list[float]) -> str:
    low, high = min(weight), max(weight)
    return f"{high:.2f}" if high - low < 0.01 else f"{low:.2f} to {high:.2f}"
