"""The confirmation: the best trials are trained again with fresh seeds, and the lowest mean wins.

The lowest of many losses is partly luck; losses of seeds that chose nothing show how much of it.
"""

import statistics
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from echoic.studies.definition import Definition
from echoic.studies.fresh import Fresh, Key
from echoic.studies.records import Trial, by_loss, front

FRESH_SEEDS = 3
"""Seeds with which each of the best trials is trained again."""


@dataclass(frozen=True)
class Confirmed:
    """A trial that was trained again.

    Attributes:
        trial: one of the best of the search.
        fresh: its trainings by number of the fresh seed, as far as they are there.
    """

    trial: Trial
    fresh: Mapping[int, Fresh]

    @property
    def losses(self) -> dict[int, float]:
        """The dev losses by number of the fresh seed."""
        return {one: done.loss for one, done in self.fresh.items()}

    def mean(self, seeds: Sequence[int]) -> float:
        """The mean dev loss of these seeds."""
        return statistics.fmean(self.losses[one] for one in seeds)


def candidates(definition: Definition, trials: list[Trial]) -> list[Trial]:
    """The trials to train again: those of the lowest loss; for several goals those of the front."""
    chosen = by_loss(trials) if len(definition.goals) == 1 else front(trials)
    return chosen[: definition.confirm]


def confirmed(definition: Definition, trials: list[Trial], done: Mapping[Key, Fresh]) -> list[Confirmed]:
    """The candidates with the trainings that are done, the winner of the search first."""
    return [
        Confirmed(trial, {one: done[number, one] for number, one in sorted(done) if number == trial.number})
        for trial in candidates(definition, trials)
    ]


def common_seeds(rows: Sequence[Confirmed]) -> list[int]:
    """The fresh seeds that all candidates were trained with."""
    shared = [set(one.fresh) for one in rows]
    return sorted(set.intersection(*shared)) if shared else []


def winner(rows: Sequence[Confirmed], trials: list[Trial]) -> Trial | None:
    """The candidate of the lowest mean with fresh seeds; without any, the lowest loss of the search."""
    seeds = common_seeds(rows)
    if seeds:
        return min(rows, key=lambda one: one.mean(seeds)).trial
    return next(iter(by_loss(trials)), None)


def verdict(rows: Sequence[Confirmed]) -> str:
    """How much of the first win was luck, and which trial is chosen; empty without a confirmation."""
    seeds = common_seeds(rows)
    if not seeds:
        return ""
    first, best = rows[0], min(rows, key=lambda one: one.mean(seeds))
    lucky = first.mean(seeds) - first.trial.loss
    judged = f"{lucky:.4g} of its win was luck" if lucky > 0 else "none of its win was luck"
    text = (
        f"Trial {first.trial.number} has the lowest dev loss of the search, {first.trial.loss:.6g}; with {len(seeds)} "
        f"fresh seeds its mean is {first.mean(seeds):.6g}, so {judged}."
    )
    if best is first:
        return f"{text} It has the lowest mean, too, and is chosen."
    return f"{text} Trial {best.trial.number} has the lowest mean, {best.mean(seeds):.6g}, and is chosen."
