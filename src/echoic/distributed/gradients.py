"""The gradient of a whole batch, from those of its parts."""

from collections.abc import Sequence

import torch
from torch import Tensor, nn

from echoic.distributed.ranks import Ranks, Share


def add_up(ranks: Ranks, share: Share, parameters: Sequence[nn.Parameter], numbers: Tensor) -> Tensor:
    """Replaces the gradients, and `numbers` `(count,)`, by their sums over all processes: one message for all of them.

    Gradients of a batch that everyone has as a whole become those of the first process. A parameter without a gradient
    in every process has none afterwards. torch's DistributedDataParallel cannot be used: it wants to see every pass
    through `forward`, and stays unsynchronised in silence where the learned first state is used in some chunks only.
    """
    if ranks.size == 1:
        return numbers
    has = numbers.new_tensor([float(parameter.grad is not None) for parameter in parameters])
    gradients = [torch.zeros_like(one) if one.grad is None else one.grad for one in parameters]
    parts = [*gradients, numbers, has]
    flat = torch.cat([part.detach().flatten().to(numbers.dtype) for part in parts])
    flat = ranks.of_first(flat) if share.is_whole else ranks.total(flat)
    *sums, numbers, has = torch.split(flat, [part.numel() for part in parts])
    for parameter, gradient, count in zip(parameters, sums, has.tolist(), strict=True):
        parameter.grad = gradient.view_as(parameter).to(parameter.dtype) if count else None
    return numbers


@torch.no_grad()
def same_weights(ranks: Ranks, model: nn.Module) -> None:
    """Gives every process the weights of the first one: other kinds of CPU round random first weights differently."""
    if ranks.size > 1:
        for weight in model.parameters():
            ranks.of_first(weight.data)
