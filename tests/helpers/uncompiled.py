"""librosa, without what it compiles with numba as it is first imported: 18 s for functions that no test calls."""

from collections.abc import Callable
from typing import Any
from unittest.mock import patch

import numba


def _plain(*given: Any, **_: Any) -> Any:
    """A decorator of numba, with or without arguments, that leaves functions as they are."""
    return given[0] if len(given) == 1 and isinstance(given[0], Callable) else _plain  # type: ignore[arg-type]


with patch.multiple(numba, guvectorize=_plain, jit=_plain, stencil=_plain, vectorize=_plain):
    import librosa.feature.spectral
    import librosa.filters
    import librosa.util.utils

__all__ = ["librosa"]
