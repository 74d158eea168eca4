"""The trials of a study as values."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from echoic.studies.place import Place
from echoic.studies.space import Value

State = Literal["complete", "pruned", "failed", "unfinished"]


@dataclass(frozen=True)
class Trial:
    """One trial.

    Attributes:
        number: of the trial, and of its run folder.
        state: pruned: hopeless, ended early. unfinished: its training is resumed with the study.
        settings: the drawn ones by name.
        goals: what is minimized, by name; empty unless complete.
        losses: the dev losses of its runs, one per seed; empty unless complete.
        reports: the lowest dev loss so far, by the fraction of the training.
        reason: why it was pruned or has failed; otherwise empty.
        place: the host and the folder of the study where its runs are.
    """

    number: int
    state: State
    settings: Mapping[str, Value]
    goals: Mapping[str, float] = field(default_factory=dict)
    losses: tuple[float, ...] = ()
    reports: Mapping[float, float] = field(default_factory=dict)
    reason: str = ""
    place: Place | None = None

    @property
    def loss(self) -> float:
        """The mean dev loss; infinite unless complete."""
        return self.goals.get("loss", float("inf"))


def by_loss(trials: list[Trial]) -> list[Trial]:
    """The complete trials, the lowest loss first."""
    return sorted((one for one in trials if one.state == "complete"), key=lambda one: (one.loss, one.number))


def front(trials: list[Trial]) -> list[Trial]:
    """The complete trials that no other one beats or equals in every goal (the Pareto front), the lowest loss first."""
    complete = by_loss(trials)
    return [one for one in complete if not any(_dominates(other, one) for other in complete)]


def _dominates(one: Trial, other: Trial) -> bool:
    pairs = [(one.goals[name], other.goals[name]) for name in one.goals]
    return all(mine <= its for mine, its in pairs) and any(mine < its for mine, its in pairs)
