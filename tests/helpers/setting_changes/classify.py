"""Settings of the classify job."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import soundfile
from job_data import beeps

from setting_changes.entries import Change, Config, Entry, Idle, Refused
from setting_changes.shared import (
    BOTH,
    BUDGET,
    INPUTS,
    LABELLED,
    NO_EMA,
    PLAIN_STACK,
    STACK,
    TRAIN,
    idle_everywhere,
    idle_in_labelled_sound,
)


def clips(*, header: str, cells: Callable[[int], str]) -> Callable[[Path], Path]:
    """A maker of a table of 24 clips of two classes, with further columns."""

    def make(folder: Path) -> Path:
        beeps(folder)
        rows = [f"file,label,{header}"]
        rows += [f"{number}-None.wav,{('low', 'high')[number // 3 % 2]},{cells(number)}" for number in range(24)]
        path = folder / f"clips-{header.replace(',', '-')}.csv"
        path.write_text("\n".join(rows))
        return path

    return make


def split_of(number: int) -> str:
    """The split of a clip."""
    return ("train", "dev", "test")[number % 3]


def elsewhere(folder: Path) -> Path:
    """A table in another folder than its sounds."""
    beeps(folder)
    path = folder / "tables" / "beeps.csv"
    path.parent.mkdir(exist_ok=True)
    path.write_text((folder / "beeps-None.csv").read_text())
    return path


def arrays(folder: Path) -> Path:
    """Clips in an array, with their labels in another."""
    draws = np.random.default_rng(0)
    np.save(folder / "clips.npy", draws.standard_normal((24, 12, 12)).astype(np.float32))
    np.save(folder / "labels.npy", np.array(["low", "high"] * 12))
    return folder / "clips.npy"


def ts(folder: Path) -> Path:
    """Clips as features in a .ts file, and further ones beside it."""
    draws = np.random.default_rng(0)
    for name in ("train", "more"):
        clips = (",".join(f"{value:.3f}" for value in draws.standard_normal(12)) for _ in range(24))
        rows = [f"{clip}:{'ab'[number % 2]}" for number, clip in enumerate(clips)]
        (folder / f"{name}.ts").write_text("\n".join(["@problemName x", "@classLabel true a b", "@data", *rows]))
    return folder / "train.ts"


def sensor_rows(folder: Path) -> Path:
    """A table of 24 clips with a row per step: two axes, and two columns that name the clip."""
    draws = np.random.default_rng(0)
    rows = ["ax,ay,label,clip,other"]
    for row, (ax, ay) in enumerate(draws.standard_normal((24 * 12, 2)).round(3)):
        rows.append(f"{ax},{ay},{'ab'[row // 12 % 2]},{row // 12},{row // 6}")
    path = folder / "sensor.csv"
    path.write_text("\n".join(rows))
    return path


AXES = {"labels_path": "labels.npy", "axes": "clip,frame,band"}
NO_SOUND = {"n_mels": None}

CUT = clips(header="start,end", cells=lambda _: "0.0,0.14")


def stereo_beeps(folder: Path) -> Path:
    """Clips with two channels."""
    path = beeps(folder)
    for file in folder.glob("*-None.wav"):
        sound, rate = soundfile.read(file, always_2d=True)
        soundfile.write(file, np.concatenate([sound[:, :1], sound[::-1, :1]], 1), rate)
    return path


def quiet_beeps(folder: Path) -> Path:
    """Clips with silence at both ends."""
    path = beeps(folder)
    for file in folder.glob("*-None.wav"):
        sound, rate = soundfile.read(file)
        silence = np.zeros(rate // 2)
        soundfile.write(file, np.concatenate([silence, sound, silence]), rate)
    return path


def folders(folder: Path) -> Path:
    """Clips with a folder for each class."""
    beeps(folder)
    for number in range(24):
        place = folder / "classes" / ("low", "high")[number // 3 % 2]
        place.mkdir(parents=True, exist_ok=True)
        (place / f"{number}.wav").write_bytes((folder / f"{number}-None.wav").read_bytes())
    return folder / "classes"


CHANGES: dict[str, Entry] = (
    STACK
    | TRAIN
    | INPUTS
    | LABELLED
    | {
        "rate_hz": Change(1600),
        "channel": Change(2, data=stereo_beeps),
        "audio": Change(".", data=elsewhere, base_fails=True),
        "file": Change("other", data=clips(header="other", cells=lambda number: f"{(number + 24) % 48}-None.wav")),
        "label": Change("other", data=clips(header="other", cells=lambda number: "xy"[number % 2])),
        "label_separator": Change(";"),
        "fold": Change(
            "fold", {"folds": 2, "test_fold": "1"}, clips(header="fold", cells=lambda number: str(1 + number // 12))
        ),
        "group": Change("group", data=clips(header="group", cells=lambda number: str(number // 4))),
        "split_column": Change(
            "other", data=clips(header="split,other", cells=lambda number: f"{split_of(number)},{split_of(number + 1)}")
        ),
        "id": Change("other", NO_SOUND | {"id": "clip", "features": "ax"}, sensor_rows),
        "features": Change("ax", NO_SOUND | {"id": "clip", "features": "ax,ay"}, sensor_rows),
        "labels_path": Change("labels.npy", NO_SOUND | {"axes": AXES["axes"]}, arrays, base_fails=True),
        "axes": Change("clip,band,frame", NO_SOUND | AXES, arrays),
        "test_data": Change("more.ts", NO_SOUND, ts),
        "trim": Change(True, data=quiet_beeps),
        "live": Change(True),
        "excerpt_steps": Change(5),
        "max_stretch": Change(0.3),
        "max_band_shift": Change(2.0),
        "max_tilt_db": Change(6.0),
        "min_snr_db": Change(10.0),
        "split": Change((0.5, 0.25, 0.25)),
        "test_fold": Change("2", {"folds": 2, "test_fold": "1"}),
        "folds": Change(2),
        "refit": Change(True),
        "model": Change(
            "convnet", {"layers": None, "input_dropout": None}, clips(header="start,end", cells=lambda _: "0.0,0.14")
        ),
        "pooling": Change(),
        "clip_norm": Change("standard"),
        "network_weight": Change(0.5),
        "weight_folds": Change(3, NO_SOUND, ts),
        "class_weight": Change(data=clips(header="split", cells=lambda number: "train" if number < 16 else "dev")),
        "scheduled_sampling": Refused(0.5, "scheduled_sampling"),
    }
)

TINY: Config = NO_EMA | PLAIN_STACK | {"n_mels": 8, "batch_size": 4, "cache_dir": "none"}

FEATURES: Config = NO_SOUND | AXES | {"cache_dir": None}
CONVNET: Config = {"model": "convnet", "layers": None, "input_dropout": None}
OF_SOUND: Config = {
    "n_mels": 8, "window_ms": 16.0, "hop_ms": 20.0, "low_hz": 20.0, "high_hz": 800.0, "max_gain_db": 3.0,
    "rate_hz": 2000, "channel": 1, "trim": True,
    "excerpt_steps": 5, "max_stretch": 0.3, "max_band_shift": 2.0, "max_tilt_db": 6.0, "min_snr_db": 10.0,
}  # fmt: skip
OF_ARRAYS: Config = {"labels_path": "labels.npy", "axes": "clip,frame,band"}
OF_TABLES: Config = {
    "id": "i", "features": "f", "label_separator": ";",
    "fold": "f", "group": "g", "file": "f", "label": "l", "audio": ".", "split_column": "s",
}  # fmt: skip

IDLE: list[Idle] = [
    *idle_everywhere("classify"),
    *idle_in_labelled_sound("classify"),
    Idle("classify", "pooling", "last", BOTH),
    Idle("classify", "pooling", "last", CONVNET, CUT),
    Idle("classify", "excerpt_steps", 5, CONVNET, CUT),
    Idle("classify", "max_stretch", 0.3, CONVNET, CUT),
    *(Idle("classify", field, value, FEATURES, arrays) for field, value in OF_SOUND.items()),
    *(Idle("classify", field, value, data=folders) for field, value in (OF_TABLES | OF_ARRAYS).items()),
    *(Idle("classify", field, value) for field, value in OF_ARRAYS.items()),
    Idle("classify", "features", "f"),
    *(Idle("classify", field, "file", NO_SOUND | {"id": "clip"}, sensor_rows) for field in ("audio", "file")),
    Idle("classify", "network_weight", 0.5, {"label_separator": ";"}),
    Idle("classify", "weight_folds", 2),
    Idle("classify", "weight_folds", 2, NO_SOUND | {"network_weight": 0.5}, ts),
    Idle("classify", "weight_folds", 2, NO_SOUND | BUDGET, ts),
    Idle("classify", "refit", True, {"split": (0.8, 0.0, 0.2)}),
    Idle("classify", "fold", "split"),
    Idle("classify", "test_fold", "1"),
]
