"""A good file of every format that is read, how it is read, and the run that is used on it."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from echoic.config import (
    AudioDataSettings,
    ClipDataSettings,
    EventDataSettings,
    MapDataSettings,
    MusicDataSettings,
    Section,
    TextDataSettings,
    TranscriptDataSettings,
)
from echoic.config.table import TableSettings
from echoic.sources import SOURCES
from echoic.sources.audio import ENDINGS as SOUND_ENDINGS
from echoic.sources.clips import READERS
from echoic.sources.music import MIDI_ENDINGS
from echoic.sources.rolls import ENDINGS as ROLL_ENDINGS
from good_files import HDF5_ENDINGS

SYNTHETIC = {"synth", "morse"}
"""Kinds of data without files."""

PACKED = (".gz", ".bz2", ".xz", ".zst")


@dataclass(frozen=True)
class Input:
    """A file that is damaged, and how it is read.

    `data` is what is read, where that is not the file: the folder or the table that it belongs to. A run of `job` on
    `training` with the settings `given` is used on it.
    """

    kind: str
    file: str
    settings: Section
    job: str
    training: str
    given: Mapping[str, Any] = field(default_factory=dict)
    data: str | None = None

    @property
    def place(self) -> str:
        """What is read."""
        return self.data or self.file

    @property
    def name(self) -> str:
        """The file, and what it belongs to."""
        return self.file if self.data is None else f"{self.file} of {self.data}"


def _table(kind: str, file: str, training: str, **given: Any) -> Input:
    values = {"time": "ds"} if training == "table.csv" else {}
    return Input(
        kind, file, TableSettings(**values, **given), "forecast", training, {"lookback": 10, **values, **given}
    )


def _music(kind: str, file: str, data: str | None = None) -> Input:
    return Input(kind, file, MusicDataSettings(), "music", "songs.json", {"batch_size": 2}, data)


def _text(file: str, data: str | None = None) -> Input:
    return Input("text", file, TextDataSettings(), "text", "text.txt", {"batch_size": 8}, data)


def _audio(file: str, data: str | None = None) -> Input:
    return Input("audio", file, AudioDataSettings(), "audio", "sound.wav", {}, data)


def _clips(file: str, training: str, data: str | None = None, **given: Any) -> Input:
    return Input("clips", file, ClipDataSettings(**given), "classify", training, {"batch_size": 8, **given}, data)


def _events(file: str, training: str, data: str | None = None, **given: Any) -> Input:
    return Input("events", file, EventDataSettings(**given), "detect", training, given, data)


def _pairs(kind: str, file: str, training: str = "pairs.npz", data: str | None = None, **given: Any) -> Input:
    settings = {"targets": ("y",)} | given
    return Input(kind, file, MapDataSettings(**settings), "map", training, {"batch_size": 8, **settings}, data)


def _transcripts(file: str, data: str | None = None) -> Input:
    settings = TranscriptDataSettings()
    return Input("transcripts", file, settings, "transcribe", "spoken.csv", {"batch_size": 8, "n_mels": 8}, data)


def inputs(folder: Path) -> list[Input]:
    """All formats; the files are in `folder`."""
    arrays: dict[str, Any] = {"axes": ("clip", "band", "frame"), "labels_path": folder / "labels.npy"}
    split: dict[str, Any] = {"split_table": folder / "split.csv"}
    steps: dict[str, Any] = {"id": "clip"}
    return [
        *(_table("csv", f"table.csv{packed}", "table.csv") for packed in ("", *PACKED)),
        _table("parquet", "table.parquet", "table.csv"),
        _table("m4", "m4.csv", "m4.csv", format="m4"),
        *(_table("monash", f"table.tsf{packed}", "table.tsf") for packed in ("", *PACKED)),
        *(_music("rolls", f"songs{ending}") for ending in ROLL_ENDINGS),
        *(_music("music", f"song{ending}") for ending in MIDI_ENDINGS),
        _music("music", "songs/1.mid", "songs"),
        *(_text(f"text.txt{packed}") for packed in ("", *PACKED)),
        _text("texts/1.txt", "texts"),
        *(_audio(f"sound{ending}") for ending in SOUND_ENDINGS),
        _audio("sounds/a/1.wav", "sounds/a"),
        _clips("clips.ts", "clips.ts"),
        _clips("clips.csv", "clips.csv"),
        _clips("clips.parquet", "clips.csv"),
        _clips("sounds/a/1.wav", "clips.csv", "sounds"),
        _clips("sounds/a/1.wav", "clips.csv", "clips.csv"),
        _clips("steps.csv", "steps.csv", **steps),
        _clips("clips.npy", "clips.npy", **arrays),
        _clips("labels.npy", "clips.npy", "clips.npy", **arrays),
        _events("events.csv", "events.csv"),
        _events("events.parquet", "events.csv"),
        _events("sounds/a/1.wav", "events.csv", "events.csv"),
        _events("split.csv", "events.csv", "events.csv", **split),
        _events("moves.csv", "moves.csv", label="label", id="person"),
        *(_pairs("paired_arrays", f"pairs{ending}") for ending in (".npz", *HDF5_ENDINGS)),
        *(_pairs("paired_table", f"pairs{ending}", "pairs.csv") for ending in (".csv", ".parquet")),
        _pairs("paired_sound", "dry/0.wav", "dry", "dry", targets=(str(folder / "wet"),)),
        *(_transcripts(f"spoken{ending}") for ending in (".csv", ".tsv", ".parquet")),
        *(_transcripts(f"spoken/0.{ending}", "spoken") for ending in ("wav", "txt")),
        *(_transcripts(f"kaldi/{name}", "kaldi") for name in ("wav.scp", "text")),
    ]


def missing_formats(found: list[Input]) -> list[str]:
    """Kinds of files in the registry of sources, and endings, without an input here."""
    kinds = {name for name, source in SOURCES.items() if not source.in_memory and name not in SYNTHETIC}
    endings = {ending for source in SOURCES.values() for ending in source.endings}
    endings |= {*SOUND_ENDINGS, *MIDI_ENDINGS, *ROLL_ENDINGS, *READERS}
    endings |= {f"{name}{packed}" for name in (".csv", ".txt") for packed in PACKED}
    lacking = sorted(kinds - {one.kind for one in found})
    files = [one.file for one in found]
    # Another name of Parquet.
    return lacking + sorted(one for one in endings - {".pq"} if not any(file.endswith(one) for file in files))
