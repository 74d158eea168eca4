"""Inputs, phases and result of the training loop."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple, Protocol

from echoic.run import Checkpoint, damage_named
from echoic.tensors import Batch
from echoic.training.state import from_stored
from echoic.types import stored


class Batches(Protocol):
    """Batches per epoch, the same for the same seed and epoch."""

    def __len__(self) -> int:
        """Number of batches per epoch."""

    def epoch(self, seed: int, epoch: int, skip: int = 0) -> Iterator[Batch]:
        """The batches of an epoch from number `skip` on."""


class TrainingData(NamedTuple):
    """Batches to train on, and batches to evaluate on meanwhile."""

    train: Batches
    dev: Batches | None


class Progress(NamedTuple):
    """Progress of training: `fraction` of the `stage` is completed; losses are means per value.

    A stage is a phase of the run, or a fold of cross-validation. Networks that predict symbols or classes have a
    `dev_accuracy`.
    """

    stage: str
    epoch: int
    step: int
    fraction: float
    train_loss: float
    dev_loss: float | None
    best_dev_loss: float | None
    batches_per_s: float
    dev_accuracy: float | None = None


class StopTraining(Exception):  # noqa: N818
    """Raised by `on_progress` to stop training: after a checkpoint, as at a signal, `fit` raises it.

    The run keeps the best weights so far and can be resumed.
    """


class TrainResult(NamedTuple):
    """The result of training."""

    steps: int
    best_dev_loss: float | None
    best_step: int
    skipped_steps: int
    seconds: float
    stop_reason: str


PHASES = ("fit", "refit")
"""Names of phases, in their order."""


@dataclass(frozen=True)
class Phase:
    """One stage of training in a run.

    `steps`: number of steps, instead of epochs. `budget`: its fraction of the time budget.
    `first_step`: number of steps in the phases before.
    """

    name: str = "fit"
    steps: int | None = None
    budget: float = 1.0
    first_step: int = 0


def read_phase(path: Path, checkpoint: Checkpoint) -> Phase:
    """The phase that a checkpoint in the folder `path` was written in."""
    with damage_named(path):
        phase = from_stored(Phase, stored.field(checkpoint.metadata, "phase"))
        if phase.name not in PHASES:
            raise ValueError(f"`phase.name` must be one of {', '.join(PHASES)}, got {phase.name!r:.60}")
        return phase
