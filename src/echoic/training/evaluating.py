"""The loss of a network over batches, without training."""

from collections.abc import Callable
from typing import NamedTuple

import torch

from echoic.model import SequenceModel
from echoic.training.records import Batches


class EvalResult(NamedTuple):
    """The mean loss per value, and the accuracy, for heads that predict symbols."""

    loss: float
    accuracy: float | None


def evaluate(model: SequenceModel, batches: Batches) -> EvalResult:
    """Evaluates a network over all batches."""
    total, values, correct = _totals(model, batches, lambda _: None)
    return EvalResult(total / max(values, 1), None if correct is None else correct / max(values, 1))


def total_loss(
    model: SequenceModel, batches: Batches, on_batch: Callable[[int], None] = lambda _: None
) -> tuple[float, int]:
    """The sum of the losses over all batches and the number of values; the state is carried where batches continue.

    `on_batch` is called with the number of batches done, after each.
    """
    total, values, _ = _totals(model, batches, on_batch)
    return total, values


@torch.no_grad()
def _totals(model: SequenceModel, batches: Batches, on_batch: Callable[[int], None]) -> tuple[float, int, int | None]:
    model.eval()
    device = next(model.parameters()).device
    total, values, correct, state = 0.0, 0, None, None
    for number, batch in enumerate(batches.epoch(0, 0), 1):
        loss = model.loss(batch.to(device), state if batch.carry else None)
        total, values, state = total + loss.total.item(), values + loss.num_values, loss.state
        correct = None if loss.correct is None else (correct or 0) + loss.correct
        on_batch(number)
    return total, values, correct
