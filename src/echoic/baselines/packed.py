"""Arrays of numbers as short texts, for JSON."""

import base64
import math
from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from echoic.types import stored


def pack(array: NDArray[Any]) -> dict[str, Any]:
    """An array as its shape and its float32 bytes in base 64, for JSON."""
    return {"shape": list(array.shape), "float32": base64.b64encode(array.astype("<f4").tobytes()).decode()}


def unpack(values: Mapping[str, Any], name: str, *shape: int | None, finite: bool = True) -> NDArray[np.float32]:
    """The inverse of `pack`, for the field `name` of `values`.

    The array must have that shape, in which None is any size, and be `finite`; otherwise it may have infinities.

    Raises:
        ValueError: it is no such array.
    """
    packed = stored.field(values, name)
    sizes, text = stored.field(packed, "shape"), stored.field(packed, "float32")
    fits = isinstance(sizes, list) and len(sizes) == len(shape) and all(isinstance(size, int) for size in sizes)
    if not fits or not all(size in {None, own} and own > 0 for size, own in zip(shape, sizes, strict=True)):
        expected = ", ".join("any" if size is None else str(size) for size in shape)
        raise ValueError(f"`{name}.shape` must be ({expected}), got {sizes!r:.60}")
    flat = np.frombuffer(base64.b64decode(text) if isinstance(text, str) else b"", np.uint8)
    if len(flat) != 4 * math.prod(sizes):
        raise ValueError(f"`{name}.float32` must hold {math.prod(sizes):,} numbers, got {len(flat) // 4:,}")
    array = flat.view("<f4").reshape(sizes).astype(np.float32)
    if np.isnan(array).any() or (finite and np.isinf(array).any()):
        raise ValueError(f"`{name}.float32` must hold {'finite ' if finite else ''}numbers")
    return array
