"""Settings of the map job."""

from pathlib import Path

import numpy as np
import soundfile
from job_data import STEPS, driven

from setting_changes.entries import Change, CheckedBy, Config, Entry, Idle, Refused
from setting_changes.shared import INPUTS, NO_EMA, PLAIN_STACK, STACK, TRAIN, idle_everywhere
from setting_changes.tables import wave


def wide(folder: Path) -> Path:
    """Two inputs and two targets, and times in two columns."""
    path = folder / "wide.csv"
    rows = [f"{row},{2 * row},{wave(row)},{wave(row + 3)},{wave(row + 1)},{wave(row + 2)}" for row in range(STEPS)]
    path.write_text("\n".join(["t,s,a,b,y,z", *rows]))
    return path


def long(folder: Path) -> Path:
    """Several series in one table, by two columns."""
    path = folder / "long.csv"
    rows = [f"{'ab'[row // 200]},{'pqrs'[row // 100]},{wave(row)},{wave(row + 1)}" for row in range(STEPS)]
    path.write_text("\n".join(["one,other,u,y", *rows]))
    return path


def german(folder: Path) -> Path:
    """A table with decimal commas, semicolons and dates."""
    path = folder / "german.csv"
    days = np.arange("2020-01-01", STEPS, dtype="datetime64[D]").astype(object)
    rows = [f"{day:%d.%m.%Y};{wave(n)};{wave(n + 1)}".replace(".", ",", 9) for n, day in enumerate(days)]
    path.write_text("\n".join(["day;u;y", *rows]), "latin-1")
    return path


def unsorted(folder: Path) -> Path:
    """A table with two rows in the wrong order."""
    path = folder / "unsorted.csv"
    order = [1, 0, *range(2, STEPS)]
    path.write_text("\n".join(["t,u,y", *(f"{row},{wave(row)},{wave(row + 1)}" for row in order)]))
    return path


def gappy(folder: Path) -> Path:
    """A table without one of its rows."""
    path = folder / "gappy.csv"
    path.write_text("\n".join(["t,u,y", *(f"{row},{wave(row)},{wave(row + 1)}" for row in range(STEPS) if row != 9)]))
    return path


def with_more(folder: Path) -> Path:
    """A table, and two further ones."""
    path = driven(folder)
    lines = path.read_text().splitlines()
    (folder / "dev.csv").write_text("\n".join([lines[0], *lines[50:150]]))
    (folder / "test.csv").write_text("\n".join([lines[0], *lines[150:250]]))
    return path


def paired(folder: Path) -> Path:
    """Stereo sound in three files, with its targets."""
    draws = np.random.default_rng(0)
    for place in ("dry", "wet"):
        (folder / place).mkdir(exist_ok=True)
    for number in range(3):
        sound = 0.2 * draws.standard_normal((800, 2))
        soundfile.write(folder / "dry" / f"{number}.wav", sound, 4000)
        soundfile.write(folder / "wet" / f"{number}.wav", np.tanh(3 * sound) / 4, 4000)
    return folder / "dry"


SOUND: Config = NO_EMA | PLAIN_STACK | {"targets": "wet", "batch_size": 4, "tbptt_steps": 16}

CHANGES: dict[str, Entry] = (
    STACK
    | TRAIN
    | INPUTS
    | {
        "inputs": Change(("a",), {"targets": ("y",), "inputs": ("a", "b")}, data=wide),
        "targets": Change(("z",), {"inputs": ("a", "b")}, data=wide),
        "dev": Change("dev.csv", data=with_more),
        "test": Change("test.csv", data=with_more),
        "time": Change("s", {"time": "t", "inputs": ("a",)}, data=wide),
        "id": Change("other", {"id": "one", "inputs": ("u",)}, data=long),
        "decimal": Change(",", {"inputs": ("u",), "time": "none", "delimiter": ";"}, data=german, base_fails=True),
        "delimiter": CheckedBy("tests/sources/test_pairs.py::test_settings_of_tables_are_passed_on"),
        "encoding": CheckedBy("tests/sources/test_pairs.py::test_settings_of_tables_are_passed_on"),
        "date_format": CheckedBy("tests/sources/test_pairs.py::test_settings_of_tables_are_passed_on"),
        "freq": CheckedBy("tests/sources/test_pairs.py::test_settings_of_tables_are_passed_on"),
        "time_zone": CheckedBy("tests/sources/test_pairs.py::test_settings_of_tables_are_passed_on"),
        "gaps": Change("mask", {"time": "t", "inputs": ("u",)}, data=gappy, base_fails=True),
        "sort": Change(True, {"time": "t", "inputs": ("u",)}, data=unsorted, base_fails=True),
        "rate_hz": Change(2000.0, data=paired, tiny=SOUND),
        "channel": Change(2, data=paired, tiny=SOUND),
        "split": Change((0.5, 0.25, 0.25)),
        "split_by": Change("file", data=paired, tiny=SOUND),
        "warmup": Change(9, {"warmup": 2}),
        "delay_steps": Change(1, {"delay_steps": 0}),
        "batching": Change("chunks"),
        "tbptt_steps": Change(7, {"tbptt_steps": 8, "burn_in_steps": 2}),
        "burn_in_steps": Change(3, {"tbptt_steps": 8, "burn_in_steps": 2}),
        "skip": Change(),
        "head": Change("gaussian"),
        "loss": Change("mae"),
        "preemphasis": Change(0.5, {"loss": "esr"}),
        "input_noise_std": Change(0.1),
        "scheduled_sampling": Refused(0.5, "scheduled_sampling"),
    }
)

TINY: Config = NO_EMA | PLAIN_STACK | {"targets": ("y",), "split": (0.6, 0.2, 0.2), "batch_size": 4, "tbptt_steps": 16}

IDLE: list[Idle] = [
    *idle_everywhere("map"),
    Idle("map", "preemphasis", 0.5),
    Idle("map", "loss", "mae", {"head": "gaussian"}),
    Idle("map", "burn_in_steps", 3, {"batching": "chunks"}),
]
