"""Types of the fixtures that make sound, and train on it."""

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from echoic.api.run import Run

Voice = Callable[..., NDArray[np.float32]]
"""Sound of some seconds, drawn by a seed."""

TrainRun = Callable[..., Run]
"""Trains on the sound at a path; settings are keywords."""
