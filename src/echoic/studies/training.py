"""The work of a worker: trains the runs of an order, or resumes them, and measures them."""

import math
import statistics
import time
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any, final

import torch

from echoic import sources
from echoic.api.prepare import Requested
from echoic.api.run import Run, load
from echoic.api.train import fit
from echoic.errors import (
    ChangedDataError,
    ConfigError,
    DataError,
    EchoicError,
    Interrupted,
    TrainingDataError,
    TrainingError,
)
from echoic.model import SequenceModel
from echoic.run import RunFolder, last_step, make_room
from echoic.streams.base import check_causal
from echoic.studies.definition import Definition
from echoic.studies.orders import Answer, Order
from echoic.studies.samplers import SLOTS
from echoic.training import Batches, Progress, StopTraining, thread_count

_TIMED_STEPS = 200
_WARM_UP_STEPS = 20

Reporter = Callable[[int, float], bool]
"""Takes the lowest dev loss after a part of training; whether the trial is hopeless."""


@final
class TrialTrainer:
    """Trains orders of one study; the data are read once.

    Args:
        folder: the folder of the study.
        definition: the study.
        data: the data in memory, if the study has such.
        is_closed: asked after every step whether training should be saved and stop.
    """

    def __init__(
        self, folder: Path, definition: Definition, data: Any = None, is_closed: Callable[[], bool] = lambda: False
    ) -> None:
        self._folder = folder
        self._definition = definition
        self._data = definition.data if data is None else data
        self._is_closed = is_closed
        self._dataset: sources.Dataset | None = None

    def __call__(self, order: Order, report: Reporter) -> Answer:
        """Carries an order out.

        Raises:
            TrainingDataError: the data of the study cannot be read, or have changed.
            Interrupted: a signal came; what is trained is saved.
        """
        losses, times_s = list[float](), list[float]()
        try:
            for number, (name, config) in enumerate(zip(order.runs, order.configs, strict=True)):
                watch = _Watch(order.ends_at_s, self._is_closed, report if order.reports and number == 0 else None)
                run = self._trained(self._folder / name, config, watch)
                losses.append(dev_loss(run))
                times_s.append(watch.seconds_per_step * run.result()["steps"])
            measured = self._measured(run, times_s)
        except StopTraining as stop:
            return Answer("pruned" if str(stop) == "pruned" else "late")
        except (Interrupted, TrainingDataError):
            raise
        except (ConfigError, TrainingError) as error:
            return Answer("refused", reason=str(error))
        except EchoicError as error:
            return Answer("failed", reason=str(error))
        if not all(map(math.isfinite, losses)):
            return Answer("refused", reason="The dev loss is not finite.")
        return Answer("done", losses, measured)

    def _trained(self, path: Path, config: dict[str, dict[str, Any]], watch: "_Watch") -> Run:
        if last_step(RunFolder(path).checkpoints) is not None:
            run = load(path, data=self._data)
            with warnings.catch_warnings():
                # A run that a killed worker had finished has no step left.
                warnings.filterwarnings("ignore", message=".* is finished: no step was left")
                run.resume(watch)
            return run
        make_room(path)
        requested = Requested.of(self._definition.job, config, {}, None)
        return fit(requested.prepared(self._read(requested), self._data), out=path, on_progress=watch)

    def _read(self, requested: Requested) -> sources.Dataset:
        if self._dataset is None:
            try:
                dataset = sources.read(self._data, requested.settings.data)
            except DataError as error:
                raise TrainingDataError(str(error)) from None
            if dataset.fingerprint != self._definition.fingerprint:
                raise ChangedDataError(
                    f"{dataset.origin} differs from the data that {self._folder} began with; restore the original, or "
                    "make a new study."
                )
            self._dataset = dataset
        return self._dataset

    def _measured(self, run: Run, times_s: list[float]) -> dict[str, float]:
        """The goals but the loss, of the last run; the time is the mean over all."""
        found: dict[str, float] = {}
        for goal in self._definition.goals[1:]:
            if goal == "parameters":
                found[goal] = float(sum(weight.numel() for weight in run.folder.read_model()[0].values()))
            elif goal == "step_us":
                batches = run.fitted.task.dev_batches()
                found[goal] = 0.0 if batches is None else step_time_us(run.model, batches)
            else:
                found[goal] = statistics.fmean(times_s)
        return found


def dev_loss(run: Run) -> float:
    """The lowest dev loss of training, before a refit on train and dev."""
    losses = [row["dev_loss"] for row in run.metrics() if row["phase"] == "fit"]
    known = [loss for loss in losses if loss is not None and math.isfinite(loss)]
    return min(known, default=math.inf)


@torch.no_grad()
def step_time_us(model: SequenceModel, batches: Batches) -> float:
    """The median time of a single step of one sequence on one thread, in microseconds.

    Raises:
        ConfigError: the network is bidirectional.
    """
    check_causal(model)
    batch = next(batches.epoch(0, 0))
    inputs = batch.inputs[:1, :1]
    ids, future = (None if one is None else one[:1] for one in (batch.ids, batch.future_covariates))
    times_s, state = list[float](), model.initial_state(1)
    with thread_count(1):
        for _ in range(_WARM_UP_STEPS + _TIMED_STEPS):
            started_s = time.perf_counter()
            _, state = model(inputs, state, ids, future)
            times_s.append(time.perf_counter() - started_s)
    return 1e6 * statistics.median(times_s[_WARM_UP_STEPS:])


@final
class _Watch:
    """Follows a training: reports the dev loss after each part, stops it when time is up or it is hopeless."""

    def __init__(self, ends_at_s: float | None, is_closed: Callable[[], bool], report: Reporter | None) -> None:
        self._ends_at_s = ends_at_s
        self._is_closed = is_closed
        self._report = report
        self._reported_slot = 0
        self._began_s = time.monotonic()
        self._steps = 0
        self._step = 0

    @property
    def seconds_per_step(self) -> float:
        """The mean time per training step since the begin, evaluations included."""
        return (time.monotonic() - self._began_s) / max(self._steps, 1)

    def __call__(self, at: Progress) -> None:
        """Takes the progress of training.

        Raises:
            StopTraining: time is up, the study ends, or the trial is hopeless.
        """
        is_evaluation = at.step == self._step
        self._steps, self._step = self._steps + (not is_evaluation), at.step
        is_late = self._ends_at_s is not None and time.time() > self._ends_at_s
        if is_late or self._is_closed():
            raise StopTraining("late")
        slot = min(SLOTS, int(SLOTS * at.fraction + 1e-9))
        if self._report is None or at.stage != "fit" or not is_evaluation or slot <= self._reported_slot:
            return
        self._reported_slot = slot
        if at.best_dev_loss is not None and self._report(slot, at.best_dev_loss):
            raise StopTraining("pruned")
