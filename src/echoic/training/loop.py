"""The one training loop of every job."""

import math
import time
from collections.abc import Callable
from dataclasses import asdict
from signal import Signals
from typing import Any, final

import torch
from torch import Tensor

from echoic.config import TrainSettings
from echoic.distributed.ranks import ALONE, Ranks
from echoic.errors import Interrupted, TrainingError
from echoic.model import SequenceModel
from echoic.run import Checkpoint, RunFolder, damage_named
from echoic.tensors import Batch
from echoic.training.agreement import Agreement
from echoic.training.clock import Clock
from echoic.training.learner import Learner
from echoic.training.records import (
    Phase,
    Progress,
    StopTraining,
    TrainingData,
    TrainResult,
)
from echoic.training.restored import like
from echoic.training.schedule import learning_rate
from echoic.training.state import TrainerState, from_stored
from echoic.training.stopping import Stop, stop_on_signals
from echoic.training.threads import thread_count
from echoic.types import stored

MAX_SKIPPED_STEPS = 20
"""Consecutive steps with a non-finite loss or gradient before training stops with an error."""


@final
class Trainer:
    """Trains a model, tracks the dev loss, and checkpoints so that training can resume from any instant.

    With `settings.minutes` a phase lasts for its fraction of them, counted from its first step and at least one step
    long, otherwise at most `settings.steps` steps or `settings.epochs` epochs. Without `dev` the last weights are kept,
    and only at the end.

    Several `ranks` do the same, but for their shares of each batch; the state of the loop is the same in all of them.
    `on_progress` and the clock of the first one count. Checkpoints are those of a single process.
    """

    def __init__(
        self,
        model: SequenceModel,
        data: TrainingData,
        settings: TrainSettings,
        folder: RunFolder,
        phase: Phase | None = None,
        on_progress: Callable[[Progress], None] = lambda _: None,
        ranks: Ranks = ALONE,
    ) -> None:
        self.learner = Learner(model, settings, ranks)
        self.train, self.dev = data
        self.settings = settings
        self.folder = folder
        self.on_progress = on_progress
        self.ranks = ranks
        self.phase = phase or Phase()
        self.budget_s = settings.minutes * 60 * self.phase.budget if settings.minutes else None
        self.total_steps = self.phase.steps or settings.steps or settings.epochs * len(self.train)
        self.eval_points = {
            len(self.train) * count // settings.evals_per_epoch for count in range(1, settings.evals_per_epoch + 1)
        }
        self.state = TrainerState(metrics_rows=len(folder.read_metrics()))
        self.best: dict[str, Tensor] = {}
        self.rows: list[dict[str, Any]] = []
        self.dev_loss: float | None = None
        self.dev_accuracy: float | None = None
        self._stop_request: StopTraining | None = None
        self._agreed = Agreement()
        self._clock = Clock()
        self._session_steps = 0
        self._last_checkpoint = time.monotonic()

    def run(self) -> TrainResult:
        """Trains from the current state to the end.

        Raises:
            Interrupted: SIGINT, SIGTERM or SIGHUP came; a checkpoint was written first.
            StopTraining: `on_progress` raised it; a checkpoint was written first.
            TrainingError: losses or gradients stay non-finite (the best weights so far are kept), or there is no batch.
            RunError: the run folder cannot be written.
        """
        if not len(self.train):
            raise TrainingError("There is no batch to train on.")
        with thread_count(self.settings.threads), stop_on_signals() as stop:
            self._agree(stop)
            while (stop_reason := self._finished()) is None:
                self._train_epoch(stop)
                self._raise_if_stopped()
            if self.state.loss_values:
                self._evaluate()
            if not self.best:
                self.best = self.learner.weights()
                self.state.best_step = self.state.step
            self.write_checkpoint()
            self._agree(stop)
            if self._agreed.signal:
                self._raise_interrupted()
        return TrainResult(
            self.state.step,
            self.state.best_dev_loss,
            self.state.best_step,
            self.state.skipped,
            self._clock.elapsed,
            stop_reason,
        )

    def write_checkpoint(self) -> None:
        """Saves metrics, best model, then the checkpoint, so that the three always agree."""
        self.state.seconds = self._clock.elapsed
        self.ranks.same_random_state()
        self.folder.append_metrics(self.rows)
        self.state.metrics_rows += len(self.rows)
        self.rows = []
        self._write_best()
        tensors = self.learner.tensors() | {f"best.{name}": weight for name, weight in self.best.items()}
        ema_steps = self.learner.ema.steps if self.learner.ema else 0
        metadata = {"state": asdict(self.state), "ema_steps": ema_steps, "phase": asdict(self.phase)}
        if self.ranks.is_first:
            self.folder.write_checkpoint(self.phase.first_step + self.state.step, Checkpoint(tensors, metadata))
        self._last_checkpoint = time.monotonic()

    def restore(self, checkpoint: Checkpoint) -> None:
        """Restores trainer and run folder to the state in which `checkpoint` was written.

        Raises:
            RunError: the checkpoint is that of another network or optimizer.
        """
        with damage_named(self.folder.checkpoints):
            self._restore(checkpoint)
        self.folder.truncate_metrics(self.state.metrics_rows)
        self._write_best()

    def _restore(self, checkpoint: Checkpoint) -> None:
        groups: dict[str, dict[str, Tensor]] = {}
        for name, tensor in checkpoint.tensors.items():
            group, _, rest = name.partition(".")
            groups.setdefault(group, {})[rest] = tensor
        self.state = from_stored(TrainerState, stored.field(checkpoint.metadata, "state"))
        upcoming = None
        if "carried" in groups:
            upcoming = next(self.train.epoch(self.settings.seed, self.state.epoch, self.state.batch), None)
        self.learner.load(groups, stored.integer(checkpoint.metadata, "ema_steps", 0, 1 << 50), upcoming)
        weights = dict(self.learner.model.named_parameters())
        self.best = like(weights, groups["best"], "best") if "best" in groups else {}
        self._clock = Clock(self.state.seconds)

    def _write_best(self) -> None:
        if self.best:
            self.folder.write_model(self.best, {"step": self.state.best_step, "dev_loss": self.state.best_dev_loss})

    def _fraction_done(self) -> float:
        """The completed fraction of the phase."""
        if self.budget_s is not None:
            return self._clock.elapsed / self.budget_s
        return self.state.step / self.total_steps

    def _agreed_progress(self) -> float:
        """The completed fraction of the phase, by the clock of the first process where it depends on one."""
        progress = self._fraction_done()
        if self.budget_s is None or self.ranks.size == 1:
            return progress
        return self.ranks.of_first(torch.tensor([progress], dtype=torch.float64)).item()

    def _finished(self) -> str | None:
        if self.budget_s is not None:
            return "time is up" if self._agreed.is_time_up else None
        if self.state.step >= self.total_steps:
            return "all steps done"
        if self.state.evals_since_best >= self.settings.patience:
            return f"no better dev loss in {self.settings.patience} evaluations"
        return None

    def _train_epoch(self, stop: Stop) -> None:
        """Trains to the end of the epoch, or until a stop is requested."""
        self.learner.model.train()
        for batch in self.train.epoch(self.settings.seed, self.state.epoch, self.state.batch):
            self._clock.start()
            self._step(batch)
            self.state.batch += 1
            self.state.step += 1
            self._session_steps += 1
            self._report()
            if self.state.batch in self.eval_points:
                self._evaluate()
                self.learner.model.train()
            self._agree(stop)
            if self._agreed.stops or self._finished():
                return
            if self._agreed.is_checkpoint_due:
                self.write_checkpoint()
        self.state.epoch, self.state.batch, self.learner.carried = self.state.epoch + 1, 0, None

    def _step(self, batch: Batch) -> None:
        """One update; skipped and counted if the loss or the gradient is not finite."""
        progress = self._agreed_progress()
        self.state.lr = learning_rate(self.settings, progress)
        outcome = self.learner.step(batch, self.state.lr, progress)
        if outcome is None:
            self._skip()
        else:
            self.state.count_step(*outcome)

    def _skip(self) -> None:
        self.state.skipped += 1
        self.state.skipped_in_a_row += 1
        if self.state.skipped_in_a_row >= MAX_SKIPPED_STEPS:
            self.write_checkpoint()
            kept = "the best weights so far are" if self.best else "a checkpoint with the weights before them is"
            raise TrainingError(
                f"Loss or gradient was not finite for {MAX_SKIPPED_STEPS} consecutive steps, at step "
                f"{self.state.step}; {kept} kept in {self.folder.path}. Try a smaller --lr or --grad-clip-norm, or "
                "check the data."
            )

    def _evaluate(self) -> None:
        """Evaluates on dev, keeps the best weights and adds a row of metrics."""
        started_at = time.monotonic()
        if self.dev is not None:
            weights = self.learner.weights()
            self.dev_loss, self.dev_accuracy = self.learner.evaluate(weights, self.dev)
            self._keep_if_best(weights, self.dev_loss)
        self.state.dev_seconds = time.monotonic() - started_at
        accuracy = {"train_accuracy": self.state.train_accuracy, "dev_accuracy": self.dev_accuracy}
        row = {"phase": self.phase.name, "epoch": self.state.epoch, "step": self.phase.first_step + self.state.step}
        row |= {"train_loss": self.state.train_loss, "dev_loss": self.dev_loss}
        row |= {name: value for name, value in accuracy.items() if value is not None}
        self.rows.append(row | {"lr": self.state.lr, "skipped": self.state.skipped})
        self._report()
        self.state.forget_losses()

    def _keep_if_best(self, weights: dict[str, Tensor], loss: float) -> None:
        """Keeps weights with the lowest loss so far; any number is lower than NaN."""
        best = self.state.best_dev_loss
        is_best = best is None or loss < best or math.isnan(best)
        self.state.count_evaluation(is_best=is_best, dev_loss=loss)
        if is_best:
            self.best = weights
        if self._fraction_done() < self.learner.model.head.curriculum_fraction:
            self.state.evals_since_best = 0

    def _agree(self, stop: Stop) -> None:
        """Makes known to all processes what one of them knows: signals, requests to stop, what the clock says."""
        is_time_up = False
        if self.budget_s is not None:
            # The last dev evaluation has to fit in as well.
            is_time_up = self.state.step > 0 and self._clock.elapsed + self.state.dev_seconds >= self.budget_s
        is_due = time.monotonic() - self._last_checkpoint > self.settings.checkpoint_interval_s
        own = Agreement(stop.signal or 0, self._stop_request is not None, is_time_up, is_due)
        self._agreed = own.with_others(self.ranks)

    def _progress(self) -> Progress:
        seconds = max(self._clock.session, 1e-9)
        return Progress(
            self.phase.name,
            self.state.epoch,
            self.state.step,
            min(self._fraction_done(), 1.0),
            self.state.train_loss,
            self.dev_loss,
            self.state.best_dev_loss,
            self._session_steps / seconds,
            self.dev_accuracy,
        )

    def _report(self) -> None:
        """Reports progress; a request to stop waits until the state of the loop is complete."""
        try:
            self.on_progress(self._progress())
        except StopTraining as request:
            self._stop_request = request

    def _raise_if_stopped(self) -> None:
        if self._agreed.signal:
            self._raise_interrupted()
        if self._agreed.is_stop_requested and self._finished() is None:
            self.write_checkpoint()
            raise self._stop_request or StopTraining

    def _raise_interrupted(self) -> None:
        self.write_checkpoint()
        number = Signals(self._agreed.signal)
        raise Interrupted(
            f"Stopped by {number.name} after step {self.state.step}, and saved; resume with "
            f"`{self.folder.resume_command}`.",
            number,
        )
