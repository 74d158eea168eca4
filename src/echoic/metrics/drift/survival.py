"""The share of streams that are alive as time goes on."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from echoic.metrics.drift.detectors import DEAD_S, Death
from echoic.metrics.drift.features import WINDOW_S


def survival(deaths: Sequence[Death | None], windows: Sequence[int]) -> NDArray[np.float64]:
    """Alive at the start and after each second `(most windows + 1,)`, by Kaplan and Meier (1958).

    `windows` says how long each stream is. Of one that ends alive the last 3 s are not counted: what begins there
    does not last long enough to be a death.
    """
    needed = round(DEAD_S / WINDOW_S)
    died = [
        max(0, length + 1 - needed) if death is None else int(death.time_s / WINDOW_S)
        for death, length in zip(deaths, windows, strict=True)
    ]
    alive = [1.0]
    for second in range(max(windows)):
        watched = sum(
            at >= second and (at > second or death is not None) for at, death in zip(died, deaths, strict=True)
        )
        lost = sum(death is not None and at == second for at, death in zip(died, deaths, strict=True))
        alive.append(alive[-1] * (1 - lost / watched) if watched else alive[-1])
    return np.array(alive)
