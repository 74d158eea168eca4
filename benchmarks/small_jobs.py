"""Small trainings of every job, on data that are made here; some with folds, from a run, or in two threads."""

import csv
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import soundfile

import echoic

COMMON: dict[str, Any] = {"layers": (4,), "epochs": 2, "threads": 1, "checkpoint_interval_s": 1e-9}
"""A checkpoint after every step, in one thread."""


@dataclass(frozen=True)
class SmallJob:
    """What is trained, and how; `data` is the name of a file below the folder of `write_data`, or a signal."""

    job: str
    data: str
    settings: Mapping[str, Any] = field(default_factory=dict)
    from_run: str | None = None
    """The small job whose run the training starts from."""

    def input(self, folder: Path) -> str:
        """The data as `echoic train` takes them."""
        return self.data if self.data.startswith("synth:") else str(folder / self.data)

    def train(self, folder: Path, out: Path) -> None:
        """Trains a new run; the one that it starts from is in `folder`, under its name."""
        run = None if self.from_run is None else folder / self.from_run
        settings = self.settings if run else {**COMMON, **self.settings}
        echoic.train(self.job, self.input(folder), out=out, from_run=run, config=settings)


SMALL_JOBS = {
    "forecast": SmallJob("forecast", "synth:sine,steps=120", {"lookback": 10, "refit": True, "dropout": 0.2}),
    "text": SmallJob("text", "text.txt", {"batch_size": 8}),
    "music": SmallJob("music", "songs.json", {"batch_size": 2}),
    "audio": SmallJob("audio", "sound.wav"),
    "classify": SmallJob("classify", "clips.ts", {"batch_size": 8}),
    "detect": SmallJob("detect", "events.csv"),
    "classify-folds": SmallJob("classify", "clips.ts", {"folds": 3, "batch_size": 8}),
    "forecast-from": SmallJob("forecast", "synth:sine,steps=140", {}, "forecast"),
    "text-from": SmallJob("text", "text.txt", {"epochs": 1}, "text"),
    "classify-from": SmallJob("classify", "clips.ts", {"epochs": 1}, "classify"),
    "forecast-threads": SmallJob("forecast", "synth:sine,steps=120", {"lookback": 10, "threads": 2}),
    "text-threads": SmallJob("text", "text.txt", {"batch_size": 8, "threads": 2}),
}
"""By name; a run that others start from comes before them."""


def write_data(folder: Path) -> None:
    """Writes the data of all jobs."""
    draw = np.random.default_rng(0)
    (folder / "text.txt").write_text("the quick brown fox jumps over the lazy dog.\n" * 60)
    songs = [f"[{', '.join(f'[{60 + number + step % 5}]' for step in range(40))}]" for number in range(6)]
    (folder / "songs.json").write_text(
        f'{{"train": [{", ".join(songs[:4])}], "valid": [{songs[4]}], "test": [{songs[5]}]}}'
    )
    soundfile.write(folder / "sound.wav", _tone(draw, 440, 1.0), 8000)
    values = [",".join(f"{value:.3f}" for value in draw.normal(row % 2, 1, 20)) for row in range(40)]
    clips = "".join(f"{line}:{'yes' if row % 2 else 'no'}\n" for row, line in enumerate(values))
    (folder / "clips.ts").write_text("@classLabel true yes no\n@data\n" + clips)
    _write_events(folder, draw)


def _write_events(folder: Path, draw: np.random.Generator) -> None:
    with (folder / "events.csv").open("w", newline="") as file:
        table = csv.writer(file)
        table.writerow(["file", "onset_s", "offset_s", "label"])
        for number in range(6):
            sound = 0.01 * draw.standard_normal(8000).astype(np.float32)
            for event in range(4):
                start = 500 + 1800 * event
                sound[start : start + 800] += _tone(draw, 500 + 900 * (event % 2), 0.1)
                table.writerow([f"{number}.wav", start / 8000, (start + 800) / 8000, "ab"[event % 2]])
            soundfile.write(folder / f"{number}.wav", sound, 8000)


def _tone(draw: np.random.Generator, pitch_hz: float, length_s: float) -> "np.ndarray[Any, np.dtype[np.float32]]":
    seconds = np.arange(int(length_s * 8000)) / 8000
    noise = 0.01 * draw.standard_normal(len(seconds))
    return (0.3 * np.sin(2 * np.pi * pitch_hz * seconds) + noise).astype(np.float32)
