"""The share of streams that are alive as time goes on."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from echoic.metrics.drift.detectors import Death
from echoic.metrics.drift.features import WINDOW_S


def survival(deaths: Sequence[Death | None], windows: Sequence[int]) -> NDArray[np.float64]:
    """Alive at the start and after each second `(most windows + 1,)`, by Kaplan and Meier (1958).

    `windows` says how long each stream is: one that ends alive is not counted any more from there on.
    """
    died = [
        len_ if death is None else int(death.time_s / WINDOW_S) for death, len_ in zip(deaths, windows, strict=True)
    ]
    alive = [1.0]
    for second in range(max(windows)):
        watched = sum(
            at >= second and (at > second or death is not None) for at, death in zip(died, deaths, strict=True)
        )
        lost = sum(death is not None and at == second for at, death in zip(died, deaths, strict=True))
        alive.append(alive[-1] * (1 - lost / watched) if watched else alive[-1])
    return np.array(alive)
