"""The trainings of the confirmation as orders to workers."""

from collections.abc import Callable
from typing import final

from echoic.studies.clock import Clock
from echoic.studies.confirmation import FRESH_SEEDS, candidates
from echoic.studies.definition import Definition
from echoic.studies.engine import Engine
from echoic.studies.fresh import FreshTrainings, Key
from echoic.studies.orders import Answer, Order, confirmation_run
from echoic.studies.records import Trial


@final
class ConfirmationOrders:
    """The trainings with fresh seeds as orders: all candidates with the first one, then all with the second, and so on.

    The candidates are those of the store at each moment, so that all hosts have the same in the end.

    Args:
        definition: the study.
        engine: has the trials.
        fresh: gives out and keeps the trainings.
        clock: the time of the study.
        on_loss: called with a trial, the number of the fresh seed and the dev loss.
    """

    def __init__(
        self,
        definition: Definition,
        engine: Engine,
        fresh: FreshTrainings,
        clock: Clock,
        on_loss: Callable[[Trial, int, float], None],
    ) -> None:
        self._definition = definition
        self._engine = engine
        self._fresh = fresh
        self._clock = clock
        self._on_loss = on_loss
        self._sent: dict[str, tuple[Trial, int]] = {}

    def next(self) -> Order | None:
        """The next training; None if there is none now, or time is up."""
        trials = self._candidates()
        key = None if self._clock.is_over() else self._fresh.next(_keys(trials))
        if key is None:
            return None
        number, one = key
        trial = next(trial for trial in trials if trial.number == number)
        run = confirmation_run(number, one)
        self._sent[run] = (trial, one)
        definition = self._definition
        config = definition.of_trial(trial.settings, definition.seed + definition.seeds - 1 + one)
        return Order(number, [run], [config], self._clock.end_s(), reports=False)

    def is_over(self) -> bool:
        """Whether no training is left, here or on other hosts, or time is up."""
        return self._clock.is_over() or not self._fresh.other_hosts_train(_keys(self._candidates()))

    def report(self, order: Order, slot: int, loss: float) -> bool:  # noqa: ARG002 (as other orders have it)
        """Takes no notice: trainings of a confirmation are not compared while they run."""
        return False

    def answered(self, order: Order, answer: Answer) -> None:
        """Keeps the dev loss; a training without one does not count, and one cut short by time is resumed later."""
        trial, one = self._sent[order.runs[0]]
        loss = answer.losses[0] if answer.end == "done" else None
        if answer.end != "late" and self._fresh.end((trial.number, one), loss) and loss is not None:
            self._on_loss(trial, one, loss)
        self._clock.save()

    def _candidates(self) -> list[Trial]:
        return candidates(self._definition, self._engine.trials())


def _keys(trials: list[Trial]) -> list[Key]:
    return [(trial.number, one) for one in range(1, FRESH_SEEDS + 1) for trial in trials]
