"""The state of the training loop, and how it is read from a checkpoint."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, TypeVar, get_args, get_type_hints

from echoic.types import stored

_MOST_STEPS = 10**15

T = TypeVar("T")


@dataclass
class TrainerState:
    """The state of the loop; with the tensors of a checkpoint, everything that later steps depend on.

    `loss_total`, `loss_values` and `correct` are sums since the last evaluation.
    """

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

    @property
    def train_loss(self) -> float:
        """The mean loss per value since the last evaluation."""
        return self.loss_total / max(self.loss_values, 1)

    @property
    def train_accuracy(self) -> float | None:
        """The fraction of correct predictions since then, of networks that predict symbols."""
        return None if self.correct is None else self.correct / max(self.loss_values, 1)

    def count_step(self, total: float, num_values: int, correct: int | None) -> None:
        """Adds the loss of a step, summed over its values, and the number of correct predictions."""
        self.skipped_in_a_row = 0
        self.loss_total += total
        self.loss_values += num_values
        if correct is not None:
            self.correct = (self.correct or 0) + correct

    def count_evaluation(self, *, is_best: bool, dev_loss: float) -> None:
        """Counts an evaluation on dev."""
        self.evals_since_best += 1
        if is_best:
            self.best_dev_loss, self.best_step, self.evals_since_best = dev_loss, self.step, 0

    def forget_losses(self) -> None:
        """Begins new sums."""
        self.loss_total, self.loss_values, self.correct = 0.0, 0, None


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
