"""Settings of the detect job."""

from pathlib import Path

import numpy as np
import soundfile
from job_data import signals

from setting_changes.entries import Change, Config, Entry, Idle, Refused
from setting_changes.shared import (
    BOTH,
    INPUTS,
    LABELLED,
    NO_EMA,
    PLAIN_STACK,
    STACK,
    TRAIN,
    idle_everywhere,
    idle_in_labelled_sound,
)


def events_elsewhere(folder: Path) -> Path:
    """A table of events in another folder than its sounds."""
    path = folder / "tables" / "events.csv"
    path.parent.mkdir(exist_ok=True)
    path.write_text(signals(folder).read_text())
    return path


SPLITS = "file,split\ntest-None.wav,train\ndev-None.wav,dev\ntrain-None.wav,test\n"


def resplit(folder: Path) -> Path:
    """Recordings, and a table that splits them otherwise."""
    (folder / "splits.csv").write_text(SPLITS)
    return signals(folder)


def stereo_signals(folder: Path) -> Path:
    """Recordings with two channels."""
    path = signals(folder)
    for split in ("train", "dev", "test"):
        sound, rate = soundfile.read(folder / f"{split}-None.wav", always_2d=True)
        soundfile.write(folder / f"{split}-None.wav", np.concatenate([sound[:, :1], sound[::-1, :1]], 1), rate)
    return path


def steps(folder: Path) -> Path:
    """A table with one row per step, of two recordings and two ways to label them."""
    path, rows = folder / "steps.csv", range(400)
    cells = [(f"{np.sin(row / 3):.4f}", row % 7, "xy"[row // 20 % 2], "uvw"[row // 9 % 3]) for row in rows]
    lines = [f"{a},{b},{label},{other},{'pq'[row // 200]}" for row, (a, b, label, other) in enumerate(cells)]
    path.write_text("\n".join(["a,b,label,other,who", *lines]))
    return path


SENSORS: Config = NO_EMA | PLAIN_STACK | {"conv_channels": (4,), "batch_size": 2, "features": ("a",)}

CHANGES: dict[str, Entry] = (
    STACK
    | TRAIN
    | INPUTS
    | LABELLED
    | {
        "rate_hz": Change(1600),
        "channel": Change(2, data=stereo_signals),
        "label": Change("other", data=steps, tiny=SENSORS),
        "id": Change("who", {"split": (0.5, 0.0, 0.5)}, data=steps, tiny=SENSORS),
        "features": Change(("a", "b"), data=steps, tiny=SENSORS),
        "step_rate_hz": Change(10.0, data=steps, tiny=SENSORS),
        "audio": Change(".", data=events_elsewhere, base_fails=True),
        "split": Change((0.34, 0.33, 0.33)),
        "split_table": Change("splits.csv", data=resplit),
        "max_shift_steps": Refused(5, "max_shift_steps"),
        "excerpt_s": Change(),
        "delay_ms": Change(20.0),
        "overlap": Change(True),
        "postprocess": Change(),
        "scheduled_sampling": Refused(0.5, "scheduled_sampling"),
    }
)

TINY: Config = NO_EMA | PLAIN_STACK | {
    "n_mels": 8, "hop_ms": 10.0, "conv_channels": (4,), "excerpt_s": 0.5, "batch_size": 2, "cache_dir": "none",
}  # fmt: skip

IDLE: list[Idle] = [
    *idle_everywhere("detect"),
    *idle_in_labelled_sound("detect"),
    Idle("detect", "delay_ms", 20.0, BOTH),
]
