"""The barriers of OpenMP's threads, tuned for machines with other work; for the command's own process only."""

import os

_OWN = ("GOMP_SPINCOUNT", "OMP_WAIT_POLICY", "KMP_BLOCKTIME")
_SPINS = "1000"


def limit_spinning() -> bool:
    """Makes threads that wait for each other sleep after a short spin; must be called before torch is imported.

    By default they spin for milliseconds at every barrier; on a busy machine this keeps the core from the thread that
    they wait for. A user's own settings and programs that import echoic are not affected.

    Returns:
        Whether the environment was changed.
    """
    if any(name in os.environ for name in _OWN):
        return False
    os.environ["GOMP_SPINCOUNT"] = _SPINS
    return True
