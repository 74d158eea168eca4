"""Arrays of integers as short texts, for JSON."""

import base64
import zlib

import numpy as np
from numpy.typing import NDArray

_SIZES = (1, 2, 4, 8)

_MOST_BYTES = 1 << 30
"""More than any table of a run has: packed zeros could take a thousand times their size."""


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
    """The inverse of `pack`.

    Raises:
        ValueError: it is no such text.
    """
    size, order, packed = text.split(" ") if isinstance(text, str) and text.count(" ") == 2 else ("", "", "")
    if size not in map(str, _SIZES) or order not in {"d", "n"}:
        raise ValueError("packed integers must be a text `SIZE ORDER BASE64`")
    unpacker = zlib.decompressobj()
    try:
        data = unpacker.decompress(base64.b64decode(packed), _MOST_BYTES)
    except zlib.error as error:
        raise ValueError(f"packed integers cannot be unpacked ({error})") from None
    if not unpacker.eof or len(data) % int(size):
        raise ValueError("packed integers are cut short, or are too many")
    planes = np.frombuffer(data, np.uint8).reshape(int(size), -1)
    numbers = np.ascontiguousarray(planes.T).view(f"<u{size}").ravel().astype(np.int64)
    return numbers.cumsum() if order == "d" else numbers
