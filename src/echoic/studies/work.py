"""A session of a study on this host: search, confirmation, and the copy of the winner."""

import contextlib
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

from echoic.errors import TrainingError
from echoic.studies.clock import Clock
from echoic.studies.confirming import ConfirmationOrders
from echoic.studies.definition import Definition
from echoic.studies.heart import beating
from echoic.studies.opened import OpenStudy
from echoic.studies.postgresql import heartbeat_s
from echoic.studies.records import Trial
from echoic.studies.search import SearchOrders
from echoic.studies.workforce import workers_of

OnTrial = Callable[[Trial], None]
OnConfirmed = Callable[[Trial, int, float], None]


def ignore(*_: Any) -> None:
    """Takes no notice of progress."""


def work(
    folder: Path, definition: Definition, data: Any, opened: OpenStudy, on_trial: OnTrial, on_confirmed: OnConfirmed
) -> None:
    """Trains until the study is over, on all hosts that share it.

    Raises:
        RunError: the store cannot be used, or workers of a session before still run.
        TrainingError: workers die again and again.
        Interrupted: a signal came; everything is saved.
    """
    clock = Clock(opened.search, definition.minutes)
    try:
        with _alive(opened, clock), workers_of(folder, definition, data) as carry_out:
            carry_out(SearchOrders(definition, opened.search, clock, on_trial))
            carry_out(ConfirmationOrders(definition, opened.search, opened.fresh, clock, on_confirmed))
    finally:
        clock.save()


def check_complete(folder: Path, trials: Sequence[Trial], command: str) -> None:
    """Checks that there is a winner; `command` resumes the study.

    Raises:
        TrainingError: no trial is complete.
    """
    if any(one.state == "complete" for one in trials):
        return
    reason = next((one.reason for one in reversed(trials) if one.reason), "")
    if reason:
        raise TrainingError(f"No trial of {folder} could be trained; the last one: {reason}")
    raise TrainingError(
        f"No trial of {folder} was complete when the time was up. Go on with `{command}` and more minutes, or make a "
        "study of shorter trainings, such as with --epochs."
    )


@contextlib.contextmanager
def _alive(opened: OpenStudy, clock: Clock) -> Iterator[None]:
    """Signs for the block that this host lives, where others look for it."""
    if not opened.store.is_shared:
        yield
        return

    def beat() -> None:
        opened.beat()
        clock.save()

    with beating(beat, heartbeat_s()):
        yield
