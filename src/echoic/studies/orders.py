"""Orders to workers, and their answers: plain values that cross a pipe as lines of JSON."""

from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import Any, Literal, NamedTuple, Protocol


class Order(NamedTuple):
    """Train runs that differ in their seed alone.

    Attributes:
        number: of the trial.
        runs: the folders of the runs below the study, in which begun ones are resumed.
        configs: the settings of each run by section.
        ends_at_s: when training stops, in seconds since 1970; None: no limit.
        reports: whether the first run asks whether it is hopeless.
    """

    number: int
    runs: list[str]
    configs: list[dict[str, dict[str, Any]]]
    ends_at_s: float | None
    reports: bool

    @property
    def name(self) -> str:
        """Tells orders apart: the first run."""
        return self.runs[0]


class Answer(NamedTuple):
    """The end of an order.

    Attributes:
        end: late: time was up. pruned: hopeless. refused: it cannot be trained with these settings.
        losses: the lowest dev loss of each run.
        measured: the goals but the loss.
        reason: one sentence if it was refused or has failed.
    """

    end: Literal["done", "late", "pruned", "refused", "failed"]
    losses: Sequence[float] = ()
    measured: Mapping[str, float] = MappingProxyType({})
    reason: str = ""


class Orders(Protocol):
    """What workers have to do."""

    def next(self) -> Order | None:
        """The next order; None: there is none now."""

    def is_over(self) -> bool:
        """Whether there is none later either; asked when there is none now, and none is being carried out."""

    def report(self, order: Order, slot: int, loss: float) -> bool:
        """Takes the lowest dev loss after a part of the first training; whether it is hopeless."""

    def answered(self, order: Order, answer: Answer) -> None:
        """Takes the end of an order."""


def trial_runs(number: int, seeds: int) -> list[str]:
    """The folders of the runs of a trial: `trials/7`, and `trials/7-2` and so on for further seeds."""
    return [f"trials/{number}" if one == 1 else f"trials/{number}-{one}" for one in range(1, seeds + 1)]


def confirmation_run(number: int, one: int) -> str:
    """The folder of the confirmation of a trial with its fresh seed number `one`."""
    return f"confirmation/{number}-{one}"
