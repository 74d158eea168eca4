"""What goes into the loop, where it stands, and what comes out."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import NamedTuple, Protocol

from echoic.run import Checkpoint
from echoic.tensors import Batch


class Batches(Protocol):
    """The batches of an epoch, the same for the same seed and epoch."""

    def __len__(self) -> int:
        """Batches in an epoch."""

    def epoch(self, seed: int, epoch: int, skip: int = 0) -> Iterator[Batch]:
        """The batches of an epoch from number `skip` on."""


class TrainingData(NamedTuple):
    """What is learned from, and what is watched meanwhile."""

    train: Batches
    dev: Batches | None


class Progress(NamedTuple):
    """Where training stands: `fraction` is the share of the `stage` that is over; losses are means per value.

    A stretch is a phase of the run, or the fold of cross-validation that is trained.
    """

    stage: str
    epoch: int
    step: int
    fraction: float
    train_loss: float
    dev_loss: float | None
    best_dev_loss: float | None
    batches_per_s: float


class TrainResult(NamedTuple):
    """What training came to."""

    steps: int
    best_dev_loss: float | None
    best_step: int
    skipped_steps: int
    seconds: float
    stop_reason: str


@dataclass(frozen=True)
class Phase:
    """One stretch of training in a run.

    `steps`: how many, instead of epochs. `budget`: the shares of the time budget at which it begins and ends.
    `first_step`: how many steps of the run went before it.
    """

    name: str = "fit"
    steps: int | None = None
    budget: tuple[float, float] = (0.0, 1.0)
    first_step: int = 0


@dataclass
class TrainerState:
    """Where the loop stands; with the tensors of a checkpoint, all that the future depends on."""

    epoch: int = 0
    batch: int = 0
    step: int = 0
    seconds: float = 0.0
    loss_total: float = 0.0
    loss_values: int = 0
    correct: int | None = None
    best_dev_loss: float | None = None
    best_step: int = 0
    evals_since_best: int = 0
    skipped: int = 0
    skipped_in_a_row: int = 0
    lr: float = 0.0
    metrics_rows: int = 0
    dev_seconds: float = 0.0


def read_phase(checkpoint: Checkpoint) -> Phase:
    """The phase that a checkpoint was written in."""
    phase = checkpoint.metadata["phase"]
    return Phase(**phase | {"budget": tuple(phase["budget"])})
