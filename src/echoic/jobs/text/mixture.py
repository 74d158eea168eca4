"""The mixture of the network with an n-gram model, whose weight dev chooses."""

import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any, Self, final

import numpy as np
from numpy.typing import NDArray

from echoic.baselines.ngrams import NGram
from echoic.types import stored

Floats = NDArray[np.float64]

BLOCK_STEPS = 32
"""Length of the blocks of dev that count as independent; neighbouring symbols are not."""

LEAST_BLOCKS = 2
"""With fewer there is no standard error, and the network gets no weight."""

NO_DEV_WEIGHT = 0.5
"""The weight of the network without dev: at most 0.69 nats per symbol worse than the better of the two."""

_MOST_ORDER = 100
_CANDIDATES = np.linspace(0, 1, 101)


@final
@dataclass(frozen=True)
class Mixture:
    """Probabilities `weight * network + (1 - weight) * n-gram model` of order `order`.

    `dev_symbols` is their number on dev, and `dev_nats` the nats per symbol there of the network, the n-gram model and
    both; empty without dev.
    """

    weight: float
    order: int
    dev_symbols: int
    dev_nats: Mapping[str, float]

    @classmethod
    def choose(cls, network: Floats, by_order: Mapping[int, Floats], weight: float | None) -> Self:
        """The best order of the n-gram model, then the weight of the network, unless it is given.

        Args:
            network: log-probabilities of the symbols of dev `(symbols,)`.
            by_order: those of n-gram models by their order.
            weight: the weight, if it is not to be chosen.
        """
        order = max(by_order, key=lambda n: float(by_order[n].sum()))
        if not len(network):
            return cls(NO_DEV_WEIGHT if weight is None else weight, max(by_order), 0, {})
        chosen = choose_weight(network, by_order[order]) if weight is None else weight
        both = mix(network, by_order[order], chosen)
        names = {"network": network, "ngram": by_order[order], "both": both}
        return cls(chosen, order, len(network), {name: -float(one.mean()) for name, one in names.items()})

    def model(self, ngram: NGram) -> NGram:
        """The n-gram model of the mixture."""
        return ngram.of_order(self.order)

    def to_json(self) -> dict[str, Any]:
        """As plain JSON values."""
        return asdict(self)

    @classmethod
    def from_json(cls, values: Mapping[str, Any]) -> Self:
        """The inverse of `to_json`.

        Raises:
            ValueError: a field is missing or out of range.
        """
        nats = stored.field(values, "dev_nats")
        names = ("network", "ngram", "both") if nats else ()
        return cls(
            stored.number(values, "weight", 0, 1),
            stored.integer(values, "order", 1, _MOST_ORDER),
            stored.integer(values, "dev_symbols", 0, 1 << 62),
            {name: stored.number(nats, name, 0, math.inf) for name in names},
        )

    def notes(self) -> list[str]:
        """The weight and its reason, in sentences."""
        if not self.dev_nats:
            return [f"No dev split to choose by: the network has weight {self.weight:.2f} beside the n-gram model."]
        network, ngram, both = (self.dev_nats[name] for name in ("network", "ngram", "both"))
        name = f"{self.order}-gram model"
        scores = f"dev: network {network:.3f} nats, {name} {ngram:.3f}, both {both:.3f}"
        if self.weight == 0 and self.dev_symbols < LEAST_BLOCKS * BLOCK_STEPS:
            few = f"dev has {self.dev_symbols} symbols: too few to choose the weight of the network by"
            return [f"{few}, so predictions are those of the {name} ({scores})."]
        if self.weight == 0:
            return [f"The network adds nothing to the {name} on dev: predictions are those of the {name} ({scores})."]
        if self.weight == 1:
            return [f"Predictions are those of the network alone ({scores})."]
        sentence = f"Predictions: {self.weight:.2f} network, {1 - self.weight:.2f} {name} ({scores})."
        better = [] if network < ngram else [f"The network alone does not beat its {name}; train longer, or on more."]
        return [sentence, *better]


def mix(network: Floats, ngram: Floats, weight: float) -> Floats:
    """Log-probabilities of the mixture from those of its parts."""
    with np.errstate(divide="ignore"):
        return np.asarray(np.logaddexp(np.log(weight) + network, np.log(1 - weight) + ngram))


def choose_weight(network: Floats, ngram: Floats) -> float:
    """The weight of the network with the smallest loss, shrunk towards 0 by how surely it improves on the n-gram model.

    The factor is `t^2 / (1 + t^2)`, with `t` the mean improvement over its standard error across blocks of 32 symbols.
    The result is rounded to 0.01.

    Args:
        network: log-probabilities of symbols `(symbols,)`, in the order of the text.
        ngram: the same by the n-gram model.
    """
    gains = [float((mix(network, ngram, weight) - ngram).mean()) for weight in _CANDIDATES]
    best = int(np.argmax(gains))
    blocks = len(network) // BLOCK_STEPS
    if gains[best] <= 0 or blocks < LEAST_BLOCKS:
        return 0.0
    gain = (mix(network, ngram, _CANDIDATES[best]) - ngram)[: blocks * BLOCK_STEPS].reshape(blocks, -1).mean(1)
    t_squared = float(gain.mean()) ** 2 / max(float(gain.var(ddof=1)) / blocks, 1e-300)
    return round(float(_CANDIDATES[best]) * t_squared / (1 + t_squared), 2)
