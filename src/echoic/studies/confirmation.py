"""The confirmation: the best trials are trained again with fresh seeds, and the lowest mean wins.

The lowest of many losses is partly luck; losses of seeds that chose nothing show how much of it.
"""

import statistics
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import final

from echoic.run import damage_named
from echoic.run.sealed import read_json, unsealed, write_json
from echoic.studies.clock import Clock
from echoic.studies.definition import Definition
from echoic.studies.orders import Answer, Order, confirmation_run
from echoic.studies.records import Trial, by_loss, front
from echoic.types import stored

FRESH_SEEDS = 3
"""Seeds with which each of the best trials is trained again."""


@dataclass(frozen=True)
class Confirmed:
    """A trial that was trained again.

    Attributes:
        trial: one of the best of the search.
        losses: its dev losses by number of the fresh seed, as far as they are there.
    """

    trial: Trial
    losses: dict[int, float]

    def mean(self, seeds: Sequence[int]) -> float:
        """The mean dev loss of these seeds."""
        return statistics.fmean(self.losses[one] for one in seeds)


def candidates(definition: Definition, trials: list[Trial]) -> list[Trial]:
    """The trials to train again: those of the lowest loss; for several goals those of the front."""
    chosen = by_loss(trials) if len(definition.goals) == 1 else front(trials)
    return chosen[: definition.confirm]


def confirmed(folder: Path, definition: Definition, trials: list[Trial]) -> list[Confirmed]:
    """The candidates with the losses in confirmation.json, the winner of the search first.

    Raises:
        RunError: the file is damaged.
    """
    losses = _read(folder)
    return [
        Confirmed(trial, {one: loss for (number, one), loss in losses.items() if number == trial.number})
        for trial in candidates(definition, trials)
    ]


def common_seeds(rows: Sequence[Confirmed]) -> list[int]:
    """The fresh seeds that all candidates were trained with."""
    shared = [set(one.losses) for one in rows]
    return sorted(set.intersection(*shared)) if shared else []


def winner(folder: Path, definition: Definition, trials: list[Trial]) -> Trial | None:
    """The candidate of the lowest mean with fresh seeds; without any, the lowest loss of the search.

    Raises:
        RunError: confirmation.json is damaged.
    """
    rows = confirmed(folder, definition, trials)
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


@final
class ConfirmationOrders:
    """The trainings with fresh seeds as orders: all candidates with the first one, then all with the second, and so on.

    Args:
        folder: the folder of the study.
        definition: the study.
        trials: the candidates.
        clock: the time of the study.
        on_loss: called with a trial, the number of the fresh seed and the dev loss.
    """

    def __init__(
        self,
        folder: Path,
        definition: Definition,
        trials: list[Trial],
        clock: Clock,
        on_loss: Callable[[Trial, int, float], None],
    ) -> None:
        self._folder = folder
        self._definition = definition
        self._clock = clock
        self._on_loss = on_loss
        self._losses = _read(folder)
        todo = [(trial, one) for one in range(1, FRESH_SEEDS + 1) for trial in trials]
        self._todo = [(trial, one) for trial, one in todo if (trial.number, one) not in self._losses]
        self._sent: dict[str, tuple[Trial, int]] = {}

    def next(self) -> Order | None:
        """The next training; None if there is none, or time is up."""
        left_s = self._clock.left_s()
        if not self._todo or (left_s is not None and left_s <= 0):
            return None
        trial, one = self._todo.pop(0)
        run = confirmation_run(trial.number, one)
        self._sent[run] = (trial, one)
        definition = self._definition
        config = definition.of_trial(trial.settings, definition.seed + definition.seeds - 1 + one)
        return Order(trial.number, [run], [config], self._clock.end_s(), reports=False)

    def report(self, order: Order, slot: int, loss: float) -> bool:  # noqa: ARG002 (as other orders have it)
        """Takes no notice: trainings of a confirmation are not compared while they go on."""
        return False

    def answered(self, order: Order, answer: Answer) -> None:
        """Keeps the dev loss; a training without one does not count."""
        if answer.end == "done":
            trial, one = self._sent[order.runs[0]]
            self._losses[trial.number, one] = answer.losses[0]
            rows = [{"trial": number, "seed": seed, "loss": loss} for (number, seed), loss in self._losses.items()]
            write_json(self._folder / "confirmation.json", {"losses": rows})
            self._on_loss(trial, one, answer.losses[0])
        self._clock.save()


def _read(folder: Path) -> dict[tuple[int, int], float]:
    """The losses in confirmation.json by trial and number of the fresh seed."""
    path = folder / "confirmation.json"
    if not path.exists():
        return {}
    content = unsealed(path, read_json(path), required=True)
    with damage_named(path):
        rows = content["losses"]
        return {
            (stored.integer(row, "trial", 0, 2**31), stored.integer(row, "seed", 1, FRESH_SEEDS)): float(row["loss"])
            for row in rows
        }
