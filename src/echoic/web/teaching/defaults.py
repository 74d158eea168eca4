"""Settings of the classifiers that the page trains."""

from typing import Any

SETTINGS: dict[str, Any] = {"bidirectional": False}

MOST_RATE_HZ = 16_000
"""Sampling rate of runs, unless an example has a lower one: sound above 8 kHz adds little, and costs time."""
