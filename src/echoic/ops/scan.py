"""Linear recurrences over sequences, for cells without recurrent weights."""

from collections.abc import Sequence
from typing import Any

import torch
from jaxtyping import Float
from torch import Tensor

from echoic.ops.first_order import first_order


def linear_scan(
    decay: Float[Tensor, "batch steps hidden"],
    drive: Float[Tensor, "batch steps hidden"],
    h: Float[Tensor, "batch hidden"],
) -> Float[Tensor, "batch steps hidden"]:
    """All `h_t = decay_t * h_(t-1) + drive_t`, from `h`.

    A loop with one fused operation per step, forward and backward. On a CPU core it took a tenth of the time of a
    parallel scan by doubling, and a thirtieth of one in log space (32 rows, 64 steps, 256 units: 1.8, 20 and 70 ms).
    Fastest where `decay` and `drive` are transposed views of `(steps, batch, hidden)`. First derivatives only.
    """
    result: Tensor = _LinearScan.apply(decay, drive, h)  # type: ignore[no-untyped-call]
    return result


class _LinearScan(torch.autograd.Function):
    """The gradient of a linear recurrence is the same recurrence in reverse."""

    @staticmethod
    def forward(ctx: Any, decay: Tensor, drive: Tensor, h: Tensor) -> Tensor:
        y = torch.empty_like(drive)
        _run(decay.unbind(1), drive.unbind(1), h, y.unbind(1))
        ctx.save_for_backward(decay, h, y)
        return y

    @staticmethod
    @first_order
    def backward(ctx: Any, grad: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        decay, h, y = ctx.saved_tensors
        grad_drive = torch.empty_like(y)
        # The gradient of step t reaches step t - 1 through the decay of step t.
        decays = [*decay.unbind(1)[1:], torch.zeros_like(h)][: y.shape[1]]
        reverse = slice(None, None, -1)
        _run(decays[reverse], grad.unbind(1)[reverse], torch.zeros_like(h), grad_drive.unbind(1)[reverse])
        before = torch.cat([h[:, None], y], 1)[:, :-1]
        grad_h = decay[:, 0] * grad_drive[:, 0] if y.shape[1] else torch.zeros_like(h)
        return grad_drive * before, grad_drive, grad_h


def _run(decays: Sequence[Tensor], drives: Sequence[Tensor], h: Tensor, y: Sequence[Tensor]) -> None:
    for decay_t, drive_t, y_t in zip(decays, drives, y, strict=True):
        torch.addcmul(drive_t, decay_t, h, out=y_t)
        h = y_t
