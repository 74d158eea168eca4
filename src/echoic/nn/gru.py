"""The gated recurrent unit as a drop-in replacement."""

from typing import final

from torch import Tensor
from torch.nn.functional import pad

from echoic import ops
from echoic.nn.base import LayerState, Recurrent, Sequences


@final
class GRU(Recurrent):
    """`torch.nn.GRU` on echoic's kernels (Cho 2014, in the variant that resets after the recurrent product).

    Takes torch's arguments, and has torch's parameters: for layer `k`, with `_reverse` appended for the second
    direction, `weight_ih_l[k]` `(3 * hidden_size, inputs)`, `weight_hh_l[k]` `(3 * hidden_size, hidden_size)`,
    `bias_ih_l[k]` and `bias_hh_l[k]` `(3 * hidden_size,)`, rows in the order r z n. The compiled kernels have first
    derivatives only; `ECHOIC_KERNEL=off` uses torch instead. `precision` is as in `LSTM`.

    >>> import torch
    >>> output, h = GRU(3, 8, bidirectional=True)(torch.randn(20, 5, 3))
    >>> output.shape, h.shape
    (torch.Size([20, 5, 16]), torch.Size([2, 5, 8]))

    Raises:
        ConfigError: a size is not positive, `dropout` is not between 0 and 1, or `precision` is none of these.
    """

    num_gates = 3
    num_states = 1

    def forward(self, input: Sequences, hx: Tensor | None = None) -> tuple[Sequences, Tensor]:
        """Hidden vectors of the top layer, and `h` after each row's last step.

        Args:
            input: `(steps, batch, input_size)`, with `batch_first` `(batch, steps, input_size)`, without a batch
                `(steps, input_size)`, or a `PackedSequence`.
            hx: `h` before the first step, `(layers * directions, batch, hidden_size)`, without a batch
                `(layers * directions, hidden_size)`; zero by default.

        Returns:
            The output in the format of `input`, with last dimension `directions * hidden_size`; the state in that of
            `hx`.

        Raises:
            ShapeError: `input` or `hx` has another shape or type.
        """
        output, (h,) = self._run(input, None if hx is None else (hx,))
        return output, h

    def _layer(
        self, x: Tensor, state: LayerState, weights: ops.StackWeights, lengths: Tensor | None, *, reverse: bool
    ) -> tuple[Tensor, LayerState]:
        w_in, w_rec, bias, inner = weights
        y, h = ops.gru(x, state[0], w_in, w_rec, bias, inner, lengths=lengths, reverse=reverse)
        return y, (h,)

    def _kernel_weights(self, weights: list[Tensor]) -> ops.StackWeights:
        w_in, w_rec, *biases = weights
        if not biases:
            return w_in, w_rec, w_rec.new_zeros(len(w_rec)), None
        gates, inner = biases[1].split_with_sizes([2 * self.hidden_size, self.hidden_size])
        return w_in, w_rec, biases[0] + pad(gates, (0, self.hidden_size)), inner
