"""Runs whose folders are described, trained side by side in processes of their own."""

import shutil
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple, final

from echoic.api.phases import TrainProgressFn, in_stage
from echoic.components import Components
from echoic.errors import ConfigError, TrainingError
from echoic.jobs.base import Task
from echoic.run import RunFolder, last_step
from echoic.sources import DatasetLike
from echoic.training import Progress
from echoic.workers.pool import Pool
from echoic.workers.sent import objects_sent
from echoic.workers.stopping import resumable
from echoic.workers.worker_process import Program


class Training(NamedTuple):
    """The training of a run as an order.

    Attributes:
        run: the folder of the run, with its settings and codec.
        parent: the folder that it belongs to, by which it is resumed.
        stage: its name in progress.
        dataset: the number of its data set.
    """

    run: str
    parent: str
    stage: str
    dataset: int = 0

    @property
    def name(self) -> str:
        """Tells orders apart."""
        return self.run


def check_workers(workers: Any, task: Task[Any]) -> None:
    """Checks a number of processes for the folds of a task.

    Raises:
        ConfigError: it is none, or there are no folds.
    """
    check_number(workers, "workers")
    if workers > 1 and not task.folds:
        raise ConfigError(
            "`workers` trains several networks side by side, and this is one; it is for cross-validation (`folds`) and "
            "for several seeds (`seeds`)."
        )


def check_number(value: Any, name: str) -> None:
    """Checks a count that a user has given.

    Raises:
        ConfigError: it is no positive integer.
    """
    if isinstance(value, bool) or not isinstance(value, int) or value < 1:
        raise ConfigError(f"`{name}` must be a positive integer, got {value!r}.")


def train_side_by_side(
    folder: Path,
    trainings: Sequence[Training],
    data: tuple[Sequence[DatasetLike], Components],
    workers: int,
    command: str,
    on_progress: TrainProgressFn,
) -> None:
    """Trains what is not trained yet of all runs; the caller holds the lock of `folder`.

    Args:
        folder: where the processes have their locks, in a folder `workers`.
        trainings: the runs.
        data: the data sets, and the user's own parts of the networks.
        workers: number of processes.
        command: resumes the work with one worker.
        on_progress: called with the progress of all, several times a second and after every evaluation.

    Raises:
        ConfigError: the user's own parts cannot be sent to other processes.
        echoic.EchoicError: that of the first training that fails; the others are saved.
        Interrupted: a signal came; everything is saved.
    """
    program = Program("echoic.api.training_worker", (), command, objects_sent(data))
    locks = folder / "workers"
    pool = Pool[Training](program, locks, min(workers, len(trainings)))
    with resumable(f"{command} --workers {workers}" if command.startswith("echoic ") else command):
        with pool.open():
            pool.carry_out(_Trainings(trainings, on_progress))
        shutil.rmtree(locks, ignore_errors=True)


@final
class _Trainings:
    """The trainings as orders; the first that fails ends all."""

    def __init__(self, trainings: Sequence[Training], on_progress: TrainProgressFn) -> None:
        self._todo = list(trainings)
        self._on_progress = on_progress

    def next(self) -> Training | None:
        return self._todo.pop(0) if self._todo else None

    def is_over(self) -> bool:
        return not self._todo

    def report(self, order: Training, report: Mapping[str, Any]) -> None:
        show = in_stage(self._on_progress, order.stage)
        for values in report["progress"]:
            show(Progress(*values))

    def steps(self, order: Training) -> int:
        return last_step(RunFolder(Path(order.run)).checkpoints) or 0

    def answered(self, order: Training, answer: Mapping[str, Any]) -> None:
        """Nothing is left to do: all is in the folder of the run."""

    def failed(self, order: Training, reason: str) -> None:
        raise TrainingError(f"{order.run}: {reason[0].lower()}{reason[1:]}")
