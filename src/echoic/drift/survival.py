"""Survival of streams over time."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from echoic.drift.detectors import COLLAPSE_S, Collapse
from echoic.drift.features import WINDOW_S


def survival(collapses: Sequence[Collapse | None], windows: Sequence[int]) -> NDArray[np.float64]:
    """Fraction of streams without collapse at the start and after each second `(max(windows) + 1,)`.

    The estimator of Kaplan and Meier (1958). `windows` are the lengths of the streams. A stream without collapse is
    censored where less than 3 s remain, since collapse takes that long to detect.
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
