"""Recurrent networks for any sequence, trained on your own CPU in minutes and run live.

    run = echoic.train("forecast", "ETTh1.csv", time="date", lookback=96, horizon=96)
    run.evaluate().scores

Names are loaded when they are first used, so that importing echoic stays quick.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from echoic.errors import EchoicError as EchoicError
    from echoic.jobs.audio.drift import drift as drift
    from echoic.jobs.overfit_check import check as check
    from echoic.jobs.session import Run as Run
    from echoic.jobs.session import load as load
    from echoic.jobs.session import train as train

__version__ = "0.1.0"

_HOMES = {
    "EchoicError": "echoic.errors",
    "Run": "echoic.jobs.session",
    "check": "echoic.jobs.overfit_check",
    "drift": "echoic.jobs.audio.drift",
    "load": "echoic.jobs.session",
    "train": "echoic.jobs.session",
}


def __getattr__(name: str) -> Any:
    if name in _HOMES:
        return getattr(import_module(_HOMES[name]), name)
    raise AttributeError(f"module 'echoic' has no attribute {name!r}")
