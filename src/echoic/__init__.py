"""Recurrent networks for any sequence, trained on your own CPU in minutes and run live.

    run = echoic.train("forecast", "ETTh1.csv", time="date", lookback=96, horizon=96)
    run.evaluate().scores

Names are loaded when they are first used, so that importing echoic stays quick.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from echoic.api.cross_validation import cross_validate as cross_validate
    from echoic.api.overfit_check import check as check
    from echoic.api.prepare import prepare as prepare
    from echoic.api.run import Run as Run
    from echoic.api.run import load as load
    from echoic.api.seed_runs import SeedRuns as SeedRuns
    from echoic.api.seed_runs import load_seeds as load_seeds
    from echoic.api.seeds import train_seeds as train_seeds
    from echoic.api.train import fit as fit
    from echoic.api.train import train as train
    from echoic.distributed.joining import join as join
    from echoic.drift.report import measure_drift as measure_drift
    from echoic.errors import EchoicError as EchoicError
    from echoic.sources.memory import Clips as Clips
    from echoic.sources.memory import Recordings as Recordings
    from echoic.sources.memory import Steps as Steps
    from echoic.sources.memory import Text as Text
    from echoic.studies.join import join_study as join_study
    from echoic.studies.study import Study as Study
    from echoic.studies.study import load_study as load_study
    from echoic.studies.tune import tune as tune

    __version__: str

_HOMES = {
    "Clips": "echoic.sources.memory",
    "EchoicError": "echoic.errors",
    "Recordings": "echoic.sources.memory",
    "Run": "echoic.api.run",
    "SeedRuns": "echoic.api.seed_runs",
    "Study": "echoic.studies.study",
    "Steps": "echoic.sources.memory",
    "Text": "echoic.sources.memory",
    "check": "echoic.api.overfit_check",
    "cross_validate": "echoic.api.cross_validation",
    "fit": "echoic.api.train",
    "join": "echoic.distributed.joining",
    "load": "echoic.api.run",
    "join_study": "echoic.studies.join",
    "load_seeds": "echoic.api.seed_runs",
    "load_study": "echoic.studies.study",
    "measure_drift": "echoic.drift.report",
    "prepare": "echoic.api.prepare",
    "train": "echoic.api.train",
    "train_seeds": "echoic.api.seeds",
    "tune": "echoic.studies.tune",
}


def __getattr__(name: str) -> Any:
    if name == "__version__":
        return import_module("importlib.metadata").version("echoic")
    if name in _HOMES:
        return getattr(import_module(_HOMES[name]), name)
    raise AttributeError(f"module 'echoic' has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted([*_HOMES, "__version__"])
