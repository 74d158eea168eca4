"""One run as a stream, with the same result offline."""

from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np

from echoic.api.run import Run
from echoic.streams.live import LiveStream

COMMON: dict[str, Any] = {"epochs": 1, "threads": 1, "layers": (8,)}
FLOAT32 = 2e-6
EXACT = 0.0


class Case(NamedTuple):
    """A run, a sequence to push, what all results together are as numbers, and the same from the run offline."""

    run: Run
    data: Any
    joined: Callable[[list[Any]], np.ndarray]
    offline: Callable[[], np.ndarray]
    tolerance: float
    options: dict[str, Any] = {}  # noqa: RUF012 (never changed)

    @property
    def stream(self) -> LiveStream[Any, Any, Any]:
        return self.run.stream(**self.options)
