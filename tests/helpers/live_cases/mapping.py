"""Signals from signals: values with gaps, sound, and targets that come before their inputs."""

from pathlib import Path
from typing import Any

import numpy as np
import soundfile
from job_data import driven

import echoic
from live_cases.case import COMMON, FLOAT32, Case


def joined(results: list[Any]) -> np.ndarray:
    return np.concatenate([one.output.mean[:, 0] for one in results])


def map_of_values(folder: Path, **settings: Any) -> Case:
    """Values, some of them missing, whose targets come three steps later."""
    small = {"targets": ("y",), "delay_steps": 3} | settings
    run = echoic.train("map", driven(folder), out=folder / "run", **COMMON | small)
    data = np.loadtxt(folder / "driven.csv", delimiter=",", skiprows=1)[:200, 0]
    data[[0, 50, 51]] = np.nan

    def offline() -> np.ndarray:
        return run.predict(data)["y"]

    return Case(run, data, joined, offline, FLOAT32)


def map_with_look_ahead(folder: Path) -> Case:
    return map_of_values(folder, delay_steps=-7, head="gaussian", cell="gru", skip=False)


def map_of_sound(folder: Path) -> Case:
    """A sound, and a quieter and clipped one."""
    draws = np.random.default_rng(0)
    sound = 0.2 * draws.standard_normal(3000).astype(np.float32)
    for name, samples in (("dry", sound), ("wet", np.tanh(3 * sound) / 4)):
        (folder / name).mkdir()
        soundfile.write(folder / name / "a.wav", samples, 4000)
    run = echoic.train("map", folder / "dry", targets=folder / "wet", out=folder / "run", **COMMON)
    data = soundfile.read(folder / "dry" / "a.wav", dtype="float32")[0]

    def offline() -> np.ndarray:
        return run.predict(folder / "dry" / "a.wav")["target"]

    return Case(run, data, joined, offline, FLOAT32)
