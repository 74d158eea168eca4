"""The algorithms of Optuna that choose settings, and those that end hopeless trials."""

import zlib
from typing import Any

from echoic.studies.definition import Definition
from echoic.studies.store import optuna

SLOTS = 20
"""Parts of a training after which it is compared with others: pruners compare trials at equal numbers."""

_STARTUP_TRIALS = 5
"""Complete trials before the first is pruned."""

_WARM_UP_SLOTS = 4
"""Parts of a training that is never pruned."""

_TPE_STARTUP_TRIALS = 10


def sampler(definition: Definition, begun: int, place: str) -> Any:
    """The algorithm; its random numbers depend on the seed, the number of trials so far, and the place.

    With the seed alone, a resumed study would suggest what it has suggested before, and hosts the same.
    """
    samplers, seed = optuna.samplers, definition.seed
    varied = (seed * 1_000_003 + begun + zlib.crc32(place.encode())) % 2**31
    quiet = {"warn_independent_sampling": False}
    several = max(4, min(50, (definition.trials or 64) // 4))
    make = {
        "tpe": lambda: samplers.TPESampler(
            seed=varied,
            multivariate=True,
            group=True,
            constant_liar=bool(place) or definition.workers > 1,
            n_startup_trials=_TPE_STARTUP_TRIALS,
            **quiet,
        ),
        "genetic": lambda: samplers.NSGAIISampler(seed=varied, population_size=several),
        "cmaes": lambda: samplers.CmaEsSampler(seed=varied, **quiet),
        "gp": lambda: samplers.GPSampler(seed=varied, **quiet),
        "qmc": lambda: samplers.QMCSampler(seed=seed, scramble=True, warn_asynchronous_seeding=False, **quiet),
        "random": lambda: samplers.RandomSampler(seed=varied),
        "grid": lambda: samplers.RandomSampler(seed=seed),
    }
    return make[definition.sampler]()


def pruner(definition: Definition) -> Any:
    """The algorithm that ends hopeless trials."""
    pruners = optuna.pruners
    if definition.pruner == "none" or len(definition.goals) > 1:
        return pruners.NopPruner()
    if definition.pruner == "hyperband":
        return pruners.HyperbandPruner(min_resource=1, max_resource=SLOTS)
    return pruners.MedianPruner(n_startup_trials=_STARTUP_TRIALS, n_warmup_steps=_WARM_UP_SLOTS)
