"""The loss of the fast tier of `AudioSamples`, with its gradient by hand."""

from typing import Any, NamedTuple

import torch
from jaxtyping import Float
from torch import Tensor

from echoic.heads.blocks import blocks, mask_rectified, scratch
from echoic.heads.logistics import CodeLoss
from echoic.ops import first_order, in_float32


class TierInputs(NamedTuple):
    """Inputs for samples: the `window` before each, the `centre` of the mixture and the log of the remaining power."""

    window: Float[Tensor, "*batch past"]
    centre: Float[Tensor, "*batch"]
    remaining: Float[Tensor, "*batch"]
    positions: Float[Tensor, "*batch conditioning"]

    def joined(self) -> Float[Tensor, "*batch inputs"]:
        """As the first layer reads them."""
        return torch.cat([self.window, self.centre[..., None], self.remaining[..., None], self.positions], -1)


class TierWeights(NamedTuple):
    """Weights and biases of the two hidden layers and of the mixture."""

    first: Float[Tensor, "hidden inputs"]
    first_bias: Float[Tensor, "hidden"]
    second: Float[Tensor, "hidden hidden"]
    second_bias: Float[Tensor, "hidden"]
    mixture: Float[Tensor, "params hidden"]
    mixture_bias: Float[Tensor, "params"]


def tier_nll(
    inputs: TierInputs, weights: TierWeights, codes: Float[Tensor, "*batch"], num_codes: int
) -> Float[Tensor, "*batch"]:
    """Negative log-likelihood of each of `codes`.

    First derivatives only, none by window and remaining power, and not through torch.func. Block by block through three
    linear layers and the mixture: layers of torch would write and read the hidden vectors of all samples several times.
    """

    def nll(codes: Tensor, *tensors: Tensor) -> Tensor:
        if torch.is_grad_enabled():
            result: Tensor = _TierLoss.apply(codes, num_codes, *tensors)  # type: ignore[no-untyped-call]
            return result
        return _evaluated(TierInputs(*tensors[:4]), TierWeights(*tensors[4:]), codes, num_codes)

    return in_float32(nll, codes, *inputs, *weights)


def _evaluated(inputs: TierInputs, weights: TierWeights, codes: Tensor, num_codes: int) -> Tensor:
    """Without what the gradient needs."""
    x, centre = inputs.joined().flatten(0, -2), inputs.centre.flatten()
    first, second = (scratch(x, len(x), len(weights.second)) for _ in range(2))
    params = x.new_empty(len(weights.mixture), len(x))
    for rows in blocks(len(x)):
        place = slice(rows.stop - rows.start)
        params[:, rows] = _layers(x[rows], weights, first[place], second[place])
    return CodeLoss(params, centre, codes.flatten(), num_codes).nll.view_as(codes)


def _layers(x: Tensor, weights: TierWeights, first: Tensor, second: Tensor) -> Tensor:
    """Parameters of the mixtures `(params, rows)`; hidden vectors are written to `first` and `second`."""
    torch.addmm(weights.first_bias, x, weights.first.t(), out=first).relu_()
    torch.addmm(weights.second_bias, first, weights.second.t(), out=second).relu_()
    return torch.addmm(weights.mixture_bias[:, None], weights.mixture, second.t())


class _TierLoss(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, codes: Tensor, num_codes: int, *tensors: Tensor) -> Tensor:
        inputs, weights = TierInputs(*tensors[:4]), TierWeights(*tensors[4:])
        x, centre = inputs.joined().flatten(0, -2), inputs.centre.flatten()
        first, second = (x.new_empty(len(x), len(weights.second)) for _ in range(2))
        params = x.new_empty(len(weights.mixture), len(x))
        for rows in blocks(len(x)):
            params[:, rows] = _layers(x[rows], weights, first[rows], second[rows])
        loss = CodeLoss(params, centre, codes.flatten(), num_codes)
        by_params, by_centre = loss.gradient()
        ctx.save_for_backward(x, first, second, by_params, by_centre, *weights)
        ctx.past = inputs.window.shape[-1]
        return loss.nll.view_as(codes)

    @staticmethod
    @first_order
    def backward(ctx: Any, grad: Tensor) -> tuple[Any, ...]:
        x, first, second, by_params, by_centre, *saved = ctx.saved_tensors
        weights, flat_grad = TierWeights(*saved), grad.flatten()
        by_weights = TierWeights(*map(torch.zeros_like, weights))
        by_first = x.new_zeros(weights.first.t().shape)
        for_centre, for_positions = weights.first[:, ctx.past].contiguous(), weights.first[:, ctx.past + 2 :]
        by_centre = by_centre * flat_grad
        by_positions = x.new_empty(len(x), for_positions.shape[1])
        vectors = [scratch(x, len(x), len(weights.second)) for _ in range(2)]
        for rows in blocks(len(x)):
            high, low = (one[: rows.stop - rows.start] for one in vectors)
            params = by_params[:, rows] * flat_grad[rows]
            by_weights.mixture.addmm_(params, second[rows])
            by_weights.mixture_bias.add_(params.sum(1))

            torch.mm(params.t(), weights.mixture, out=high)
            mask_rectified(high, second[rows])
            by_weights.second.addmm_(high.t(), first[rows])
            by_weights.second_bias.add_(high.sum(0))

            torch.mm(high, weights.second, out=low)
            mask_rectified(low, first[rows])
            by_first.addmm_(x[rows].t(), low)
            by_weights.first_bias.add_(low.sum(0))

            torch.mm(low, for_positions, out=by_positions[rows])
            by_centre[rows] += torch.mv(low, for_centre)
        by_weights = by_weights._replace(first=by_first.t())
        by_inputs = None, by_centre.view_as(grad), None, by_positions.view(*grad.shape, -1)
        return None, None, *by_inputs, *by_weights
