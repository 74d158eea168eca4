"""Arrays of integers as short texts, for JSON."""

import base64
import zlib

import numpy as np
from numpy.typing import NDArray

_SIZES = (1, 2, 4, 8)


def pack(values: NDArray[np.int64]) -> str:
    """Compresses integers `(n,)`, none of them negative; best if they increase or are small.

    The text is `SIZE ORDER BASE64`: the differences (`d`) of increasing numbers, or the numbers themselves (`n`), as
    little-endian unsigned integers of SIZE bytes, all first bytes before all second ones, by zlib.
    """
    increasing = len(values) > 1 and bool((np.diff(values) >= 0).all())
    numbers = np.diff(values, prepend=0) if increasing else values
    size = next(size for size in _SIZES if int(numbers.max(initial=0)) < 1 << 8 * size)
    planes = numbers.astype(f"<u{size}").view(np.uint8).reshape(-1, size).T
    text = base64.b64encode(zlib.compress(planes.tobytes(), 6)).decode()
    return f"{size} {'d' if increasing else 'n'} {text}"


def unpack(text: str) -> NDArray[np.int64]:
    """The inverse of `pack`."""
    size, order, packed = text.split(" ")
    planes = np.frombuffer(zlib.decompress(base64.b64decode(packed)), np.uint8).reshape(int(size), -1)
    numbers = np.ascontiguousarray(planes.T).view(f"<u{size}").ravel().astype(np.int64)
    return numbers.cumsum() if order == "d" else numbers
