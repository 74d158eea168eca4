"""How much the events of recordings overlap."""

from collections.abc import Iterable, Sequence

import numpy as np

from echoic.types import Event

LEAST_OVERLAP = 0.01
"""Fraction of the time of events from which each label is detected by itself: less is inexact annotation."""


def overlap_fraction(recordings: Iterable[Sequence[Event]]) -> float:
    """The time with two or more events as a fraction of that with any; 0 without events."""
    one_s = several_s = 0.0
    for events in recordings:
        times_s = np.array([time_s for event in events for time_s in (event.onset_s, event.offset_s)])
        order = np.argsort(times_s, kind="stable")
        active = np.cumsum(np.where(order % 2, -1, 1))[:-1]  # offsets are the odd ones
        lengths_s = np.diff(times_s[order])
        one_s += float(lengths_s[active >= 1].sum())
        several_s += float(lengths_s[active >= 2].sum())
    return several_s / one_s if one_s else 0.0


def overlap_notes(fraction: float, *, overlap: bool) -> list[str]:
    """What becomes of events that overlap; nothing without such events."""
    if not fraction:
        return []
    time = f"Events overlap during {100 * fraction:.2g} % of their time"
    if overlap:
        return [f"{time}; each label is detected by itself."]
    return [f"{time}, in which the later one counts (--overlap detects each label by itself)."]
