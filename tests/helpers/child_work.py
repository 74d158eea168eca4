"""What child processes do with a run; in a module of its own, which a spawned process imports."""

from pathlib import Path
from typing import Any

import numpy as np
import torch

import echoic
from echoic.errors import ConfigError, DataError
from echoic.streams import KernelStream

SETTINGS: dict[str, Any] = {"lookback": 8, "layers": (4,), "epochs": 1, "strategy": "recursive"}


def wave() -> np.ndarray:
    return np.sin(np.arange(300) / 4).astype(np.float32)


def predictions(path: Path, results: Any) -> None:
    """Puts the predictions of the run for a file, and for the array in it, into `results`."""
    run = echoic.load(path)
    results.put([run.predict(data)["mean"].tolist() for data in (path.parent / "wave.csv", wave())])


def refusals(run: echoic.Run, table: Any, results: Any) -> None:
    """What a forked child cannot do, and that it can train and compute in one thread."""
    torch.randn(400, 400) @ torch.randn(400, 400)
    said = [str(torch.get_num_threads())]
    for work in (
        lambda: run.predict(table),
        lambda: KernelStream(run.model, threads=2),
        lambda: echoic.train("forecast", wave(), threads=2, **SETTINGS),
        lambda: run.predict(run.path / "missing.csv"),
    ):
        try:
            work()
        except (ConfigError, DataError) as error:
            said.append(str(error))
    echoic.train("forecast", wave(), **SETTINGS)
    results.put(said)
