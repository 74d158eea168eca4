"""Inputs, state and result of the training loop."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple, Protocol, TypeVar, get_args, get_type_hints

from echoic.run import Checkpoint, damage_named
from echoic.tensors import Batch
from echoic.types import stored

_MOST_STEPS = 10**15

T = TypeVar("T")


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


@dataclass
class TrainerState:
    """The state of the loop; with the tensors of a checkpoint, everything that later steps depend on."""

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


def read_phase(path: Path, checkpoint: Checkpoint) -> Phase:
    """The phase that a checkpoint in the folder `path` was written in."""
    with damage_named(path):
        phase = from_stored(Phase, stored.field(checkpoint.metadata, "phase"))
        if phase.name not in PHASES:
            raise ValueError(f"`phase.name` must be one of {', '.join(PHASES)}, got {phase.name!r:.60}")
        return phase


def from_stored(kind: type[T], values: Mapping[str, Any]) -> T:
    """A dataclass of numbers and texts, from the fields of a checkpoint; earlier versions had fewer.

    Raises:
        ValueError: a field is of another type.
        TypeError: there are other fields.
    """
    for name, hint in get_type_hints(kind).items():
        kinds = get_args(hint) or (hint,)
        if name not in values or (values[name] is None and type(None) in kinds):
            continue
        if int in kinds:
            stored.integer(values, name, 0, _MOST_STEPS)
        elif float in kinds:
            stored.any_number(values, name)
        elif str in kinds:
            stored.text(values, name)
    return kind(**values)
