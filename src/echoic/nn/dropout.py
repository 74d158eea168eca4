"""Dropout whose random bits are drawn sixteen at a time."""

from typing import final

import torch
from jaxtyping import Bool, Float
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
        kept = self.kept(x[:, :1].shape if self.locked else x.shape, x.device)
        return x if kept is None else x * kept.to(x.dtype).mul_(self.scale)

    @property
    def scale(self) -> float:
        """The factor of the values that are kept in training."""
        return _LEVELS / (_LEVELS - self._dropped_levels) if self.is_active else 1.0

    def kept(self, shape: torch.Size, device: torch.device) -> Bool[Tensor, "*shape"] | None:
        """A new mask of the values to keep, for modules that apply it themselves; None for all."""
        if not self.is_active:
            return None
        count = shape.numel()
        own = Place(0, count, count) if self.of_weights else place(count)
        draws = torch.empty((own.total + 3) // 4, dtype=torch.int64, device=device).random_(-(2**63), None)
        bits = own.of(draws.view(torch.int16)).view(shape)
        return bits >= self._dropped_levels - _LEVELS // 2

    @property
    def _dropped_levels(self) -> int:
        return min(round(self.p * _LEVELS), _LEVELS - 1)

    def extra_repr(self) -> str:
        """For torch's printout of a model."""
        return f"p={self.p}, locked={self.locked}" if self.locked else f"p={self.p}"
