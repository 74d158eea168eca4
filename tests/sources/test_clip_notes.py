"""What is odd about clips and recordings is counted, and said with an example."""

import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile
from numpy.typing import NDArray

from echoic.config import AudioDataSettings, ClipDataSettings, EventDataSettings
from echoic.errors import DataError
from echoic.sources import read
from echoic.sources.clips import labels_of
from echoic.sources.memory import Clips

RATE_HZ = 8000


def sound(path: Path, seed: int = 0, rate_hz: int = RATE_HZ, values: NDArray[Any] | None = None) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    noise = 0.1 * np.random.default_rng(seed).standard_normal(round(0.1 * rate_hz))
    soundfile.write(path, noise if values is None else values, rate_hz)
    return path


@pytest.fixture
def classes(tmp_path: Path) -> Path:
    """Two clips of each of two classes, about which there is nothing to say."""
    for number in range(4):
        sound(tmp_path / "clips" / ("low" if number % 2 else "high") / f"{number}.wav", number)
    return tmp_path / "clips"


def notes(place: Path, **settings: Any) -> tuple[str, ...]:
    return read(place, ClipDataSettings(**settings)).report.notes


def test_tidy_clips_have_no_notes(classes: Path) -> None:
    assert notes(classes) == ()


def test_files_of_systems_and_empty_folders_stop_nothing(classes: Path) -> None:
    (classes / "low" / "._1.wav").write_bytes(b"Mac OS X")
    (classes / "__MACOSX" / "low").mkdir(parents=True)
    (classes / "__MACOSX" / "low" / "._3.wav").write_bytes(b"Mac OS X")
    (classes / ".cache").mkdir()
    (classes / "low" / "Thumbs.db").write_bytes(b"")
    (classes / "none").mkdir()
    found = read(classes, ClipDataSettings())
    assert found.report.to_json()["labels"] == {"high": 2, "low": 2}
    assert found.report.notes == (
        "Folders without sound left out: 1 folder (none).",
        "Hidden files left out: 2 files, such as __MACOSX/low/._3.wav.",
    )


def test_files_that_are_not_read_are_counted_by_kind(classes: Path) -> None:
    for name in ("low/a.m4a", "low/b.M4A", "high/notes.txt"):
        (classes / name).write_bytes(b"no sound")
    sound(classes / "alone.wav")
    assert notes(classes) == (
        "Sound outside of the folders of classes left out: 1 file (alone.wav).",
        "Files of kinds that are not read left out (.m4a 2, .txt 1): 3 files, such as high/notes.txt.",
    )
    found = read(classes, AudioDataSettings()).report.notes
    assert "Files of kinds that are not read left out (.m4a 2, .txt 1): 3 files, such as high/notes.txt." in found


def test_folders_of_splits_hold_folders_of_classes(tmp_path: Path) -> None:
    for number, name in enumerate(("train/low/a", "train/high/a", "valid/low/a", "Test/high/b")):
        sound(tmp_path / f"{name}.wav", number)
    found = read(tmp_path, ClipDataSettings())
    assert [(one.name, labels_of(one), one.annotations.split) for one in found.series] == [
        ("Test/high/b.wav", ("high",), "test"),
        ("train/high/a.wav", ("high",), "train"),
        ("train/low/a.wav", ("low",), "train"),
        ("valid/low/a.wav", ("low",), "dev"),
    ]
    assert found.report.notes == (
        "The folders Test, train, valid were read as splits, the folders in them as classes.",
    )


def test_splits_without_classes_are_refused(tmp_path: Path) -> None:
    for number, name in enumerate(("train/a", "train/b", "test/a")):
        sound(tmp_path / f"{name}.wav", number)
    with pytest.raises(DataError, match="its folders test, train are splits, not classes; put one folder for each"):
        read(tmp_path, ClipDataSettings())


def test_a_class_may_have_the_name_of_a_split(tmp_path: Path) -> None:
    for number, name in enumerate(("train/a", "train/b", "plane/a", "plane/b")):
        sound(tmp_path / f"{name}.wav", number)
    assert read(tmp_path, ClipDataSettings()).report.to_json()["labels"] == {"plane": 2, "train": 2}


def test_what_was_done_to_sound_is_counted(classes: Path) -> None:
    noise = 0.1 * np.random.default_rng(9).standard_normal(4000)
    sound(classes / "low" / "anti.wav", values=np.stack([noise, -0.95 * noise], 1))
    sound(classes / "low" / "silent.wav", values=np.zeros(800))
    sound(classes / "low" / "stereo.wav", values=np.stack([noise, 0.9 * noise], 1))
    sound(classes / "low" / "wide.wav", 5, rate_hz=192_000)
    sound(classes / "low" / "narrow.wav", 6, rate_hz=4000)
    lower = (
        "Of lower sampling rate than 8,000 Hz, so that the highest frequencies are empty: 1 file (low/narrow.wav); "
        "choose the rate with --rate-hz."
    )
    cancelling = (
        "Nearly silent once mixed, because the channels cancel out (opposite phases): 1 file (low/anti.wav); take one "
        "channel with --channel 1."
    )
    wanted = (
        "Resampled to 8,000 Hz: 2 files, such as low/narrow.wav (files have rates from 4,000 to 192,000 Hz).",
        lower,
        "Channels mixed into one: 2 files, such as low/anti.wav.",
        cancelling,
        "Silent from beginning to end: 1 file (low/silent.wav).",
    )
    assert notes(classes) == wanted
    one_channel = read(classes / "low" / "anti.wav", AudioDataSettings(channel=1)).report.notes
    assert one_channel == ()
    rows = "".join(f"{path.relative_to(classes)},{path.parent.name}\n" for path in sorted(classes.rglob("*.wav")))
    (classes / "clips.csv").write_text("file,label\n" + rows)
    assert read(classes / "clips.csv", ClipDataSettings()).report.notes == wanted


def test_several_excerpts_of_a_file_count_once(classes: Path) -> None:
    stereo = 0.1 * np.random.default_rng(9).standard_normal((8000, 2))
    sound(classes / "s.wav", values=stereo)
    (classes / "clips.csv").write_text(
        "file,label,start,end\ns.wav,x,0,0.2\ns.wav,y,0.2,0.4\ns.wav,y,0.4,0.6\ns.wav,x,0.6,0.9\n"
    )
    assert notes(classes / "clips.csv") == ("Channels mixed into one: 1 file (s.wav).",)


def test_sound_in_memory_has_the_same_notes() -> None:
    noise = 0.1 * np.random.default_rng(9).standard_normal(800)
    clips = [noise, 2 * noise, np.stack([noise, -noise], 1), np.zeros(800)]
    found = read(Clips(clips, ["a", "b", "a", "b"], rate_hz=8000), ClipDataSettings()).report.notes
    assert [note.split(":")[0] for note in found] == [
        "Channels mixed into one",
        "Nearly silent once mixed, because the channels cancel out (opposite phases)",
        "Silent from beginning to end",
    ]


def test_classes_of_a_single_clip_are_named(classes: Path) -> None:
    for number, name in enumerate(("rare", "rarer")):
        sound(classes / name / "a.wav", 7 + number)
    assert notes(classes) == (
        "With a single clip: 2 classes, such as rare; such a class cannot be both learned and evaluated.",
    )


def test_a_regression_is_refused_with_the_remedy(tmp_path: Path) -> None:
    (tmp_path / "a.ts").write_text("@univariate true\n@targetlabel true\n@data\n1,2,3:0.5\n1,2,4:0.7\n")
    with pytest.raises(DataError, match=r"a\.ts, line 2 declares a regression.*give a file with @classLabel true"):
        read(tmp_path / "a.ts", ClipDataSettings())


def test_recordings_have_notes(tmp_path: Path) -> None:
    for number in range(3):
        sound(tmp_path / f"{number}.wav", number)
    sound(tmp_path / "low.wav", 4, rate_hz=4000)
    sound(tmp_path / "extra.wav", 3)
    (tmp_path / "._0.wav").write_bytes(b"Mac OS X")
    (tmp_path / "song.m4a").write_bytes(b"no sound")
    (tmp_path / "split.csv").write_text("file,split\n0.wav,train\n1.wav,dev\n2.wav,test\nlow.wav,train\n")
    (tmp_path / "events.csv").write_text(
        "file,onset_s,offset_s,label\n0.wav,0,0.05,a\n0.wav,0.05,0.06,b\n1.wav,0,0.1,a\nlow.wav,0,0.05,a\n"
    )
    found = read(tmp_path / "events.csv", EventDataSettings(split_table=tmp_path / "split.csv")).report
    lower = (
        "Of lower sampling rate than 8,000 Hz, so that the highest frequencies are empty: 1 file (low.wav); choose the "
        "rate with --rate-hz."
    )
    left_out = (
        "Sound files that the table does not name left out: 2 files, such as extra.wav; a row in --split-table makes "
        "one a recording without events."
    )
    assert found.notes == (
        left_out,
        "Without an event: 1 recording (2.wav).",
        "With a single event: 1 label (b); such a label cannot be both learned and evaluated.",
        "Resampled to 8,000 Hz: 1 file (low.wav) (files have rates from 4,000 to 8,000 Hz).",
        lower,
    )


def test_notes_do_not_change_what_the_data_are(classes: Path) -> None:
    before = read(classes, ClipDataSettings())
    shutil.copytree(classes, classes.parent / "again")
    again = read(classes.parent / "again", ClipDataSettings())
    assert before.fingerprint == again.fingerprint
    assert "sound" not in repr(before.series[0].annotations)


def test_missing_values_of_sensors_are_counted(tmp_path: Path) -> None:
    rows = [
        "id,x,y,label",
        *(f"a,{number},1,low" for number in range(4)),
        "b,,2,high",
        "b,3,,high",
        "c,,,low",
        "c,,,low",
    ]
    place = tmp_path / "sensors.csv"
    place.write_text("\n".join(rows))
    found = notes(place, id="id")
    assert "Missing values are taken as the mean: 6 of 16, in 2 clips, such as b." in found
    assert "All values are missing, so that the result is a guess: 1 clip (c)." in found
    events = read(place, EventDataSettings(id="id")).report.notes
    assert "Missing values are taken as the mean: 6 of 16, in 2 recordings, such as b." in events
