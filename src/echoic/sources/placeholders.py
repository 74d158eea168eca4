"""Numbers that stand for missing values, such as -999 in a temperature."""

import numpy as np
from numpy.typing import NDArray

_NINES = [10**digits - 1 for digits in range(2, 10)]
_PLACEHOLDERS = (*_NINES, *(-number for number in _NINES), -999.25, 32767, -32768, 65535, 2147483647, -2147483648)


def placeholder(values: NDArray[np.float64]) -> tuple[float, int] | None:
    """The number among `values`, NaN where missing, that looks like one for missing values, and how often it is there.

    It is one of those in use, and further from all others than these are from each other; None without such a number.
    """
    known = values[np.isfinite(values)]
    for number in (known.min(initial=np.inf), known.max(initial=-np.inf)):
        others = known[known != number]
        if number not in _PLACEHOLDERS or 2 * len(others) < len(known):
            continue
        low, high = others.min(), others.max()
        if low < high and max(low - number, number - high) > high - low:
            return float(number), len(known) - len(others)
    return None
