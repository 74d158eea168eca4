"""What the network works on: a batch, and the recurrent state."""

from typing import NamedTuple

from torch import Tensor

State = tuple[tuple[Tensor, ...], ...]
"""One entry a layer; each holds the layer's vectors, `(batch, hidden)`: `(h, c)` for LSTM, `(h,)` for GRU."""


class Batch(NamedTuple):
    """What one training step sees.

    `inputs` `(rows, steps, width)`; the first columns are the features that the model predicts, so that its own
    output can be fed back. `targets` `(rows, out_steps, features)` and `mask` of the same shape: only entries
    with a true mask count. `carry`: the rows continue those of the batch before. `ids` `(rows,)` names the
    channel of each row for models that embed it. `ahead` `(rows, horizon, known)` holds what is known of the future.
    """

    inputs: Tensor
    targets: Tensor
    mask: Tensor
    carry: bool = False
    ids: Tensor | None = None
    ahead: Tensor | None = None
