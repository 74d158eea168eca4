"""The fast tier of raw audio packed for sampling on the compiled kernels."""

from typing import Any, NamedTuple

import torch
from torch import Tensor
from torch.nn.functional import pad

from echoic.ops.choice import kernel, native


class SampleWeights(NamedTuple):
    """The tier's layers, without the weights of the first one for the position in the frame.

    `first` `(hidden, past + 2)`, `second` `(hidden, hidden)` with `second_bias`, `mixture` `(3 * components, hidden)`
    with `mixture_bias`.
    """

    first: Tensor
    second: Tensor
    second_bias: Tensor
    mixture: Tensor
    mixture_bias: Tensor


class SampleTier:
    """A copy of the weights in the kernel's own layout. Hidden units are padded with zeros to whole vectors."""

    def __init__(self, weights: SampleWeights, num_codes: int, first_width: float) -> None:
        hidden = len(weights.second)
        self._padding = -hidden % int(native.width(kernel()))
        padding = self._padding
        tensors = [
            pad(weights.first, (0, 0, 0, padding)),
            pad(weights.second, (0, padding, 0, padding)),
            pad(weights.second_bias, (0, padding)),
            pad(weights.mixture, (0, padding)),
            weights.mixture_bias,
        ]
        tensors = [one.detach().to("cpu", torch.float32).contiguous() for one in tensors]
        past, components = weights.first.shape[1] - 2, len(weights.mixture) // 3
        addresses = [one.data_ptr() for one in tensors]
        self._tier: Any = native.SampleTier(
            kernel(), past, hidden + padding, components, num_codes, addresses, first_width
        )

    def sample(
        self,
        positions: Tensor,
        lpc_weights: Tensor,
        history: Tensor,
        power: Tensor,
        uniforms: Tensor,
        temperature: float,
        floor: float,
    ) -> Tensor:
        """Codes `(rows, samples)`.

        Args:
            positions: `(rows, samples, hidden)`, the first layer's sums for the position in the frame, bias included.
            lpc_weights: `(rows, past)`, weights of the linear prediction, the oldest sample first.
            history: `(rows, past)`, the samples before as values from -1 to 1.
            power: `(rows,)`, the predicted mean square of each row.
            uniforms: `(samples, rows)` in float64, from 0 to below 1, one per draw.
            temperature: of sampling; 0 takes the most probable code.
            floor: subtracted from every probability.
        """
        codes = torch.empty(positions.shape[:2])
        self._tier.sample(
            pad(positions, (0, self._padding)).contiguous().numpy(),
            lpc_weights.contiguous().numpy(),
            history.contiguous().numpy(),
            power.contiguous().numpy(),
            uniforms.numpy(),
            temperature,
            floor,
            codes.numpy(),
            min(torch.get_num_threads(), len(positions)),
        )
        return codes
