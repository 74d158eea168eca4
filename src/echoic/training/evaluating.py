"""The loss of a network over batches, without training."""

from collections.abc import Callable
from typing import NamedTuple

import torch

from echoic.distributed.ranks import ALONE, Ranks
from echoic.model import SequenceModel
from echoic.training.records import Batches


class EvalResult(NamedTuple):
    """The mean loss per value, and the accuracy, for heads that predict symbols."""

    loss: float
    accuracy: float | None


def evaluate(model: SequenceModel, batches: Batches, ranks: Ranks = ALONE) -> EvalResult:
    """Evaluates a network over all batches, of which each of several `ranks` takes a share of the rows."""
    total, values, correct = _totals(model, batches, lambda _: None, ranks)
    if ranks.size > 1:
        sums = torch.tensor([total, values, correct or 0], dtype=torch.float64)
        total, values, correct_sum = ranks.total(sums).tolist()
        correct = None if correct is None else int(correct_sum)
    return EvalResult(total / max(values, 1), None if correct is None else correct / max(values, 1))


def total_loss(
    model: SequenceModel, batches: Batches, on_batch: Callable[[int], None] = lambda _: None
) -> tuple[float, int]:
    """The sum of the losses over all batches and the number of values; the state is carried where batches continue.

    `on_batch` is called with the number of batches done, after each.
    """
    total, values, _ = _totals(model, batches, on_batch, ALONE)
    return total, values


@torch.no_grad()
def _totals(
    model: SequenceModel, batches: Batches, on_batch: Callable[[int], None], ranks: Ranks
) -> tuple[float, int, int | None]:
    model.eval()
    device = next(model.parameters()).device
    total, values, correct, state = 0.0, 0, None, None
    for number, batch in enumerate(batches.epoch(0, 0), 1):
        share = ranks.share(len(batch.inputs))
        loss = model.loss(share.of(batch).to(device), state if batch.carry else None)
        state = loss.state
        if ranks.is_first or not share.is_whole:
            total, values = total + loss.total.item(), values + loss.num_values
            correct = None if loss.correct is None else (correct or 0) + loss.correct
        on_batch(number)
    return total, values, correct
