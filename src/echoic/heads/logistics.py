"""Mixtures of logistic distributions over the codes of sound."""

from typing import NamedTuple, final

import torch
from jaxtyping import Float
from torch import Tensor
from torch.nn import functional

PER_COMPONENT = 3
"""Weight, mean and width of each component."""

FIRST_WIDTH = 0.05
"""Unit of the means and widths that a network gives."""


class LogisticMixture(NamedTuple):
    """Logistic distributions over values from -1 to 1; softplus of `width` is the scale."""

    log_weight: Float[Tensor, "*batch components"]
    mean: Float[Tensor, "*batch components"]
    width: Float[Tensor, "*batch components"]

    @classmethod
    def of(cls, params: Float[Tensor, "*batch params"], centre: Float[Tensor, "*batch"]) -> "LogisticMixture":
        """From the output of a network, which is relative to `centre`."""
        weight, mean, width = params.chunk(PER_COMPONENT, -1)
        return cls(functional.log_softmax(weight, -1), centre[..., None] + FIRST_WIDTH * mean, width)

    def log_prob(self, codes: Tensor, num_codes: int) -> Tensor:
        """Log probability of each of `codes` `(..., some)`, out of `num_codes`."""
        half = 1 / (num_codes - 1)
        # At least a twentieth of a code, where all but a ten-thousandth of the probability is on one code.
        scale = half / 10 + FIRST_WIDTH * functional.softplus(self.width)
        offset = (2 * half * codes - 1)[..., None] - self.mean[..., None, :]
        above, below = (offset + half) / scale[..., None, :], (offset - half) / scale[..., None, :]
        # The difference of two logistic functions, in a form that is accurate far out in the tails.
        between = above + torch.log(-torch.expm1(-2 * half / scale))[..., None, :]
        between = between - functional.softplus(above) - functional.softplus(below)
        lowest, highest = codes[..., None] == 0, codes[..., None] == num_codes - 1
        inside = torch.where(highest, -functional.softplus(below), between)
        inside = torch.where(lowest, -functional.softplus(-above), inside)
        return torch.logsumexp(inside + self.log_weight[..., None, :], -1)


@final
class CodeLoss:
    """Negative log-likelihood `nll` of one code per mixture, as `LogisticMixture.log_prob`, and its gradient.

    The probability of a component is `sigmoid(above) * sigmoid(-below) * (1 - exp(-span))`, of which the lowest code
    has only the first factor, and the highest only the second. Parameters come first, so that rows are contiguous.
    """

    def __init__(
        self,
        params: Float[Tensor, "params rows"],
        centre: Float[Tensor, "rows"],
        codes: Float[Tensor, "rows"],
        num_codes: int,
    ) -> None:
        self._weight, mean, self._width = params.chunk(PER_COMPONENT)
        half = 1 / (num_codes - 1)
        self._inverse = functional.softplus(self._width).mul_(FIRST_WIDTH).add_(half / 10).reciprocal_()
        offset = torch.sub(2 * half * codes - (1 + centre), mean, alpha=FIRST_WIDTH)
        self._above, self._below = (offset + half).mul_(self._inverse), (offset - half).mul_(self._inverse)
        self._left, self._right = (codes != num_codes - 1).to(params), (codes != 0).to(params)
        self._span = 2 * half * self._inverse
        self._grown = torch.expm1(self._span)
        inside = (self._grown / (self._grown + 1)).log_().mul_(self._left * self._right)
        inside.addcmul_(functional.logsigmoid(self._above), self._left)
        inside.addcmul_(functional.logsigmoid(-self._below), self._right)
        self._joint = functional.log_softmax(self._weight, 0).add_(inside)
        self.nll = -torch.logsumexp(self._joint, 0)

    def gradient(self) -> tuple[Float[Tensor, "params rows"], Float[Tensor, "rows"]]:
        """Derivatives by the parameters and by the centre."""
        share = (self._joint + self.nll).exp_()
        slope = share * self._inverse
        left, right = torch.sigmoid(-self._above).mul_(self._left), torch.sigmoid(self._below).mul_(self._right)
        by_mean = (left - right).mul_(slope).mul_(FIRST_WIDTH)
        by_scale = left.mul_(self._above).sub_(right.mul_(self._below))
        by_scale.addcmul_(self._span / self._grown, self._left * self._right)
        by_width = torch.sigmoid(self._width).mul_(FIRST_WIDTH).mul_(by_scale.mul_(slope))
        by_weight = torch.softmax(self._weight, 0).sub_(share)
        return torch.cat([by_weight, by_mean, by_width]), by_mean.sum(0) / FIRST_WIDTH
