"""A change of every setting of every job that must have an effect, on small data."""

from collections.abc import Callable, Mapping
from datetime import date, timedelta
from pathlib import Path
from typing import Any, NamedTuple

import mido
import numpy as np
import soundfile
from job_data import SIZES, beeps, hum, lines, signals, sine, tunes

DERIVED = object()
"""The new value follows from the setting's type and its value in the base configuration."""


class Change(NamedTuple):
    """From a base configuration to a new value of one setting.

    `base` is added to the job's small configuration (or to `tiny`), where a value of None removes a setting.
    `data` makes the data; `base_fails` if they can be read with the new value only.
    """

    new: Any = DERIVED
    base: Mapping[str, Any] = {}
    data: Callable[[Path], Any] | None = None
    base_fails: bool = False
    tiny: Mapping[str, Any] | None = None


class Refused(NamedTuple):
    """The job never uses this setting, and says so."""

    value: Any
    message: str


class CheckedBy(NamedTuple):
    """The effect is not in weights, scores or files; a test of its own checks it."""

    node: str


Entry = Change | Refused | CheckedBy


def table(name: str, *rows: str, encoding: str = "utf-8") -> Callable[[Path], Path]:
    """A maker of a CSV file."""

    def make(folder: Path) -> Path:
        path = folder / f"{name}.csv"
        path.write_text("\n".join(rows), encoding)
        return path

    return make


def columns(header: str, *values: Callable[[int], Any], rows: int = 400, separator: str = ",") -> Callable[[Path], Any]:
    """A maker of a CSV file, each column a function of the row."""
    return table("columns", header, *(separator.join(str(column(row)) for column in values) for row in range(rows)))


def wave(row: int) -> str:
    """A sine, exact to four digits."""
    return f"{np.sin(row / 4):.4f}"


def other_wave(row: int) -> str:
    """Another sine."""
    return f"{5 * np.cos(row / 6) + 2:.4f}"


def day(row: int) -> str:
    """Consecutive days."""
    return str(np.datetime64("2020-01-01") + row)


WIDE = columns("a,b", wave, other_wave)
SERIES = columns("unique_id,y", lambda row: row % 2, lambda row: wave(row) if row % 2 else other_wave(row), rows=800)
CONSTANT = columns("a,kind", wave, lambda _: 3)
GAPPED = columns("ds,y", lambda row: day(row + row // 100), wave)
UNSORTED = columns("ds,y", lambda row: day(row ^ 1), wave)
ODD_DATES = columns("ds,y", lambda row: (date(2020, 1, 1) + timedelta(row)).strftime("%Y/%j"), wave)
COMMAS = columns("a;b", lambda row: wave(row).replace(".", ","), lambda row: row, separator=";")
TILDES = columns("a~b", wave, other_wave, separator="~")
LATIN = table("latin", "größe", *map(wave, range(400)), encoding="latin-1")

DIRECT = {"strategy": "direct"}
FRACTIONS = {"split": (0.6, 0.2, 0.2)}

STACK: dict[str, Entry] = {
    "cell": Change(),
    "layers": Change((5,)),
    "dropout": Change(),
    "input_dropout": Change(),
    "variational_dropout": Change(base={"dropout": 0.3}),
    "weight_dropout": Change(),
    "forget_bias": Change(2.0, {"cell": "lstm"}),
    "learn_initial_state": Change(),
}

TRAIN: dict[str, Entry] = {
    "epochs": Change(),
    "minutes": CheckedBy("tests/reliability/test_command.py::test_a_budget_in_minutes_is_kept_by_the_whole_process"),
    "batch_size": Change(),
    "optimizer": Change("adam", {"weight_decay": 0.1}),
    "lr": Change(),
    "lr_schedule": Change(),
    "warmup_fraction": Change(0.5),
    "weight_decay": Change(),
    "grad_clip_norm": Change(1e-3),
    "ema_decay": Change(0.1),
    "evals_per_epoch": Change(),
    "patience": Change(2, {"patience": 1, "lr": 1e-30, "epochs": 9}),
    "input_noise_std": Refused(0.1, "input_noise_std"),
    "scheduled_sampling": Change(),
    "seed": Change(),
    "device": CheckedBy("tests/contracts/test_settings.py::test_an_unavailable_device_is_refused"),
    "threads": CheckedBy("tests/contracts/test_settings.py::test_threads_are_those_of_the_training"),
    "checkpoint_interval_s": CheckedBy(
        "tests/contracts/test_settings.py::test_checkpoints_are_written_at_the_interval"
    ),
}

SPECTRUM: dict[str, Entry] = {
    "n_mels": Change(),
    "window_ms": Change(),
    "hop_ms": Change(20.0),
    "low_hz": Change(),
    "high_hz": Change(800.0),
    "cache_dir": CheckedBy("tests/contracts/test_settings.py::test_spectra_are_cached_in_the_folder"),
}

AUGMENT: dict[str, Entry] = {
    "noise_std": Change(),
    "max_gain_db": Change(),
    "max_shift_steps": Change(5),
    "n_time_masks": Change(),
    "time_mask_param": Change(3, {"n_time_masks": 1}),
    "n_freq_masks": Change(),
    "freq_mask_param": Change(3, {"n_freq_masks": 1}),
}

ENCODER: dict[str, Entry] = {
    "conv_channels": Change((6,)),
    "kernel_size": Change(5, {"conv_channels": (4,)}),
    "conv_stride": Change(base={"conv_channels": (4,)}),
    "bidirectional": Change(),
}

FORECAST: dict[str, Entry] = {
    "format": Change("wide", FRACTIONS, SERIES),
    "time": Change("t", FRACTIONS | {"target": None}, columns("t,y", lambda row: 1500 + row, wave)),
    "target": Change(("a",), data=WIDE),
    "id": Change("name", FRACTIONS, columns("name,y", lambda row: row % 2, wave, rows=800)),
    "past_covariates": Change(("b",), DIRECT | {"target": ("a",)}, WIDE),
    "future_covariates": Change(("b",), DIRECT | {"target": ("a",)}, WIDE),
    "static_covariates": Change(("kind",), DIRECT | {"target": ("a",)}, CONSTANT),
    "decimal": Change(",", data=COMMAS, base_fails=True),
    "delimiter": Change("~", data=TILDES, base_fails=True),
    "encoding": Change("latin-1", data=LATIN, base_fails=True),
    "date_format": Change("%Y/%j", {"time": "ds"}, ODD_DATES, base_fails=True),
    "gaps": Change("mask", {"time": "ds"}, GAPPED, base_fails=True),
    "sort": Change(True, {"time": "ds"}, UNSORTED, base_fails=True),
    "split": Change((200, 100, 100)),
    "split_order": Change(),
    "scale": Change("minmax"),
    "scale_per": Change(base=FRACTIONS, data=SERIES),
    "instance_norm": Change("standard", DIRECT),
    "residual_baseline": Change("none", DIRECT),
    "lags": Change((5,), DIRECT),
    "season": Change((8,), DIRECT | {"residual_baseline": "seasonal", "season": (12,)}),
    "lookback": Change(),
    "horizon": Change(),
    "stride": Change(),
    "max_dev_windows": Change(3),
    "strategy": Change("direct"),
    "segment_steps": Change(6, {"strategy": "segments", "segment_steps": 4}),
    "channels": Change("independent", DIRECT, WIDE),
    "batching": Change("chunks"),
    "loss_at": Change("last"),
    "conformal": Change(base={"head": "quantiles"}),
    "recency_exponent": Change(3.0),
    "season_aligned_fraction": Change(0.7, {"season": (12,)}),
    "refit": Change(True),
    "head": Change(),
    "loss": Change("mae"),
    "quantiles": Change((0.025, 0.5, 0.975), {"head": "quantiles"}),
    "input_noise_std": Change(),
}


def midi(folder: Path) -> Path:
    """Songs in MIDI files, with a pedal."""
    place = folder / "songs"
    place.mkdir(exist_ok=True)
    for number in range(6):
        track = mido.MidiTrack()
        for beat in range(24):
            track.append(mido.Message("control_change", control=64, value=127 * (beat % 2)))
            track.append(mido.Message("note_on", note=60 + (beat * (number + 1)) % 7, velocity=80))
            track.append(mido.Message("note_off", note=60 + (beat * (number + 1)) % 7, time=240))
            track.append(mido.Message("control_change", control=64, value=127 * (beat % 2), time=240))
        file = mido.MidiFile(ticks_per_beat=480)
        file.tracks.append(track)
        file.save(place / f"{number}.mid")
    return place


LINES: dict[str, Any] = {"chord_hidden_size": None, "head_dropout": None}
"""Leaves out what only the joint head has."""

MUSIC: dict[str, Entry] = {
    "grid": Change("eighth", LINES, data=midi),
    "pedal": Change(base=LINES, data=midi),
    "split": Change((8, 2, 2)),
    "transpose": Change("random"),
    "pitch_range": Change("36-81"),
    "out_of_range": Change(base={"pitch_range": "55-68"}),
    "onsets": Change(True),
    "head": Change("bernoulli", LINES),
    "tbptt_steps": Change(8),
    "chord_hidden_size": Change(),
    "head_dropout": Change(),
}


def accents(folder: Path) -> Path:
    """Text that differs in UTF-8 and Latin-1."""
    path = folder / "accents.txt"
    path.write_text("größe und länge " * 25, "utf-8")
    return path


def surprise(folder: Path) -> Path:
    """Text with a character in test that train lacks."""
    path = folder / "surprise.txt"
    path.write_text("abcdefghij" * 39 + "abcdeXghij")
    return path


TEXT: dict[str, Entry] = {
    "encoding": Change("latin-1", data=accents),
    "tokenizer": Change(),
    "split": Change((0.5, 0.25, 0.25)),
    "embedding_dim": Change(),
    "tie_embeddings": Change(base={"embedding_dim": 8}),
    "unknown_char": Change("a", data=surprise, base_fails=True),
    "tbptt_steps": Change(),
    "state_reset_steps": Change(20),
}


def stereo(folder: Path) -> Path:
    """A tone on the left, another on the right."""
    time = np.arange(4000)
    path = folder / "stereo.wav"
    soundfile.write(path, np.stack([0.3 * np.sin(time * 0.3), 0.5 * np.sin(time * 0.7)], 1), 2000)
    return path


def hums(folder: Path) -> Path:
    """Three files."""
    place = folder / "hums"
    place.mkdir(exist_ok=True)
    for number in range(3):
        soundfile.write(place / f"{number}.wav", 0.3 * np.sin(np.arange(2000) * (0.2 + 0.1 * number)), 2000)
    return place


FRAMES = {
    "model": "frames",
    "split": (0.6, 0.2, 0.2),
    "frame_samples": 5,
    "layers": (8,),
    "batch_size": 4,
    "tbptt_steps": 16,
    "ema_decay": 0.0,
    "epochs": 1,
    "threads": 1,
}
BARE = {key: value for key, value in FRAMES.items() if key != "model"}

AUDIO: dict[str, Entry] = {
    "rate_hz": Change(1000),
    "channel": Change(2, data=stereo),
    "split": Change((0.5, 0.25, 0.25)),
    "split_by": Change("file", data=hums),
    "model": Change(tiny=BARE),
    "frame_features": Change("spectrum", tiny=FRAMES),
    "frame_samples": Change(),
    "preemphasis": Change(),
    "n_mels": Change(9, {"frame_features": "mel", "frame_samples": 20, "n_mels": 8}, tiny=FRAMES),
    "tbptt_steps": Change(),
    "state_reset_steps": Change(32),
    "history_samples": Change(3),
    "fast_hidden_size": Change(),
    "conditioning_size": Change(),
    "mixture_components": Change(),
    "trained_frame_fraction": Change(),
    "history_noise": Change(),
    "max_gain_db": Change(),
    "input_noise_std": Change(tiny=FRAMES),
}


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


def events_elsewhere(folder: Path) -> Path:
    """A table of events in another folder than its sounds."""
    path = folder / "tables" / "events.csv"
    path.parent.mkdir(exist_ok=True)
    path.write_text(signals(folder).read_text())
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


AXES = {"labels_path": "labels.npy", "axes": "clip,frame,band"}
NO_SOUND = {"n_mels": None}

CUT = clips(header="start,end", cells=lambda _: "0.0,0.14")

CLASSIFY: dict[str, Entry] = {
    "rate_hz": Change(1600),
    "channel": Change(2, {"n_mels": 4}, clips(header="start,end", cells=lambda _: "0.0,0.1")),
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
    "labels_path": Change("labels.npy", NO_SOUND | {"axes": AXES["axes"]}, arrays, base_fails=True),
    "axes": Change("clip,band,frame", NO_SOUND | AXES, arrays),
    "test_data": Change("more.ts", NO_SOUND, ts),
    "split": Change((0.5, 0.25, 0.25)),
    "test_fold": Change("2", {"folds": 2, "test_fold": "1"}),
    "folds": Change(2),
    "model": Change(
        "convnet", {"layers": None, "input_dropout": None}, clips(header="start,end", cells=lambda _: "0.0,0.14")
    ),
    "pooling": Change(),
    "class_weight": Change(data=clips(header="split", cells=lambda number: "train" if number < 16 else "dev")),
    "scheduled_sampling": Refused(0.5, "scheduled_sampling"),
}

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


def stereo_beeps(folder: Path) -> Path:
    """Clips with two channels."""
    path = beeps(folder)
    for file in folder.glob("*-None.wav"):
        sound, rate = soundfile.read(file, always_2d=True)
        soundfile.write(file, np.concatenate([sound[:, :1], sound[::-1, :1]], 1), rate)
    return path


CLASSIFY["channel"] = Change(2, data=stereo_beeps)

DETECT: dict[str, Entry] = {
    "rate_hz": Change(1600),
    "channel": Change(2, data=stereo_signals),
    "audio": Change(".", data=events_elsewhere, base_fails=True),
    "split": Change((0.34, 0.33, 0.33)),
    "split_table": Change("splits.csv", data=resplit),
    "max_shift_steps": Refused(5, "max_shift_steps"),
    "excerpt_s": Change(),
    "delay_ms": Change(20.0),
    "postprocess": Change(),
    "scheduled_sampling": Refused(0.5, "scheduled_sampling"),
}

CHANGES: dict[str, dict[str, Entry]] = {
    "forecast": STACK | TRAIN | FORECAST,
    "music": STACK | TRAIN | MUSIC,
    "text": STACK | TRAIN | TEXT,
    "audio": STACK | TRAIN | AUDIO,
    "classify": STACK | TRAIN | SPECTRUM | AUGMENT | ENCODER | CLASSIFY,
    "detect": STACK | TRAIN | SPECTRUM | AUGMENT | ENCODER | DETECT,
}
"""The change of every setting of every job."""

BIDIRECTIONAL: dict[str, Entry] = {
    name: entry._replace(base={**entry.base, "bidirectional": True})
    for name, entry in STACK.items()
    if isinstance(entry, Change) and name != "learn_initial_state"
}
"""The layers that read both ways take the same settings."""

NO_EMA = {"ema_decay": 0.0, "epochs": 1, "threads": 1}
PLAIN_STACK = {"layers": (8,), "dropout": 0.0, "input_dropout": 0.0}

TINY: dict[str, dict[str, Any]] = {
    "forecast": NO_EMA | PLAIN_STACK | {
        "split": SIZES, "lookback": 24, "horizon": 4, "strategy": "recursive", "batch_size": 64, "scale": "standard",
        "cell": "gru", "evals_per_epoch": 1,
    },
    "music": NO_EMA | PLAIN_STACK | {
        "head_dropout": 0.0, "chord_hidden_size": 16, "batch_size": 2,
    },
    "text": NO_EMA | PLAIN_STACK | {"split": (0.6, 0.2, 0.2), "batch_size": 4, "tbptt_steps": 10, "embedding_dim": 6},
    "audio": NO_EMA | PLAIN_STACK | {
        "split": (0.6, 0.2, 0.2), "frame_samples": 5, "fast_hidden_size": 16, "conditioning_size": 4, "batch_size": 4,
        "tbptt_steps": 16, "history_noise": 0.0, "max_gain_db": 0.0,
    },
    "classify": NO_EMA | PLAIN_STACK | {"n_mels": 8, "batch_size": 4, "cache_dir": "none"},
    "detect": NO_EMA | PLAIN_STACK | {
        "n_mels": 8, "hop_ms": 10.0, "conv_channels": (4,), "excerpt_s": 0.5, "batch_size": 2, "cache_dir": "none",
    },
}  # fmt: skip
"""A quick configuration of each job: a few steps, and nothing random but the seed."""

DATA: dict[str, Callable[[Path], Any]] = {
    "forecast": sine,
    "music": tunes,
    "text": lines,
    "audio": hum,
    "classify": beeps,
    "detect": signals,
}
"""The data of each job."""


class Idle(NamedTuple):
    """A setting that can do nothing in this configuration, and is refused."""

    job: str
    field: str
    value: Any
    base: Mapping[str, Any] = {}
    data: Callable[[Path], Any] | None = None
    tiny: Mapping[str, Any] | None = None


FEATURES = NO_SOUND | AXES
QUANTILES = {"head": "quantiles"}
CHUNKS = {"batching": "chunks"}
SHUFFLED = {"split_order": "shuffled"}
BOTH = {"bidirectional": True}


def folders(folder: Path) -> Path:
    """Clips with a folder for each class."""
    beeps(folder)
    for number in range(24):
        place = folder / "classes" / ("low", "high")[number // 3 % 2]
        place.mkdir(parents=True, exist_ok=True)
        (place / f"{number}.wav").write_bytes((folder / f"{number}-None.wav").read_bytes())
    return folder / "classes"


IDLE: list[Idle] = [
    *(Idle(job, "forget_bias", 2.0, {"cell": "gru"}) for job in TINY),
    *(Idle(job, "variational_dropout", True) for job in TINY),
    Idle("forecast", "loss", "mae", QUANTILES),
    Idle("forecast", "quantiles", (0.025, 0.5, 0.975)),
    Idle("forecast", "loss_at", "last", DIRECT),
    Idle("forecast", "segment_steps", 4),
    *(Idle("forecast", field, 3, CHUNKS) for field in ("stride", "recency_exponent", "max_dev_windows")),
    Idle("forecast", "season_aligned_fraction", 0.5, CHUNKS),
    *(Idle("forecast", field, value, SHUFFLED) for field, value in (("recency_exponent", 3.0), ("refit", True))),
    Idle("forecast", "season_aligned_fraction", 0.5, SHUFFLED | {"season": (12,)}),
    Idle("forecast", "residual_baseline", "last"),
    Idle("forecast", "instance_norm", "standard"),
    Idle("forecast", "lags", (5,)),
    *(
        Idle("forecast", field, value, data=WIDE)
        for field, value in (("gaps", "mask"), ("sort", True), ("date_format", "%d.%m.%Y"))
    ),
    Idle("music", "onsets", True, LINES | {"head": "categorical"}),
    *(Idle("music", field, 0.2 if "dropout" in field else 9,
           LINES | {"head": head})
      for field in ("chord_hidden_size", "head_dropout") for head in ("bernoulli", "categorical")),
    Idle("text", "unknown_char", "a", {"tokenizer": "bytes"}),
    Idle("text", "input_noise_std", 0.1),
    Idle("audio", "n_mels", 8),
    Idle("audio", "frame_features", "mel"),
    *(Idle("audio", field, value, tiny=FRAMES) for field, value in (
        ("preemphasis", 0.5), ("history_samples", 3), ("fast_hidden_size", 8), ("conditioning_size", 8),
        ("mixture_components", 3), ("trained_frame_fraction", 0.5), ("history_noise", 0.5), ("max_gain_db", 0.5))),
    *(Idle(job, "time_mask_param", 5) for job in ("classify", "detect")),
    *(Idle(job, "freq_mask_param", 5) for job in ("classify", "detect")),
    *(Idle(job, "kernel_size", 5, {"conv_channels": ()}) for job in ("classify", "detect")),
    *(Idle(job, "conv_stride", 2, {"conv_channels": ()}) for job in ("classify", "detect")),
    *(Idle(job, "learn_initial_state", True, BOTH) for job in ("classify", "detect")),
    Idle("classify", "pooling", "last", BOTH),
    Idle("classify", "pooling", "last", {"model": "convnet", "layers": None, "input_dropout": None}, CUT),
    Idle("detect", "delay_ms", 20.0, BOTH),
    *(Idle("classify", field, value, {**FEATURES, "cache_dir": None}, arrays) for field, value in (
        ("n_mels", 8), ("window_ms", 16.0), ("hop_ms", 20.0), ("low_hz", 20.0), ("high_hz", 800.0),
        ("max_gain_db", 3.0), ("rate_hz", 2000), ("channel", 1))),
    *(Idle("classify", field, value, data=folders) for field, value in (
        ("label_separator", ";"), ("fold", "f"), ("group", "g"), ("file", "f"), ("label", "l"), ("audio", "."),
        ("split_column", "s"), ("labels_path", "labels.npy"), ("axes", "clip,frame,band"))),
    *(Idle("classify", field, value) for field, value in (
        ("labels_path", "labels.npy"), ("axes", "clip,frame,band"), ("fold", "split"), ("test_fold", "1"))),
]  # fmt: skip
"""Settings that do nothing where these are."""
