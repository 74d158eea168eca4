"""The search of a study: trials until their number or the time is reached."""

import math
import statistics
import time
from collections.abc import Callable
from typing import final

from echoic.studies.clock import Clock
from echoic.studies.confirmation import FRESH_SEEDS
from echoic.studies.definition import Definition
from echoic.studies.engine import Engine
from echoic.studies.orders import Answer, Order, trial_runs
from echoic.studies.records import Trial

_UNKNOWN_RESERVE, _MOST_RESERVE = 0.25, 0.5
"""Fractions of the time budget kept for the confirmation: before the first complete trial, and at most."""

_MOST_USELESS = 20
"""Number of trials in a row that could not be trained after which a search ends."""


@final
class SearchOrders:
    """The trials of a study as orders, unfinished ones first.

    Args:
        definition: the study.
        engine: chooses and keeps the trials.
        clock: the time of the study.
        on_trial: called with every trial that has ended.
    """

    def __init__(self, definition: Definition, engine: Engine, clock: Clock, on_trial: Callable[[Trial], None]) -> None:
        self._definition = definition
        self._engine = engine
        self._clock = clock
        self._on_trial = on_trial
        self._began_s: dict[int, float] = {}
        self._seconds_per_run: list[float] = []
        self._useless_in_a_row = 0

    def next(self) -> Order | None:
        """The next trial; None if there is none now, or time is up."""
        trial = None if self._has_to_end() else self._engine.next(self._definition.trials)
        return None if trial is None else self._order(trial)

    def is_over(self) -> bool:
        """Whether no trial is left, here or on other hosts, or time is up."""
        return self._has_to_end() or not self._engine.other_hosts_train()

    def report(self, order: Order, slot: int, loss: float) -> bool:
        """Records a dev loss; whether the trial is hopeless."""
        return self._engine.report(order.number, slot, loss)

    def answered(self, order: Order, answer: Answer) -> None:
        """Records the end of a trial; one that time has cut short is resumed with the study."""
        if answer.end != "late" and self._ended(order, answer):
            self._on_trial(next(one for one in self._engine.trials() if one.number == order.number))
        self._clock.save()

    def _ended(self, order: Order, answer: Answer) -> bool:
        """Whether the trial has ended here, and not on another host that took it over."""
        number = order.number
        if answer.end == "done":
            self._useless_in_a_row = 0
            self._seconds_per_run.append((time.monotonic() - self._began_s[number]) / len(order.runs))
            goals = {"loss": statistics.fmean(answer.losses), **answer.measured}
            return self._engine.complete(number, goals, list(answer.losses))
        if answer.end == "pruned":
            self._useless_in_a_row = 0
            return self._engine.prune(number, "")
        self._useless_in_a_row += 1
        if answer.end == "refused":
            return self._engine.prune(number, answer.reason)
        return self._engine.fail(number, answer.reason)

    def _has_to_end(self) -> bool:
        return self._clock.is_over(self._reserve_s()) or self._useless_in_a_row >= _MOST_USELESS

    def _order(self, trial: Trial) -> Order:
        definition = self._definition
        self._began_s[trial.number] = time.monotonic()
        seeds = range(definition.seed, definition.seed + definition.seeds)
        configs = [definition.of_trial(trial.settings, seed) for seed in seeds]
        ends_at_s = self._clock.end_s(self._reserve_s())
        return Order(trial.number, trial_runs(trial.number, definition.seeds), configs, ends_at_s, reports=True)

    def _reserve_s(self) -> float:
        """The time to keep for the confirmation."""
        budget_s, confirm = self._clock.budget_s, self._definition.confirm
        if budget_s is None or not confirm:
            return 0.0
        if not self._seconds_per_run:
            return _UNKNOWN_RESERVE * budget_s
        rounds = math.ceil(confirm * FRESH_SEEDS / self._definition.workers)
        return min(_MOST_RESERVE * budget_s, rounds * statistics.fmean(self._seconds_per_run))
