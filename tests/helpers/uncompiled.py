"""librosa, without what it compiles with numba as it is first imported: 18 s for functions that no test calls."""

from collections.abc import Callable
from types import ModuleType
from typing import Any
from unittest.mock import patch

import lazy_loader  # type: ignore[import-untyped]
import numba


def _plain(*given: Any, **_: Any) -> Any:
    """A decorator of numba, with or without arguments, that leaves functions as they are."""
    return given[0] if len(given) == 1 and isinstance(given[0], Callable) else _plain  # type: ignore[arg-type]


_UNCOMPILED = patch.multiple(numba, guvectorize=_plain, jit=_plain, stencil=_plain, vectorize=_plain)
_WITHOUT_RESAMPLERS = patch.object(lazy_loader, "load", ModuleType)
"""That they are missing is found out by a look at all lines of all modules."""

with _UNCOMPILED, _WITHOUT_RESAMPLERS:
    import librosa.feature.spectral
    import librosa.filters
    import librosa.util.utils

__all__ = ["librosa"]
