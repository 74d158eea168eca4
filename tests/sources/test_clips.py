"""Clips from folders, tables, .ts files and arrays; and every way in which they can be wrong."""

from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest
import soundfile

from echoic.config import ClipDataSettings
from echoic.errors import ConfigError, DataError
from echoic.sources import read
from echoic.sources.clips import ClipReport, labels_of, settings_for
from echoic.types import Annotations

RATE_HZ = 1000


def sound(path: Path, seconds: float = 0.5, rate_hz: int = RATE_HZ) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    soundfile.write(path, 0.5 * np.sin(np.arange(round(seconds * rate_hz)) * 0.1), rate_hz)


def table(folder: Path, text: str, name: str = "clips.csv") -> Path:
    path = folder / name
    path.write_text(text)
    return path


def test_a_folder_has_a_folder_for_each_class(tmp_path: Path) -> None:
    for name in ("dog/a.wav", "dog/deep/b.flac", "cat/c.wav"):
        sound(tmp_path / name)
    found = read(tmp_path, ClipDataSettings())
    assert [(clip.name, *labels_of(clip)) for clip in found.series] == [
        ("cat/c.wav", "cat"),
        ("dog/a.wav", "dog"),
        ("dog/deep/b.flac", "dog"),
    ]
    assert found.series[0].values.shape == (500, 1)
    assert found.report.to_json()["labels"] == {"cat": 1, "dog": 2}


def test_folders_that_hold_no_classes(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="make one folder for each class"):
        read(tmp_path, ClipDataSettings())
    sound(tmp_path / "a.wav")
    with pytest.raises(DataError, match="give a table of files and labels instead"):
        read(tmp_path, ClipDataSettings())
    (tmp_path / "empty").mkdir()
    with pytest.raises(DataError, match="empty has no sound files"):
        read(tmp_path, ClipDataSettings())


def test_a_table_names_files_labels_splits_folds_groups_and_excerpts(tmp_path: Path) -> None:
    sound(tmp_path / "audio" / "a.wav", 1.0)
    text = "path,kind,split,take,speaker,start,end\na.wav,x,train,1,ann,0.2,0.5\na.wav,y,valid,2,bob,,\n"
    settings = ClipDataSettings(audio=tmp_path / "audio", label="kind", fold="take", group="speaker")
    first, second = read(table(tmp_path, text), settings).series
    assert first.steps == 300
    assert second.steps == 1000
    assert first.annotations == Annotations(RATE_HZ, ("x",), split="train", fold="1", group="ann")
    assert second.annotations.split == "dev"
    np.testing.assert_array_equal(first.values, second.values[200:500])


def test_a_parquet_table_is_read_like_a_csv(tmp_path: Path) -> None:
    sound(tmp_path / "a.wav")
    pl.DataFrame({"file": ["a.wav"] * 2, "label": [1, 2]}).write_parquet(tmp_path / "clips.parquet")
    csv = table(tmp_path, "file,label\na.wav,1\na.wav,2\n")
    one, other = (read(path, ClipDataSettings()) for path in (tmp_path / "clips.parquet", csv))
    assert [clip.annotations for clip in one.series] == [clip.annotations for clip in other.series]


ROWS = {
    "a.wav,": r"line 3: there is no label; fill it in or remove the clip",
    ",x": r"line 3: the row has no file",
    "gone.wav,x": r"line 3: .*gone\.wav: no such file",
    "empty.wav,x": r"line 3: .*empty\.wav is empty",
}


@pytest.mark.parametrize("row", ROWS)
def test_a_wrong_row_is_named(tmp_path: Path, row: str) -> None:
    sound(tmp_path / "a.wav")
    (tmp_path / "empty.wav").touch()
    with pytest.raises(DataError, match=ROWS[row]):
        read(table(tmp_path, f"file,label\na.wav,x\n{row}\n"), ClipDataSettings(on_error="stop"))


def test_a_clip_has_the_labels_between_the_separators(tmp_path: Path) -> None:
    sound(tmp_path / "a.wav")
    rows = "file,label,split\na.wav,dog; cat,train\na.wav,cat,train\na.wav,,train\n"
    found = read(table(tmp_path, rows), ClipDataSettings(label_separator=";"))
    assert [labels_of(clip) for clip in found.series] == [("cat", "dog"), ("cat",), ()]
    assert isinstance(found.report, ClipReport)
    assert found.report.labels == {"cat": 2, "dog": 1}
    assert found.report.notes[0] == "1 of 3 clips have no label, such as a.wav."
    pl.DataFrame({"file": ["a.wav"] * 2, "label": ["1 2", None]}).write_parquet(tmp_path / "clips.parquet")
    found = read(tmp_path / "clips.parquet", ClipDataSettings(label_separator=" "))
    assert [labels_of(clip) for clip in found.series] == [("1", "2"), ()]


WRONG_LABELS = {
    "a;;b": r"line 3: the labels 'a;;b' contain an empty one; remove the extra ';'\.",
    "a;b; ": r"line 3: the labels 'a;b;' contain an empty one",
    ";": "line 3: the labels ';' contain an empty one",
    "a;b;a": "line 3: the label 'a' is given more than once; name it once",
    "a; a": "line 3: the label 'a' is given more than once",
}


@pytest.mark.parametrize("cell", WRONG_LABELS)
def test_ambiguous_labels_are_named(tmp_path: Path, cell: str) -> None:
    sound(tmp_path / "a.wav")
    with pytest.raises(DataError, match=WRONG_LABELS[cell]):
        read(table(tmp_path, f"file,label\na.wav,a;b\na.wav,{cell}\n"), ClipDataSettings(label_separator=";"))


def test_only_tables_have_several_labels_a_clip(tmp_path: Path) -> None:
    sound(tmp_path / "clips" / "dog" / "a.wav")
    array = tmp_path / "values.npy"
    np.save(array, np.zeros((4, 3, 5)))
    for place in (tmp_path / "clips", table(tmp_path, TS, "a.ts"), array):
        with pytest.raises(ConfigError, match=r"`label_separator` requires a table \(.csv, .parquet\), got "):
            read(place, ClipDataSettings(label_separator=";"))


STRETCHES = {
    "0.3,0.2": "0.3 s to 0.2 s is outside of a.wav, which has 0.500 s",
    "-0.1,0.2": "is outside of",
    "0,0.6": "is outside of",
    "zero,0.2": "'zero' is not a time in seconds",
    "0.1,0.1": "is outside of",
}


@pytest.mark.parametrize("stretch", STRETCHES)
def test_a_stretch_outside_of_its_file_is_named(tmp_path: Path, stretch: str) -> None:
    sound(tmp_path / "a.wav")
    with pytest.raises(DataError, match="line 2") as caught:
        read(table(tmp_path, f"file,label,start,end\na.wav,x,{stretch}\n"), ClipDataSettings())
    assert STRETCHES[stretch] in str(caught.value)


def test_missing_columns_and_splits_are_refused(tmp_path: Path) -> None:
    sound(tmp_path / "a.wav")
    with pytest.raises(ConfigError, match=r"`label`: .* has no column 'label'; it has 'file', 'kind'"):
        read(table(tmp_path, "file,kind\na.wav,x\n"), ClipDataSettings())
    with pytest.raises(ConfigError, match=r"`fold`: .* has no column 'fold'"):
        read(table(tmp_path, "file,label\na.wav,x\n"), ClipDataSettings(fold="fold"))
    with pytest.raises(DataError, match="line 2: the split must be train, dev or test, got 'later'"):
        read(table(tmp_path, "file,label,split\na.wav,x,later\n"), ClipDataSettings())


def test_sources_without_clips_are_refused(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="no such file or folder"):
        read(tmp_path / "none", ClipDataSettings())
    sound(tmp_path / "a.wav")
    with pytest.raises(DataError, match="is not a supported clip source; give a folder"):
        read(tmp_path / "a.wav", ClipDataSettings())


TS = "# a comment\n@problemName a\n@timeStamps false\n@classLabel true x y\n@data\n1,2,3:4,5,6:x\n7,?:8,9:y\n"


def test_a_ts_file_has_a_clip_a_line(tmp_path: Path) -> None:
    train, test = table(tmp_path, TS, "a_TRAIN.ts"), table(tmp_path, TS, "a_TEST.ts")
    clips = read(train, ClipDataSettings(test_data=test)).series
    assert [(*labels_of(clip), clip.annotations.split) for clip in clips] == [
        ("x", "train"),
        ("y", "train"),
        ("x", "test"),
        ("y", "test"),
    ]
    np.testing.assert_array_equal(clips[0].values, [[1, 4], [2, 5], [3, 6]])
    assert np.isnan(clips[1].values[1, 0])


BROKEN_TS = {
    "1,2:3:x": r"line 6: dimensions must be equally long, got \[1, 2\] values",
    "1,2:x": "line 7 has 1 dimensions, but the first line has 2",
    "1,b:2,3:x": "line 6: 'b' is no number; correct the line",
    "1,2_0:2,3:x": "line 6: '2_0' is no number; correct the line",
    "1,inf:2,3:x": "line 6 holds an infinite value",
    "1,2,3": "line 6 has no label after the last colon",
    "1,2:3,4:": "line 6 has no label",
}


@pytest.mark.parametrize("line", BROKEN_TS)
def test_a_broken_line_of_a_ts_file_is_named(tmp_path: Path, line: str) -> None:
    lines = TS.splitlines()
    at = 6 if "line 7" in BROKEN_TS[line] else 5
    lines[at] = line
    with pytest.raises(DataError, match=BROKEN_TS[line]):
        read(table(tmp_path, "\n".join(lines), "a.ts"), ClipDataSettings())


def test_ts_files_without_labels_data_or_with_times(tmp_path: Path) -> None:
    for old, new, message in (
        ("@classLabel true x y", "@classLabel false", "line 4 declares no class labels"),
        ("@timeStamps false", "@timeStamps true", "line 3 has time stamps"),
        ("@data", "@date", "has no @data line"),
    ):
        with pytest.raises(DataError, match=message):
            read(table(tmp_path, TS.replace(old, new), "a.ts"), ClipDataSettings())
    (tmp_path / "b.ts").write_bytes(b"\xff\xfe\x00@data")
    with pytest.raises(DataError, match="is not text"):
        read(tmp_path / "b.ts", ClipDataSettings())


@pytest.mark.parametrize("axes", ["clip,band,frame", "clip,frame,band", "frame,clip,band"])
def test_arrays_have_the_axes_that_are_named(tmp_path: Path, axes: str) -> None:
    values = np.random.default_rng(0).standard_normal((4, 3, 5)).astype(np.float32)  # clip, band, frame
    order = [("clip", "band", "frame").index(axis) for axis in axes.split(",")]
    np.save(tmp_path / "values.npy", values.transpose(order))
    np.save(tmp_path / "labels.npy", np.array(["a", "b", "a", "b"]))
    settings = ClipDataSettings(labels_path=tmp_path / "labels.npy", axes=axes.split(","))
    clips = read(tmp_path / "values.npy", settings).series
    assert [labels_of(clip) for clip in clips] == [("a",), ("b",), ("a",), ("b",)]
    for clip, value in zip(clips, values, strict=True):
        np.testing.assert_array_equal(clip.values, value.T)


def test_arrays_that_do_not_fit(tmp_path: Path) -> None:
    values, labels = tmp_path / "values.npy", tmp_path / "labels.npy"
    np.save(values, np.zeros((4, 3, 5)))
    np.save(labels, np.arange(3))
    with pytest.raises(ConfigError, match="`axes` must name the array's axes"):
        read(values, ClipDataSettings(labels_path=labels))
    with pytest.raises(ConfigError, match=r"`labels_path` must name a .npy file"):
        read(values, ClipDataSettings(axes=("clip", "band", "frame")))
    settings = ClipDataSettings(axes=("clip", "band", "frame"), labels_path=labels)
    with pytest.raises(DataError, match=r"must hold a label for each of the 4 clips of values.npy, got int64 of shape"):
        read(values, settings)
    np.save(labels, np.array([1, 2, 3, None], object), allow_pickle=True)
    with pytest.raises(DataError, match=r"is not a readable \.npy file"):
        read(values, settings)
    np.save(labels, np.arange(4))
    broken = np.zeros((4, 3, 5))
    broken[2, 0, 0] = np.nan
    np.save(values, broken)
    with pytest.raises(DataError, match="clip 2 has a value that is not a number"):
        read(values, settings)
    np.save(values, np.zeros((4, 3)))
    with pytest.raises(DataError, match="must hold numbers with axes clip,band,frame, got float64 of shape"):
        read(values, settings)
    values.write_bytes(b"no array")
    with pytest.raises(DataError, match=r"is not a readable \.npy file"):
        read(values, settings)


def test_clips_of_one_kind_only(tmp_path: Path) -> None:
    one, two = table(tmp_path, TS, "a.ts"), table(tmp_path, TS.replace(":4,5,6", "").replace(":8,9", ""), "b.ts")
    with pytest.raises(DataError, match=r"has 1 values per step, but .* has 2"):
        read(one, ClipDataSettings(test_data=two))


OF_TABLES: dict[str, Any] = {"audio": "sounds", "file": "name", "label": "kind", "split_column": "fold"}
OF_ARRAYS: dict[str, Any] = {"labels_path": "labels.npy", "axes": ("clip", "frame", "band")}


@pytest.mark.parametrize(
    ("name", "kept"),
    [
        ("clips.csv", OF_TABLES),
        ("clips.PARQUET", OF_TABLES),
        ("clips.npy", OF_ARRAYS),
        ("clips.ts", {}),
        ("clips", {}),
        ("folder.csv", {}),
    ],
)
def test_settings_of_another_kind_of_data_are_reset_for_new_data(
    tmp_path: Path, name: str, kept: dict[str, Any]
) -> None:
    (tmp_path / "folder.csv").mkdir()
    settings = ClipDataSettings(**OF_TABLES, **OF_ARRAYS, rate_hz=8000, channel=2)
    assert settings_for(tmp_path / name, settings) == ClipDataSettings(**kept, rate_hz=8000, channel=2)
