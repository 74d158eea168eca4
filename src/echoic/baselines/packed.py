"""Arrays of numbers as short texts, for JSON."""

import base64
from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray


def pack(array: NDArray[Any]) -> dict[str, Any]:
    """An array as its shape and its float32 bytes in base 64, for JSON."""
    return {"shape": list(array.shape), "float32": base64.b64encode(array.astype("<f4").tobytes()).decode()}


def unpack(values: Mapping[str, Any]) -> NDArray[np.float32]:
    """The inverse of `pack`."""
    flat = np.frombuffer(base64.b64decode(values["float32"]), "<f4")
    return flat.reshape(values["shape"]).astype(np.float32)
