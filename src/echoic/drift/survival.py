"""The share of streams that are alive as time goes on."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from echoic.drift.detectors import COLLAPSE_S, Collapse
from echoic.drift.features import WINDOW_S


def survival(collapses: Sequence[Collapse | None], windows: Sequence[int]) -> NDArray[np.float64]:
    """Alive at the start and after each second `(most windows + 1,)`, by Kaplan and Meier (1958).

    `windows` says how long each stream is. Of one that ends alive the last 3 s are not counted: what begins there
    does not last long enough to be a death.
    """
    min_seconds = round(COLLAPSE_S / WINDOW_S)
    end_seconds = [
        max(0, length + 1 - min_seconds) if collapse is None else int(collapse.time_s / WINDOW_S)
        for collapse, length in zip(collapses, windows, strict=True)
    ]
    curve = [1.0]
    for second in range(max(windows)):
        at_risk = sum(
            at >= second and (at > second or collapse is not None)
            for at, collapse in zip(end_seconds, collapses, strict=True)
        )
        num_collapsed = sum(
            collapse is not None and at == second for at, collapse in zip(end_seconds, collapses, strict=True)
        )
        curve.append(curve[-1] * (1 - num_collapsed / at_risk) if at_risk else curve[-1])
    return np.array(curve)
