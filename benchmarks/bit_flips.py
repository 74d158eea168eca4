"""One bit flipped in a file of a run: what every reader of the run says of it.

A flip is refused (an error of echoic that names the file), noticed (a warning, and the checkpoint before it is used),
harmless (nothing that any reader takes from the run has changed), silent (something has, without a word) or a
traceback. The last two are failures.
"""

import json
import random
import warnings
from collections import Counter
from pathlib import Path
from typing import Any

import numpy as np

import echoic
from echoic.errors import EchoicError

FAILURES = ("silent", "traceback")
"""Outcomes that must not happen."""

NOT_READ = ("run.lock",)
"""Files that no reader takes anything from."""


SETTINGS: dict[str, Any] = {"layers": (4,), "threads": 1, "epochs": 2, "checkpoint_interval_s": 1e-9}


def train_runs(folder: Path) -> list[Path]:
    """Small runs of three jobs: forecasts with a calibration, clips with class names, text with counts."""
    draw = np.random.default_rng(0)
    clips = folder / "clips.ts"
    values = [",".join(f"{value:.3f}" for value in draw.normal(row % 2, 1, 20)) for row in range(40)]
    rows = [f"{line}:{'yes' if row % 2 else 'no'}\n" for row, line in enumerate(values)]
    clips.write_text("@classLabel true yes no\n@data\n" + "".join(rows))
    text = folder / "text.txt"
    text.write_text("the quick brown fox jumps over the lazy dog.\n" * 40)
    data = {"forecast": "synth:sine,steps=150", "classify": clips, "text": text}
    for job, one in data.items():
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            echoic.train(job, one, out=folder / job, config=SETTINGS | ({"lookback": 10} if job == "forecast" else {}))
    return [folder / job for job in data]


def readings(run: Path) -> Any:
    """All that verbs take from the run: predictions, settings, notes, metrics and the newest checkpoint."""
    opened = echoic.load(run)
    checkpoint, damaged = opened.folder.read_checkpoint()
    for sentence in damaged:
        warnings.warn(sentence, stacklevel=2)
    table = opened.generate(20) if opened.config["job"] == "text" else opened.predict()
    if isinstance(table, dict):
        table = {name: np.asarray(column).tolist() for name, column in table.items()}
    tensors = {} if checkpoint is None or damaged else {k: v.tolist() for k, v in checkpoint.tensors.items()}
    state = {} if checkpoint is None or damaged else checkpoint.metadata
    parts = [table, opened.config, opened.notes(), opened.result(), opened.metrics(), tensors, state]
    folds = [fold.config for fold in opened.fold_runs()]
    return json.dumps([*parts, folds], default=str)


class Flips:
    """Flips bits of the files of a run, one at a time, and counts the outcomes."""

    def __init__(self, run: Path, seed: int) -> None:
        self.run = run
        self.whole = readings(run)
        self.draw = random.Random(seed)  # noqa: S311
        self.outcomes = Counter[str]()
        self.failures: list[str] = []

    def files(self) -> list[Path]:
        """The files that are flipped, each as often as the others, so that small ones are not left out."""
        return sorted(one for one in self.run.rglob("*") if one.is_file() and one.name not in NOT_READ)

    def flip(self, count: int) -> None:
        """Flips `count` bits, going round the files."""
        files = self.files()
        for number in range(count):
            path = files[number % len(files)]
            whole = path.read_bytes()
            byte, bit = self.draw.randrange(len(whole)), self.draw.randrange(8)
            damaged = bytearray(whole)
            damaged[byte] ^= 1 << bit
            path.write_bytes(damaged)
            outcome = self.outcome()
            path.write_bytes(whole)
            self.outcomes[outcome] += 1
            if outcome in FAILURES:
                self.failures.append(f"flips: {path.relative_to(self.run)}, byte {byte}, bit {bit}: {outcome}")

    def outcome(self) -> str:
        """What the readers say of the run as it is."""
        with warnings.catch_warnings(record=True) as said:
            warnings.simplefilter("always")
            try:
                found = readings(self.run)
            except EchoicError:
                return "refused"
            except Exception:  # noqa: BLE001 (each is counted)
                return "traceback"
        if said:
            return "noticed"
        return "harmless" if found == self.whole else "silent"


def flip_bits(folder: Path, count: int, seed: int) -> tuple[dict[str, int], list[str]]:
    """Flips `count` bits in all; the outcomes by name, and the failures."""
    folder.mkdir()
    outcomes, failures, runs = Counter[str](), list[str](), train_runs(folder)
    for number, run in enumerate(runs):
        flips = Flips(run, seed)
        flips.flip(count * (number + 1) // len(runs) - count * number // len(runs))
        outcomes += flips.outcomes
        failures += [f"{run.name} {one}" for one in flips.failures]
    return dict(outcomes), failures
