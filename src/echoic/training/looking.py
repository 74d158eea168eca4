"""The loss of a network over batches that it does not learn from."""

from collections.abc import Callable

import torch

from echoic.model import SequenceModel
from echoic.training.records import Batches


def dev_loss(model: SequenceModel, batches: Batches) -> float:
    """The mean loss per value over all batches."""
    total, values = total_loss(model, batches)
    return total / max(values, 1)


@torch.no_grad()
def total_loss(
    model: SequenceModel, batches: Batches, on_batch: Callable[[int], None] = lambda _: None
) -> tuple[float, int]:
    """The sum of the losses over all batches, and of how many values; the state is carried where the batches say so.

    `on_batch` is called with the number of batches done, after each.
    """
    model.eval()
    device = next(model.parameters()).device
    total, values, state = 0.0, 0, None
    for number, batch in enumerate(batches.epoch(0, 0), 1):
        loss = model.loss(batch.to(device), state if batch.carry else None)
        total, values, state = total + loss.total.item(), values + loss.values, loss.state
        on_batch(number)
    return total, values
