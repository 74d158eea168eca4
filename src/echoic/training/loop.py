"""The one training loop of every job."""

import math
import time
from collections.abc import Callable
from dataclasses import asdict
from typing import Any, final

import torch
from torch import Tensor

from echoic.config import TrainSettings
from echoic.errors import Interrupted, TrainingError
from echoic.model import SequenceModel
from echoic.run import Checkpoint, RunFolder
from echoic.tensors import Batch
from echoic.training.context import thread_count
from echoic.training.looking import Look, look
from echoic.training.optimizer import (
    AveragedWeights,
    learning_rate,
    load_optimizer_tensors,
    make_optimizer,
    optimizer_tensors,
)
from echoic.training.records import Batches, Outcome, Phase, Position, Progress, TrainingData
from echoic.training.stopping import Stop, stop_on_signals

MOST_SKIPPED = 20
"""Steps in a row that may have a non-finite loss or gradient before training gives up."""


@final
class Trainer:
    """Fits a model to batches, watched on dev, and keeps the run folder able to go on from any instant.

    With `settings.minutes` the run lasts that long, counted from `began` (`time.monotonic()`; by default now);
    otherwise it takes `settings.epochs` epochs at most. Without `dev` the last weights are kept, and only at the end.
    """

    def __init__(
        self,
        model: SequenceModel,
        data: TrainingData,
        settings: TrainSettings,
        folder: RunFolder,
        phase: Phase | None = None,
        on_progress: Callable[[Progress], None] = lambda _: None,
        began: float | None = None,
    ) -> None:
        self.model = model
        self.train, self.dev = data
        self.settings = settings
        self.folder = folder
        self.on_progress = on_progress
        self.phase = phase or Phase()
        self.budget_s = settings.minutes * 60 if settings.minutes else None
        self.last_step = self.phase.steps or settings.epochs * len(self.train)
        self.looks = {len(self.train) * look // settings.checks for look in range(1, settings.checks + 1)}
        self.device = torch.device(settings.device)
        model.to(self.device)
        self.optimizer = make_optimizer(model.parameters(), settings)
        self.average = AveragedWeights(model, settings.average) if settings.average else None
        self.at = Position(metrics_rows=len(folder.read_metrics()))
        self.best: dict[str, Tensor] = {}
        self.rows: list[dict[str, Any]] = []
        self.carried: Tensor | None = None
        self.dev_loss: float | None = None
        self._began = time.monotonic() if began is None else began
        self._session_steps = 0
        self._first_step = self._last_checkpoint = time.monotonic()

    def run(self) -> Outcome:
        """Trains to the end, from wherever the trainer stands.

        Raises:
            Interrupted: SIGINT or SIGTERM came; a checkpoint was written first.
            TrainingError: losses or gradients stay non-finite (the best weights so far are kept), or there was no time.
            RunError: the run folder cannot be written.
        """
        with thread_count(self.settings.threads), stop_on_signals() as stop:
            while (why := self._finished()) is None:
                self._train_epoch(stop)
                if stop.signal is not None:
                    self._interrupted(stop)
            if self.at.step == 0:
                raise TrainingError("The time budget was over before the first step; give more --minutes.")
            if self.at.loss_values:
                self._look()
            if not self.best:
                self.best = self._weights()
                self.at.best_step = self.at.step
            self.write_checkpoint()
            if stop.signal is not None:
                self._interrupted(stop)
        return Outcome(self.at.step, self.at.best_dev_loss, self.at.best_step, self.at.skipped, self._elapsed(), why)

    def write_checkpoint(self) -> None:
        """Saves metrics, best model and then everything that `restore` needs, so that the three always agree."""
        self.at.seconds = self._elapsed()
        self.folder.append_metrics(self.rows)
        self.at.metrics_rows += len(self.rows)
        self.rows = []
        self._write_best()
        tensors = {f"model.{name}": weight for name, weight in self.model.state_dict().items()}
        tensors |= {f"optimizer.{name}": tensor for name, tensor in optimizer_tensors(self.optimizer).items()}
        tensors |= {f"best.{name}": weight for name, weight in self.best.items()}
        tensors["random"] = torch.get_rng_state()
        if self.average:
            tensors |= {f"average.{name}": weight for name, weight in self.average.weights.items()}
        if self.carried is not None:
            tensors["carried"] = self.carried
        average_steps = self.average.steps if self.average else 0
        notes = {"at": asdict(self.at), "average_steps": average_steps, "phase": asdict(self.phase)}
        self.folder.write_checkpoint(self.phase.first_step + self.at.step, Checkpoint(tensors, notes))
        self._last_checkpoint = time.monotonic()

    def restore(self, checkpoint: Checkpoint) -> None:
        """Puts the trainer where it stood when `checkpoint` was written, the run folder included."""
        groups: dict[str, dict[str, Tensor]] = {}
        for name, tensor in checkpoint.tensors.items():
            group, _, rest = name.partition(".")
            groups.setdefault(group, {})[rest] = tensor
        self.at = Position(**checkpoint.notes["at"])
        self.model.load_state_dict(groups["model"])
        load_optimizer_tensors(self.optimizer, groups.get("optimizer", {}))
        self.best = groups.get("best", {})
        if self.average:
            self.average.steps = checkpoint.notes["average_steps"]
            # In the order of the model: `update` pairs by place, and a file has an order of its own.
            self.average.weights = {name: groups["average"][name] for name in self.average.weights}
        self.carried = groups["carried"][""] if "carried" in groups else None
        torch.set_rng_state(groups["random"][""])
        self.folder.keep_metrics(self.at.metrics_rows)
        self._write_best()
        self._began -= self.at.seconds

    def _write_best(self) -> None:
        if self.best:
            self.folder.write_model(self.best, {"step": self.at.best_step, "dev_loss": self.at.best_dev_loss})

    def _elapsed(self) -> float:
        return time.monotonic() - self._began

    def _done(self) -> float:
        """The share of the phase that is over."""
        if self.budget_s is not None:
            first, last = self.phase.budget
            return max(0.0, (self._elapsed() / self.budget_s - first) / (last - first))
        return self.at.step / self.last_step

    def _finished(self) -> str | None:
        if self.budget_s is not None:
            end = self.phase.budget[1] * self.budget_s
            # The last look at dev has to fit in as well.
            return "time is up" if self._elapsed() + self.at.dev_seconds >= end else None
        if self.at.step >= self.last_step:
            return "all steps done"
        if self.at.looks_since_best >= self.settings.patience:
            return f"no better dev loss in {self.settings.patience} looks"
        return None

    def _train_epoch(self, stop: Stop) -> None:
        """Steps to the end of the epoch, or until something asks for a stop."""
        self.model.train()
        for batch in self.train.epoch(self.settings.seed, self.at.epoch, self.at.batch):
            self._step(batch.to(self.device))
            self.at.batch += 1
            self.at.step += 1
            self._session_steps += 1
            self.on_progress(self._progress())
            if self.at.batch in self.looks:
                self._look()
                self.model.train()
            if stop.signal is not None or self._finished():
                return
            self._checkpoint_when_due()
        self.at.epoch, self.at.batch, self.carried = self.at.epoch + 1, 0, None

    def _step(self, batch: Batch) -> None:
        """One update; if loss or gradient is not finite, none, and it is counted."""
        settings = self.settings
        done = self._done()
        self.at.lr = learning_rate(settings, done)
        for group in self.optimizer.param_groups:
            group["lr"] = self.at.lr
        state = self.model.unpack(self.carried) if batch.carry and self.carried is not None else None
        if settings.input_noise:
            batch = batch._replace(inputs=batch.inputs + settings.input_noise * torch.randn_like(batch.inputs))
        if settings.feed_back:
            batch = self.model.fed_back(batch, settings.feed_back * min(done, 1.0), state, torch.default_generator)
        self.optimizer.zero_grad()
        loss = self.model.loss(batch, state)
        torch.autograd.backward(loss.total / max(loss.values, 1))
        norm = torch.nn.utils.clip_grad_norm_(self.model.parameters(), settings.clip)
        total = loss.total.item()
        if not (torch.isfinite(norm).item() and abs(total) < float("inf")):
            self._skip()
            return
        self.optimizer.step()
        if self.average:
            self.average.update()
        self.carried = self.model.pack(loss.state).detach()
        self.at.skipped_in_a_row = 0
        self.at.loss_total += total
        self.at.loss_values += loss.values
        if loss.right is not None:
            self.at.right = (self.at.right or 0) + loss.right

    def _skip(self) -> None:
        self.carried = None
        self.at.skipped += 1
        self.at.skipped_in_a_row += 1
        if self.at.skipped_in_a_row >= MOST_SKIPPED:
            self.write_checkpoint()
            kept = "the best weights so far are" if self.best else "a checkpoint with the weights before them is"
            raise TrainingError(
                f"Loss or gradient was not finite for {MOST_SKIPPED} steps in a row, at step {self.at.step}; {kept} "
                f"kept in {self.folder.path}. Try a smaller --lr or --clip, or look at the data."
            )

    def _look(self) -> None:
        """Looks at dev, keeps the best weights and notes a row of metrics."""
        began = time.monotonic()
        train_loss = self.at.loss_total / max(self.at.loss_values, 1)
        accuracy = {"train_accuracy": None if self.at.right is None else self.at.right / max(self.at.loss_values, 1)}
        if self.dev is not None:
            weights = self._weights()
            dev = self._score_dev(weights, self.dev)
            self.dev_loss, accuracy["dev_accuracy"] = dev
            self._keep_if_best(weights, dev.loss)
        self.at.dev_seconds = time.monotonic() - began
        row = {"phase": self.phase.name, "epoch": self.at.epoch, "step": self.phase.first_step + self.at.step}
        row |= {"train_loss": train_loss, "dev_loss": self.dev_loss}
        row |= {name: share for name, share in accuracy.items() if share is not None}
        self.rows.append(row | {"lr": self.at.lr, "skipped": self.at.skipped})
        self.on_progress(self._progress())
        self.at.loss_total, self.at.loss_values, self.at.right = 0.0, 0, None

    def _weights(self) -> dict[str, Tensor]:
        """A copy of the weights that would be used now: the averaged ones, if there are any."""
        live = self.average.weights if self.average else dict(self.model.named_parameters())
        return {name: weight.detach().clone() for name, weight in live.items()}

    def _keep_if_best(self, weights: dict[str, Tensor], loss: float) -> None:
        """Any loss is better than one that is not a number."""
        self.at.looks_since_best += 1
        best = self.at.best_dev_loss
        if best is None or loss < best or math.isnan(best):
            self.at.best_dev_loss, self.at.best_step, self.at.looks_since_best = loss, self.at.step, 0
            self.best = weights

    def _score_dev(self, weights: dict[str, Tensor], dev: Batches) -> Look:
        """How `weights` do on dev; the model's own weights are as before afterwards."""
        live = {name: weight.detach().clone() for name, weight in self.model.named_parameters()}
        self.model.load_state_dict(weights, strict=False)
        try:
            return look(self.model, dev)
        finally:
            self.model.load_state_dict(live, strict=False)

    def _checkpoint_when_due(self) -> None:
        if time.monotonic() - self._last_checkpoint > self.settings.checkpoint_seconds:
            self.write_checkpoint()

    def _progress(self) -> Progress:
        seconds = max(time.monotonic() - self._first_step, 1e-9)
        return Progress(
            self.phase.name,
            self.at.epoch,
            self.at.step,
            min(self._done(), 1.0),
            self.at.loss_total / max(self.at.loss_values, 1),
            self.dev_loss,
            self.at.best_dev_loss,
            self._session_steps / seconds,
        )

    def _interrupted(self, stop: Stop) -> None:
        self.write_checkpoint()
        number = stop.signal
        if number is not None:
            raise Interrupted(
                f"Stopped by {number.name} after step {self.at.step}, and saved; go on with "
                f"`{self.folder.resume_command}`.",
                number,
            )
