"""Defaults of training by the length of a text and by the time budget."""

import math
from typing import Any

from echoic.config import TextSettings

SMALL = 300_000
"""Symbols of train below which a network of half the width predicts as well, in a fraction of the time."""

_MAX_EPOCHS = 100

_MANY_PASSES = 8
"""Number of passes over train from which a network without dropout overfits."""

_NARROW = 128
"""Layers narrower than that have nothing to spare for dropout."""

_SYMBOLS_PER_S = 6e9
"""Training speed of two CPU cores, in symbols per second times the square of the hidden size."""


def with_defaults(settings: TextSettings, train_symbols: int) -> TextSettings:
    """The settings with those that were not given chosen for a train split of `train_symbols` symbols.

    Small texts: one layer of 256 units rather than 512, batches of 16 streams rather than 32, fewer below 40,000
    symbols. The number of epochs falls with the root of the length. Wide layers have dropout if there are many epochs,
    or passes in the time budget.
    """
    small = train_symbols < SMALL
    given = settings.given()
    chosen: dict[str, Any] = {"batch_size": max(4, min(16, train_symbols // 2500)) if small else 32}
    chosen["layers"] = (256,) if small else (512,)
    layers = settings.stack.layers if "layers" in given else chosen["layers"]
    passes: float = max(2, min(_MAX_EPOCHS, round(10 * math.sqrt(1e6 / train_symbols))))
    if settings.train.minutes is not None:
        passes = settings.train.minutes * 60 * _SYMBOLS_PER_S / sum(size**2 for size in layers) / train_symbols
    elif settings.train.steps is not None:
        batch_size = settings.train.batch_size if "batch_size" in given else chosen["batch_size"]
        passes = settings.train.steps * batch_size * settings.network.tbptt_steps / train_symbols
    else:
        chosen["epochs"] = passes
        passes = settings.train.epochs if "epochs" in given else passes
    chosen["dropout"] = 0.5 if passes >= _MANY_PASSES and max(layers) >= _NARROW else 0.0
    return settings.replaced(**{name: value for name, value in chosen.items() if name not in given})
