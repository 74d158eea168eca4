"""Every kind of source refuses empty, truncated and foreign data with the place and the remedy."""

import inspect
import subprocess
import sys
from collections.abc import Callable
from importlib import import_module
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest
import soundfile

from echoic.config import (
    AudioDataSettings,
    ClipDataSettings,
    EventDataSettings,
    MapDataSettings,
    MusicDataSettings,
    TextDataSettings,
    TranscriptDataSettings,
)
from echoic.config.base import Section
from echoic.config.table import TableSettings
from echoic.errors import DataError
from echoic.sources import SOURCES, read, source_kind, supported_inputs
from echoic.sources.memory import Clips, Pairs, Recordings, Steps, Text, Transcripts
from echoic.types.score import Note, Song
from echoic.writers.midi import midi_bytes

FOREIGN = b"RIFF\x00\x00\x00\x06\x00\x01"
WIDE = TableSettings()
M4 = TableSettings(format="m4")


def _csv(path: Path) -> None:
    path.write_text('a,b\n1,2\n3,"4"\n')


def _m4(path: Path) -> None:
    path.write_text('"V1","V2"\n"H1","1"\n')


def _monash(path: Path) -> None:
    path.write_text("@attribute series_name string\n@data\nT1:1,2,3\nT2:4,5\n")


def _parquet(path: Path) -> None:
    pl.DataFrame({"a": [1, 2]}).write_parquet(path)


def _music(path: Path) -> None:
    path.write_bytes(midi_bytes(Song("one", (Note(0.0, 60, 1.0), Note(1.0, 62, 1.0)))))


def _rolls(path: Path) -> None:
    path.write_text('{"train": [[[60], [62]]]}')


def _text(path: Path) -> None:
    path.write_text("To be, or not to b\N{LATIN SMALL LETTER E WITH ACUTE}\N{BLACK HEART SUIT}")


def _clips(path: Path) -> None:
    path.write_text("@problemName a\n@classLabel true x y\n@data\n1,2,3:x\n2,3:y\n")


def _events(path: Path) -> None:
    soundfile.write(path.with_name("a.wav"), np.sin(np.arange(2000) * 0.1), 8000)
    path.write_text("file,onset_s,offset_s,label\na.wav,0.1,0.2,x\n")


def _pairs(path: Path) -> None:
    path.write_text('u,y\n1,2\n3,"4"\n')


def _arrays(path: Path) -> None:
    np.savez(path, u=np.arange(8.0), y=np.arange(8.0))


def _paired_sound(path: Path) -> None:
    _audio(path)
    (path.parent / "wet").mkdir(exist_ok=True)
    _audio(path.parent / "wet" / path.name)


def _transcripts(path: Path) -> None:
    soundfile.write(path.with_name("a.wav"), np.sin(np.arange(2000) * 0.1), 8000)
    path.write_text('file,text\na.wav,"one"\n')


def _audio(path: Path) -> None:
    soundfile.write(path, np.sin(np.arange(200) * 0.1), 8000)


FILES: dict[str, tuple[str, Callable[[Path], None], Section]] = {
    "csv": ("table.csv", _csv, WIDE),
    "parquet": ("table.parquet", _parquet, WIDE),
    "monash": ("table.tsf", _monash, WIDE),
    "m4": ("table.csv", _m4, M4),
    "rolls": ("songs.json", _rolls, MusicDataSettings()),
    "music": ("song.mid", _music, MusicDataSettings()),
    "text": ("poem.txt", _text, TextDataSettings()),
    "audio": ("sound.flac", _audio, AudioDataSettings()),
    "clips": ("vowels.ts", _clips, ClipDataSettings()),
    "events": ("events.csv", _events, EventDataSettings()),
    "paired_table": ("pairs.csv", _pairs, MapDataSettings(targets=("y",))),
    "paired_arrays": ("pairs.npz", _arrays, MapDataSettings(targets=("y",))),
    "paired_sound": ("sound.flac", _paired_sound, MapDataSettings(targets=("wet",))),
    "transcripts": ("text.csv", _transcripts, TranscriptDataSettings()),
}
NEEDED: dict[type[Section], str] = {
    AudioDataSettings: "rate_hz",
    EventDataSettings: "events",
    ClipDataSettings: "labels",
    MusicDataSettings: "music",
    TranscriptDataSettings: "text",
}
"""The annotation that jobs need of every source with these settings."""

TYPES: dict[type[Section], type[np.generic]] = {
    TableSettings: np.float64,
    TextDataSettings: np.unsignedinteger,
    MapDataSettings: np.floating,
}
"""The type of values of sources that do not give float32."""

SOUND = 0.3 * np.sin(np.arange(2000) * 0.1)
STEPS = pl.DataFrame({"ax": [1.0, 2.0, 3.0], "label": ["x", "x", "y"], "clip": [1, 1, 2]})
BROKEN_STEPS = pl.DataFrame({"ax": [1.0, 2.0], "label": ["x", "y"], "clip": [1, 1]})

MEMORY: dict[str, tuple[Any, list[Any], Section]] = {
    "dataframe": (pl.DataFrame({"a": [1, 2]}), [pl.DataFrame(), pl.DataFrame({"a": ["x", "y"]}), object()], WIDE),
    "array": (np.arange(3.0), [np.zeros(0), np.array(["x"]), np.array([1j])], WIDE),
    "synth": ("synth:sine,steps=10", ["synth:", "synth:sine,steps", "synth:table.csv"], WIDE),
    "rolls_in_memory": (np.eye(128), [np.zeros((3, 5)), np.zeros((0, 88)), 5], MusicDataSettings()),
    "text_in_memory": (Text("To be"), [Text(""), Text(["a", ""]), Text("\ud800"), 5], TextDataSettings()),
    "audio_in_memory": (
        Recordings(SOUND, 8000),
        [Recordings(SOUND), Recordings(SOUND * np.nan, 8000), Recordings(np.zeros((2, 900)), 8000), 5],
        AudioDataSettings(),
    ),
    "clip_frame": (STEPS, [BROKEN_STEPS, STEPS.clear(), 5], ClipDataSettings(id="clip")),
    "clip_arrays": (
        Clips(np.zeros((2, 3)), ["x", "y"]),
        [Clips(np.zeros((2, 3)), ["x"]), Clips(np.zeros((2, 3))), Clips(np.full((2, 3), np.inf), ["x", "y"]), 5],
        ClipDataSettings(),
    ),
    "sensors_in_memory": (
        STEPS,
        [STEPS.clear(), STEPS.with_columns(ax=pl.lit("x")), Steps(SOUND, SOUND[:3])],
        EventDataSettings(step_rate_hz=10, id="clip", label="label"),
    ),
    "events_in_memory": (
        Recordings(SOUND, 8000, [[(0.1, 0.2, "x")]]),
        [Recordings(SOUND, 8000), Recordings(SOUND, 8000, []), Recordings(SOUND, 8000, [[(0.1, 9.0, "x")]]), 5],
        EventDataSettings(),
    ),
    "pairs_in_memory": (
        Pairs(SOUND, SOUND),
        [
            Pairs(SOUND),
            Pairs(SOUND, SOUND[:99]),
            Pairs([SOUND], [SOUND, SOUND]),
            Pairs(SOUND, np.full(2000, np.inf)),
            5,
        ],
        MapDataSettings(),
    ),
    "paired_frame": (
        pl.DataFrame({"u": [1.0, 2.0], "y": [3.0, 4.0]}),
        [pl.DataFrame(), pl.DataFrame({"u": ["x", "y"], "y": [1.0, 2.0]}), pl.DataFrame({"y": [1.0]}), object()],
        MapDataSettings(targets=("y",)),
    ),
    "transcripts_in_memory": (
        Transcripts(SOUND, ["one"], 8000),
        [Transcripts(SOUND, None, 8000), Transcripts(SOUND, ["a", "b"], 8000), Transcripts(SOUND, [" "], 8000), 5],
        TranscriptDataSettings(),
    ),
    "morse": (
        "synth:morse,clips=2",
        ["synth:", "synth:morse,clips", "synth:morse,clips=x", "synth:morse,clips=0", "synth:morse,nips=3"],
        TranscriptDataSettings(),
    ),
}


@pytest.mark.parametrize("kind", SOURCES)
def test_every_kind_has_its_cases(kind: str) -> None:
    assert kind in {*FILES, *MEMORY}, (
        f"The source {kind!r} is new: add it to FILES in {__file__} (the name of a file, a function that writes a good "
        "one, which must be invalid without its last two bytes, and the settings), or to MEMORY."
    )


def test_settings_without_a_source_are_refused() -> None:
    class OwnTableSettings(TableSettings):
        """Not the class of any source."""

    with pytest.raises(TypeError, match=r"No source reads data with OwnTableSettings; add one to .*SOURCES"):
        source_kind("table.csv", OwnTableSettings())


@pytest.mark.parametrize("kind", SOURCES)
def test_reader_takes_data_and_settings(kind: str) -> None:
    assert list(inspect.signature(import_module(SOURCES[kind].module).read).parameters) == ["data", "settings"]


@pytest.mark.parametrize("kind", FILES)
def test_good_file_reads_the_same_twice(tmp_path: Path, kind: str) -> None:
    name, write, settings = FILES[kind]
    write(tmp_path / name)
    assert source_kind(tmp_path / name, settings) == kind
    first, second = read(tmp_path / name, settings), read(str(tmp_path / name), settings)
    assert first.fingerprint == second.fingerprint
    np.testing.assert_array_equal(first.series[0].values, second.series[0].values)


@pytest.mark.parametrize("kind", [*FILES, *MEMORY])
def test_a_series_is_precise_named_and_annotated(tmp_path: Path, kind: str) -> None:
    if kind in MEMORY:
        found = read(MEMORY[kind][0], MEMORY[kind][2])
    else:
        name, write, settings = FILES[kind]
        write(tmp_path / name)
        found = read(tmp_path / name, settings)
    assert found.series
    assert found.origin
    for series in found.series:
        assert np.issubdtype(series.values.dtype, TYPES.get(SOURCES[kind].settings, np.float32))
        assert series.values.shape == (series.steps, len(series.features))
        assert not np.isinf(series.values).any()
        assert series.name
        assert series.origin
        series.annotations.check(series.origin, series.steps)
    needed = NEEDED.get(SOURCES[kind].settings)
    if needed is not None:
        assert all(getattr(series.annotations, needed) is not None for series in found.series)


@pytest.mark.parametrize("kind", SOURCES)
def test_a_source_is_named_in_the_inputs_of_its_settings(kind: str) -> None:
    assert SOURCES[kind].summary in supported_inputs(SOURCES[kind].settings)


@pytest.mark.parametrize("damage", ["empty", "truncated", "foreign", "missing", "folder"])
@pytest.mark.parametrize("kind", FILES)
def test_bad_file_is_refused_with_path_and_remedy(tmp_path: Path, kind: str, damage: str) -> None:
    name, write, settings = FILES[kind]
    path = tmp_path / name
    if damage == "folder":
        path.mkdir()
    elif damage != "missing":
        write(path)
        whole = path.read_bytes()
        path.write_bytes({"empty": b"", "truncated": whole[:-2], "foreign": FOREIGN}[damage])
    with pytest.raises(DataError, match=r"[;,] [a-z]") as caught:
        read(path, settings)
    assert str(path) in str(caught.value)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("kind", MEMORY)
def test_bad_data_in_memory_are_refused(kind: str) -> None:
    good, bad, settings = MEMORY[kind]
    assert source_kind(good, settings) == kind
    assert read(good, settings).fingerprint == read(good, settings).fingerprint
    for data in bad:
        with pytest.raises(DataError, match=r"[;,] [a-z]"):
            read(data, settings)


def test_importing_sources_loads_no_reader() -> None:
    code = "import sys, echoic.sources; sys.exit(bool({'polars', 'narwhals', 'torch'} & set(sys.modules)))"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
