"""The long short-term memory as a drop-in replacement."""

from typing import final

from torch import Tensor

from echoic import ops
from echoic.nn.base import LayerState, Recurrent, Sequences


@final
class LSTM(Recurrent):
    """`torch.nn.LSTM` on echoic's kernels (Hochreiter and Schmidhuber 1997, with the forget gate of Gers 1999).

    Takes torch's arguments except `proj_size`, and has torch's parameters: for layer `k`, with `_reverse` appended
    for the second direction, `weight_ih_l[k]` `(4 * hidden_size, inputs)`, `weight_hh_l[k]`
    `(4 * hidden_size, hidden_size)`, `bias_ih_l[k]` and `bias_hh_l[k]` `(4 * hidden_size,)`, rows in the order
    i f g o. The compiled kernels have first derivatives only; `ECHOIC_KERNEL=off` uses torch instead.

    With `precision="bf16"`, and under `torch.autocast` with `torch.bfloat16`, the operands of products are rounded to
    bfloat16; sums, gates, states, weights and results stay in float32. Small layers that run with rows in the vectors
    (`echoic.ops.layout`) are not rounded. "float32" rounds nothing under autocast either; by
    default, None, autocast decides.

    >>> import torch
    >>> output, (h, c) = LSTM(3, 8, num_layers=2, batch_first=True)(torch.randn(5, 20, 3))
    >>> output.shape, h.shape
    (torch.Size([5, 20, 8]), torch.Size([2, 5, 8]))

    Raises:
        ConfigError: a size is not positive, `dropout` is not between 0 and 1, `proj_size` is not 0, or
            `precision` is another one.
    """

    num_gates = 4
    num_states = 2

    def forward(
        self, input: Sequences, hx: tuple[Tensor, Tensor] | None = None
    ) -> tuple[Sequences, tuple[Tensor, Tensor]]:
        """Hidden vectors of the top layer, and `(h, c)` after each row's last step.

        Args:
            input: `(steps, batch, input_size)`, with `batch_first` `(batch, steps, input_size)`, without a batch
                `(steps, input_size)`, or a `PackedSequence`.
            hx: `h` and `c` before the first step, each `(layers * directions, batch, hidden_size)`, without a batch
                `(layers * directions, hidden_size)`; zero by default.

        Returns:
            The output in the format of `input`, with last dimension `directions * hidden_size`; the state in that of
            `hx`.

        Raises:
            ShapeError: `input` or `hx` has another shape or type.
        """
        output, (h, c) = self._run(input, hx)
        return output, (h, c)

    def _layer(
        self, x: Tensor, state: LayerState, weights: ops.StackWeights, lengths: Tensor | None, *, reverse: bool
    ) -> tuple[Tensor, LayerState]:
        h, c = state
        w_in, w_rec, bias, _ = weights
        y, h, c = ops.lstm(x, h, c, w_in, w_rec, bias, lengths=lengths, reverse=reverse)
        return y, (h, c)

    def _kernel_weights(self, weights: list[Tensor]) -> ops.StackWeights:
        w_in, w_rec, *biases = weights
        return w_in, w_rec, biases[0] + biases[1] if biases else w_rec.new_zeros(len(w_rec)), None
