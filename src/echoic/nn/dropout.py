"""Dropout whose random bits are drawn sixteen at a time."""

from typing import final

import torch
from jaxtyping import Float
from torch import Tensor, nn

from echoic.split_batch import Place, place

_LEVELS = 2**16


@final
class Dropout(nn.Module):
    """Zeroes a fraction `p` of the values in training and scales the rest by `1 / (1 - p)` (Srivastava 2014).

    On a CPU, torch's dropout draws one random number per value, which took a fifth of a training step of a small
    network; here one draw of 64 bits serves four values. `p` is rounded to 1/65536.

    With `locked`, `x` is `(batch, steps, ...)` and all steps of a row share one mask: variational dropout (Gal and
    Ghahramani 2016).

    The first dimension of `x` is the rows of the batch, or what a module makes of them; `of_weights` is for weights,
    which have no rows: processes that share a batch drop the same ones.
    """

    def __init__(self, p: float, *, locked: bool = False, of_weights: bool = False) -> None:
        super().__init__()
        self.p = p
        self.locked = locked
        self.of_weights = of_weights

    @property
    def is_active(self) -> bool:
        """Whether it changes anything."""
        return self.training and self.p > 0

    def forward(self, x: Float[Tensor, "*shape"]) -> Float[Tensor, "*shape"]:
        """`x` with dropout in training."""
        if not self.is_active:
            return x
        like = x[:, :1] if self.locked else x
        count = like.numel()
        own = Place(0, count, count) if self.of_weights else place(count)
        draws = torch.empty((own.total + 3) // 4, dtype=torch.int64, device=x.device).random_(-(2**63), None)
        bits = own.of(draws.view(torch.int16)).view(like.shape)
        dropped = min(round(self.p * _LEVELS), _LEVELS - 1)
        keep = bits >= dropped - _LEVELS // 2
        return x * keep.to(x.dtype).mul_(_LEVELS / (_LEVELS - dropped))

    def extra_repr(self) -> str:
        """For torch's printout of a model."""
        return f"p={self.p}, locked={self.locked}" if self.locked else f"p={self.p}"
