"""The fast tier of raw audio packed for sampling on the compiled kernels."""

from typing import Any, NamedTuple

import torch
from jaxtyping import Float, Float64
from torch import Tensor
from torch.nn.functional import pad

from echoic.ops.choice import kernel, native


class SampleWeights(NamedTuple):
    """The tier's layers, without the weights of the first one for the position in the frame.

    `first` has two inputs besides the samples before; `mixture` gives three numbers per component.
    """

    first: Float[Tensor, "hidden inputs"]
    second: Float[Tensor, "hidden hidden"]
    second_bias: Float[Tensor, "hidden"]
    mixture: Float[Tensor, "outputs hidden"]
    mixture_bias: Float[Tensor, "outputs"]


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
        positions: Float[Tensor, "batch samples hidden"],
        lpc_weights: Float[Tensor, "batch past"],
        history: Float[Tensor, "batch past"],
        power: Float[Tensor, "batch"],
        uniforms: Float64[Tensor, "samples batch"],
        temperature: float,
        floor: float,
    ) -> Float[Tensor, "batch samples"]:
        """The codes of a frame in each row.

        Args:
            positions: the first layer's sums for the position in the frame, bias included.
            lpc_weights: weights of the linear prediction, the oldest sample first.
            history: the samples before as values from -1 to 1.
            power: the predicted mean square of each row.
            uniforms: from 0 to below 1, one per draw.
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
