"""Settings of the transcribe job."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import soundfile
from job_data import phrases

from setting_changes.entries import Change, Config, Entry, Idle, Refused
from setting_changes.shared import (
    INPUTS,
    LABELLED,
    NO_EMA,
    PLAIN_STACK,
    STACK,
    TRAIN,
    idle_everywhere,
    idle_in_labelled_sound,
)


def table(*, header: str, cells: Callable[[int, str, str], str]) -> Callable[[Path], Path]:
    """A maker of a table of 24 recordings; `cells` makes a row of its number, file and text."""

    def make(folder: Path) -> Path:
        rows = [line.split(",") for line in phrases(folder).read_text().splitlines()[1:25]]
        path = folder / f"table-{header.replace(',', '-')}.csv"
        path.write_text("\n".join([header, *(cells(number, row[0], row[1]) for number, row in enumerate(rows))]))
        return path

    return make


def elsewhere(folder: Path) -> Path:
    """A table in another folder than its sounds."""
    path = folder / "tables" / "phrases.csv"
    path.parent.mkdir(exist_ok=True)
    path.write_text(phrases(folder).read_text())
    return path


def stereo(folder: Path) -> Path:
    """Recordings with two channels."""
    path = phrases(folder)
    for place in folder.glob("phrase-*.wav"):
        sound, rate = soundfile.read(place, always_2d=True)
        soundfile.write(place, np.concatenate([sound[:, :1], sound[::-1, :1]], 1), rate)
    return path


def split_of(number: int) -> str:
    """The split of a recording."""
    return ("train", "dev", "test")[number % 3]


FILES = table(
    header="file,path,text,split", cells=lambda n, file, text: f"{file},phrase-{n // 2}-None.wav,{text},{split_of(n)}"
)
TEXTS = table(header="file,text,words,split", cells=lambda n, file, text: f"{file},{text},{text[::-1]},{split_of(n)}")
GROUPS = table(header="file,text,who", cells=lambda n, file, text: f"{file},{text},{n // 6}")
SPLITS = table(
    header="file,text,split,other", cells=lambda n, file, text: f"{file},{text},{split_of(n)},{split_of(n + 1)}"
)
CAPITALS = table(header="file,text,split", cells=lambda n, file, text: f"{file},{text.title()},{split_of(n)}")
MARKS = table(header="file,text,split", cells=lambda n, file, text: f"{file},{text}!,{split_of(n)}")
SPACED = table(header="file,text,split", cells=lambda n, file, text: f"{file},{' '.join(text)},{split_of(n)}")

CHANGES: dict[str, Entry] = (
    STACK
    | TRAIN
    | INPUTS
    | LABELLED
    | {
        "rate_hz": Change(1600),
        "channel": Change(2, data=stereo),
        "audio": Change(".", data=elsewhere, base_fails=True),
        "file": Change("path", data=FILES),
        "text_column": Change("words", data=TEXTS),
        "group": Change("who", data=GROUPS),
        "split_column": Change("other", data=SPLITS),
        "split": Change((0.34, 0.33, 0.33)),
        "units": Change("words", data=SPACED),
        "case": Change("keep", data=CAPITALS),
        "punctuation": Change("keep", data=MARKS),
        "decoder": Change("greedy", {"ngram_order": None, "beam_size": None}),
        "beam_size": Change(1),
        "ngram_order": Change(2),
        "short_first": Change(),
        "early_blanks": Change(0.0),
        "max_shift_steps": Refused(5, "max_shift_steps"),
        "excerpt_steps": Refused(20, "excerpt_steps"),
        "max_stretch": Change(0.2),
        "max_band_shift": Change(2.0),
        "max_tilt_db": Change(3.0),
        "min_snr_db": Change(10.0),
        "scheduled_sampling": Refused(0.5, "scheduled_sampling"),
    }
)

TINY: Config = NO_EMA | PLAIN_STACK | {
    "n_mels": 8, "conv_channels": (4,), "conv_stride": 1, "batch_size": 4, "cache_dir": "none",
    "beam_size": 2,
}  # fmt: skip

IDLE: list[Idle] = [
    *idle_everywhere("transcribe"),
    *idle_in_labelled_sound("transcribe"),
    Idle("transcribe", "beam_size", 4, {"decoder": "greedy", "beam_size": None}),
    Idle("transcribe", "ngram_order", 3, {"decoder": "greedy", "beam_size": None}),
    Idle("transcribe", "early_blanks", 0.5, {"bidirectional": True}),
]
