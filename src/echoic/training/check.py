"""The test before a long run: can the network overfit one batch?"""

import torch

from echoic.model import SequenceModel
from echoic.tensors import Batch
from echoic.training.optimizer import Optimizer

LR = 0.02
"""Learning rate of the test."""


def overfit_one_batch(model: SequenceModel, batch: Batch, steps: int, precision: str = "float32") -> list[float]:
    """Takes `steps` Adam steps on the same batch and returns the mean loss before each of them.

    Dropout is off: what is tested is whether gradients lead downhill. `precision` is as in `TrainSettings`.
    """
    model.eval()
    optimizer = Optimizer(model.parameters(), "adam")
    losses = []
    for _ in range(steps):
        optimizer.zero_grad()
        with torch.autocast(batch.inputs.device.type, torch.bfloat16, enabled=precision == "bf16"):
            loss = model.loss(batch)
        mean = loss.total / max(loss.num_values, 1)
        torch.autograd.backward(mean)
        torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step(LR)
        losses.append(mean.item())
    return losses
