"""Recordings and their texts: tables, pairs, folders of Kaldi, memory, and what is wrong with them."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest
import soundfile

from echoic.config import TranscriptDataSettings
from echoic.errors import ConfigError, DataError
from echoic.sources import read
from echoic.sources.memory import Transcripts

RATE_HZ = 8000
STOP = TranscriptDataSettings(on_error="stop")
SKIP = TranscriptDataSettings()


def sound(path: Path, seconds: float = 0.5) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    soundfile.write(path, 0.1 * np.sin(np.arange(round(seconds * RATE_HZ)) * 0.1), RATE_HZ)


def texts(data: object, settings: TranscriptDataSettings = SKIP) -> dict[str, str | None]:
    return {one.name: one.annotations.text for one in read(data, settings).series}


def table(folder: Path, text: str, name: str = "text.csv") -> Path:
    for file in ("a.wav", "b.wav"):
        sound(folder / "audio" / file)
    (folder / name).write_text(text)
    return folder / name


@pytest.mark.parametrize("ending", ["csv", "tsv", "parquet"])
def test_a_table_names_files_and_texts(tmp_path: Path, ending: str) -> None:
    path = table(tmp_path, "")
    frame = pl.DataFrame({"file": ["a.wav", "b.wav"], "text": ["One, two.", "three"]})
    path = tmp_path / f"text.{ending}"
    if ending == "parquet":
        frame.write_parquet(path)
    else:
        frame.write_csv(path, separator="\t" if ending == "tsv" else ",")
    found = texts(path, TranscriptDataSettings(audio=tmp_path / "audio"))
    assert found == {"a.wav": "One, two.", "b.wav": "three"}


def test_columns_have_other_names_groups_splits_and_excerpts(tmp_path: Path) -> None:
    path = table(tmp_path, "path,sentence,who,part,start,end\na.wav,x,p,train,0.1,0.3\nb.wav,y,q,test,,\n")
    settings = TranscriptDataSettings(audio=tmp_path / "audio", group="who", split_column="part")
    first, second = read(path, settings).series
    assert (first.annotations.text, first.annotations.group, first.annotations.split) == ("x", "p", "train")
    assert (first.steps, second.steps) == (1600, 4000)


def test_pairs_of_sound_and_text_are_found_in_folders(tmp_path: Path) -> None:
    for name, text in (("one", "first\n"), ("deep/two", "second line\nand more")):
        sound(tmp_path / f"{name}.wav")
        (tmp_path / f"{name}.txt").write_text(text)
    assert texts(tmp_path) == {"deep/two.wav": "second line and more", "one.wav": "first"}


def kaldi(folder: Path) -> Path:
    sound(folder / "wavs" / "a.wav")
    sound(folder / "wavs" / "b.wav")
    (folder / "wav.scp").write_text("utt1 wavs/a.wav\nutt2 wavs/b.wav\n")
    (folder / "text").write_text("utt1 HELLO THERE\nutt2 YES\n")
    (folder / "utt2spk").write_text("utt1 p\nutt2 q\n")
    return folder


def test_a_folder_of_kaldi_has_texts_and_speakers(tmp_path: Path) -> None:
    found = read(kaldi(tmp_path), SKIP).series
    assert [(one.name, one.annotations.text, one.annotations.group) for one in found] == [
        ("utt1", "HELLO THERE", "p"),
        ("utt2", "YES", "q"),
    ]


def no_sound(folder: Path) -> Path:
    return table(folder, "file,text\naudio/a.wav,x\naudio/c.wav,y\n")


def empty_text(folder: Path) -> Path:
    return table(folder, "file,text\naudio/a.wav,x\naudio/b.wav,\n")


def lonely_text(folder: Path) -> Path:
    sound(folder / "a.wav")
    (folder / "a.txt").write_text("x")
    (folder / "b.txt").write_text("y")
    return folder


def lonely_sound(folder: Path) -> Path:
    for name in ("a", "b"):
        sound(folder / f"{name}.wav")
    (folder / "a.txt").write_text("x")
    return folder


def empty_file(folder: Path) -> Path:
    for name in ("a", "b"):
        sound(folder / f"{name}.wav")
        (folder / f"{name}.txt").write_text("x" if name == "a" else "")
    return folder


def command(folder: Path) -> Path:
    kaldi(folder)
    (folder / "wav.scp").write_text("utt1 wavs/a.wav\nutt2 sox wavs/b.wav - |\n")
    return folder


def text_of_nothing(folder: Path) -> Path:
    kaldi(folder)
    (folder / "text").write_text("utt1 HELLO\nutt2 YES\nutt3 NO\n")
    (folder / "wav.scp").write_text("utt1 wavs/a.wav\n")
    return folder


BAD: dict[str, tuple[Callable[[Path], Path], str]] = {
    "sound is missing": (no_sound, r"text\.csv, line 3: .*c\.wav: no such file"),
    "text is empty": (empty_text, r"text\.csv, line 3: the text is empty; fill it in"),
    "text without sound": (lonely_text, r"b\.txt: there is a text and no sound; add b\.wav"),
    "sound without text": (lonely_sound, r"b\.wav: there is a sound and no text; add its text"),
    "text file is empty": (empty_file, r"b\.txt is empty; choose another file"),
    "command": (command, r"'utt2': wav\.scp has a command, which is not run; convert"),
}


@pytest.mark.parametrize("case", BAD)
def test_what_cannot_be_used_is_left_out_and_named_or_stops(tmp_path: Path, case: str) -> None:
    make, message = BAD[case]
    data = make(tmp_path)
    found = read(data, SKIP)
    assert len(found.series) == 1
    (reason,) = [note for note in found.report.notes if note in found.report.skipped]
    with pytest.raises(DataError, match=message) as stopped:
        read(data, STOP)
    assert reason == str(stopped.value)
    assert "\n" not in reason


def test_several_problems_are_named_at_once(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"2 of 3 recordings cannot be used .*'utt2'.*'utt3'"):
        read(text_of_nothing(tmp_path), STOP)


@pytest.mark.parametrize(
    ("make", "error", "message"),
    [
        (lambda folder: table(folder, "name,text\na,x\n"), ConfigError, r"`file`: .* has no column 'file'"),
        (lambda folder: table(folder, "file,words\na,x\n"), ConfigError, r"`text_column`: .* no column 'text'"),
        (lambda folder: table(folder, "file,text\n,x\n"), DataError, r"line 2: the row has no file"),
        (lambda folder: folder, DataError, r"has no pairs of a sound file and a text file"),
        (lambda folder: folder / "no.csv", DataError, r"no such file or folder; check the name"),
    ],
)
def test_data_that_are_none_are_refused(
    tmp_path: Path, make: Callable[[Path], Path], error: type[Exception], message: str
) -> None:
    with pytest.raises(error, match=message):
        read(make(tmp_path), SKIP)


def test_segments_and_missing_texts_of_kaldi_are_refused(tmp_path: Path) -> None:
    kaldi(tmp_path)
    (tmp_path / "segments").write_text("a b 0 1\n")
    with pytest.raises(DataError, match="segments of recordings are not read; give a table"):
        read(tmp_path, SKIP)
    (tmp_path / "segments").unlink()
    (tmp_path / "text").write_text("utt1 A\nutt1 B\n")
    with pytest.raises(DataError, match=r"text, line 2: 'utt1' is there twice"):
        read(tmp_path, SKIP)
    (tmp_path / "text").unlink()
    with pytest.raises(DataError, match=r"has wav\.scp and no file text"):
        read(tmp_path, SKIP)


def test_arrays_files_and_dataframes_in_memory(tmp_path: Path) -> None:
    sound(tmp_path / "a.wav")
    wave = soundfile.read(tmp_path / "a.wav", dtype="float32")[0]
    found = read(Transcripts([wave, wave[:900]], ["x", "y"], RATE_HZ), SKIP).series
    assert [(one.annotations.text, one.steps) for one in found] == [("x", 4000), ("y", 900)]
    assert texts(Transcripts([tmp_path / "a.wav"], ["z"])) == {str(tmp_path / "a.wav"): "z"}
    frame = pl.DataFrame({"file": ["a.wav"], "text": ["w"]})
    assert texts(frame, TranscriptDataSettings(audio=tmp_path)) == {"a.wav": "w"}


@pytest.mark.parametrize(
    ("given", "message"),
    [(["x", None], r"`texts\[1\]` must be a text, got None"), (["x"], "a text for each of the 2 recordings, got 1")],
)
def test_texts_in_memory_must_be_there(given: list[Any], message: str) -> None:
    with pytest.raises(DataError, match=message):
        read(Transcripts([np.zeros(900)] * 2, given, RATE_HZ), SKIP)


def test_a_text_changes_the_fingerprint() -> None:
    wave = np.zeros(900)
    one, other = (read(Transcripts([wave], [text], RATE_HZ), SKIP).fingerprint for text in ("x", "y"))
    assert one != other
