"""The fast tier of raw audio packed for drawing, by the compiled kernels."""

from typing import Any, NamedTuple

import torch
from torch import Tensor
from torch.nn.functional import pad

from echoic.ops.choice import kernel, native


class SampleWeights(NamedTuple):
    """The tier's layers, without what the first one makes of the place in the frame.

    `first` `(hidden, past + 2)`, `second` `(hidden, hidden)` with `second_bias`, `mixture` `(3 * components, hidden)`
    with `mixture_bias`.
    """

    first: Tensor
    second: Tensor
    second_bias: Tensor
    mixture: Tensor
    mixture_bias: Tensor


class SampleTier:
    """A copy of the weights in the kernel's own layout. Hidden units are filled up to whole vectors with zeros."""

    def __init__(self, weights: SampleWeights, levels: int, first_width: float) -> None:
        hidden = len(weights.second)
        self._more = -hidden % int(native.width(kernel()))
        more = self._more
        kept = [
            pad(weights.first, (0, 0, 0, more)),
            pad(weights.second, (0, more, 0, more)),
            pad(weights.second_bias, (0, more)),
            pad(weights.mixture, (0, more)),
            weights.mixture_bias,
        ]
        kept = [one.detach().to("cpu", torch.float32).contiguous() for one in kept]
        past, components = weights.first.shape[1] - 2, len(weights.mixture) // 3
        addresses = [one.data_ptr() for one in kept]
        self._tier: Any = native.SampleTier(kernel(), past, hidden + more, components, levels, addresses, first_width)

    def draw(
        self,
        places: Tensor,
        prediction: Tensor,
        window: Tensor,
        power: Tensor,
        shares: Tensor,
        temperature: float,
        floor: float,
    ) -> Tensor:
        """Levels `(rows, samples)`.

        Args:
            places: `(rows, samples, hidden)`, the first layer's sums of the place in the frame, bias included.
            prediction: `(rows, past)`, weights of linear prediction, the oldest sample first.
            window: `(rows, past)`, the samples before as numbers from -1 to 1.
            power: `(rows,)`, the mean square that each row is told to have.
            shares: `(samples, rows)` in float64, 0 up to 1: where in the distribution each draw is made.
            temperature: sharpens the distribution; 0 takes the likeliest level.
            floor: taken off every chance.
        """
        drawn = torch.empty(places.shape[:2])
        self._tier.draw(
            pad(places, (0, self._more)).contiguous().numpy(),
            prediction.contiguous().numpy(),
            window.contiguous().numpy(),
            power.contiguous().numpy(),
            shares.numpy(),
            temperature,
            floor,
            drawn.numpy(),
            min(torch.get_num_threads(), len(places)),
        )
        return drawn
