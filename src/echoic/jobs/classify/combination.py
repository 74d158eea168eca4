"""The network's probabilities combined with those of random convolutions, by a weight that dev chooses."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Self, final

import numpy as np
from numpy.typing import NDArray

from echoic.baselines.random_convolutions import RandomConvolutions
from echoic.types import stored

Values = NDArray[np.float64]

WEIGHTS = np.linspace(0.0, 1.0, 41)

PRIOR_WEIGHT, _PRIOR_CLIPS = 0.3, 10.0
"""Weight of the network without evidence, and the number of dev clips that it takes to weigh as much: on few clips,
random convolutions are the better of the two more often than not."""

_TINY = 1e-9


@final
@dataclass(frozen=True, eq=False)
class Combination:
    """Probabilities as a weighted mean of the network's and of random convolutions'."""

    weight: float
    convolutions: RandomConvolutions | None
    """None where the network has all of the weight."""

    def apply(self, network: Values, other: Values) -> Values:
        """The weighted mean of two tables of probabilities `(clips, classes)`."""
        return self.weight * network + (1 - self.weight) * other

    def to_json(self) -> dict[str, Any]:
        """The fitted state as plain JSON values."""
        return {
            "weight": self.weight,
            "random_convolutions": None if self.convolutions is None else self.convolutions.to_json(),
        }

    @classmethod
    def from_json(cls, values: Mapping[str, Any]) -> Self:
        """The inverse of `to_json`."""
        state = stored.field(values, "random_convolutions")
        return cls(
            stored.number(values, "weight", 0, 1), None if state is None else RandomConvolutions.from_json(state)
        )


def best_weight(true: NDArray[np.int64], network: Values, other: Values) -> float:
    """The weight with the lowest loss on dev, shrunk towards `PRIOR_WEIGHT`: the fewer clips, the more.

    `true` are the classes `(clips,)`; `network` and `other` the predicted probabilities `(clips, classes)`.
    """
    rows = np.arange(len(true))
    own, others = network[rows, true], other[rows, true]
    mixed = WEIGHTS[:, None] * own + (1 - WEIGHTS[:, None]) * others
    evidence = np.log(mixed + _TINY).sum(1)
    prior = PRIOR_WEIGHT * np.log(WEIGHTS + _TINY) + (1 - PRIOR_WEIGHT) * np.log(1 - WEIGHTS + _TINY)
    return float(WEIGHTS[int(np.argmax(evidence + _PRIOR_CLIPS * prior))])
