"""How a kernel call is laid out: threads, blocks of rows, what vectors hold, and the size of what forward saves.

Vectors hold units of a row or, in lanes, rows of a unit. Units are filled up to whole vectors, and so are rows; small
layers take what wastes less. Where both waste the same, a single layer was equally fast on a Zen 4 core (0.94 to 1.15
of the time of units), and units stay; several layers run in one call in lanes, which took 0.8 to 1.0 of the time.
"""

import torch

from echoic.ops.choice import native

_WIDTHS = {name: int(native.width(name)) for name in (native.targets() if native else ())}
"""Floats in a vector of each target; asked for here, because a compiler of networks cannot see into the call."""

_MIN_PARALLEL_WORK = 100_000
"""Number of multiplications below which one thread is faster than two."""

MAX_HIDDEN_IN_LANES = 64
"""Units above which vectors always hold units: their weights no longer stay in the nearest cache."""

_SAVED_PER_UNIT = {"lstm": 5, "gru": 4}
"""Numbers saved for backward per unit, row and step, with units in vectors."""

_SAVED_IN_LANES = 4
"""The same with rows in vectors, for each layer; the step's inputs are saved besides."""

_STATES = {"lstm": 2, "gru": 1}
"""Vectors of a layer's state, which is saved before every eighth step."""

_STEPS_PER_STATE = 8


def threads(batch: int, steps: int, width: int, hidden: int, layers: int) -> int:
    """Torch's number of threads, or one for little work."""
    work = batch * steps * hidden * (width + (2 * layers - 1) * hidden)
    return torch.get_num_threads() if work >= _MIN_PARALLEL_WORK else 1


def in_lanes(batch: int, hidden: int, layers: int, blocks: int, vector: int) -> bool:
    """Whether vectors of `vector` numbers hold rows rather than units; False for sizes that are not known yet."""
    if not (isinstance(batch, int) and isinstance(hidden, int)) or hidden > MAX_HIDDEN_IN_LANES:
        return False
    # Shares of the vectors' numbers that are used, compared without division.
    rows, units = lanes(batch, blocks, vector) * hidden, ceil(hidden, vector) * vector * batch
    return rows < units or (rows == units and layers > 1)


def lanes(batch: int, blocks: int, vector: int) -> int:
    """Rows filled up to whole vectors in every block."""
    rows, larger = batch // blocks, batch % blocks
    return (larger * ceil(rows + 1, vector) + (blocks - larger) * ceil(rows, vector)) * vector


def saved_size(cell: str, sizes: tuple[int, int, int, int, int], blocks: int, vector: int, *, is_in_lanes: bool) -> int:
    """Numbers that forward leaves for backward, for `(batch, steps, inputs, hidden, layers)`, which may be symbols."""
    batch, steps, width, hidden, layers = sizes
    if not is_in_lanes:
        return batch * steps * ceil(hidden, vector) * vector * _SAVED_PER_UNIT[cell]
    per_row = steps * (width + layers * hidden * _SAVED_IN_LANES)
    per_row += ceil(steps, _STEPS_PER_STATE) * layers * hidden * _STATES[cell]
    return lanes(batch, blocks, vector) * per_row


def vector_width(target: str, dtype: torch.dtype) -> int:
    """Numbers in a vector of a target."""
    return _WIDTHS[target] if dtype == torch.float32 else 1


def ceil(count: int, size: int) -> int:
    """`count / size`, rounded up."""
    return (count + size - 1) // size
