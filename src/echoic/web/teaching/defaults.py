"""Settings of the classifiers that the page trains."""

from typing import Any

SETTINGS: dict[str, Any] = {"live": True, "split": (0.8, 0.2, 0)}
"""A fifth of the examples tells how well the network does; in the end it learns from all of them."""

MOST_RATE_HZ = 16_000
"""Sampling rate of runs, unless an example has a lower one: sound above 8 kHz adds little, and costs time."""
