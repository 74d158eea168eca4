"""Events from tables, and every way in which a row can be wrong."""

from pathlib import Path

import numpy as np
import pytest
import soundfile

from echoic.config import DetectSettings, EventDataSettings
from echoic.errors import ConfigError, DataError
from echoic.sources import read
from echoic.sources.events import events_of
from echoic.types import Event


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for name in ("a", "b", "quiet"):
        soundfile.write(tmp_path / f"{name}.wav", 0.1 * np.sin(np.arange(2000) * 0.1), 1000)
    return tmp_path


def table(folder: Path, rows: list[str], name: str = "events.csv", header: str = "file,onset_s,offset_s,label") -> Path:
    (folder / name).write_text("\n".join([header, *rows]))
    return folder / name


def test_events_are_sorted_by_time_with_their_recordings(folder: Path) -> None:
    path = table(folder, ["b.wav,0.5,0.7,x", "a.wav,1.0,1.5,y", "a.wav,0.1,0.3,x"])
    found = read(path, EventDataSettings())
    assert [one.name for one in found.series] == ["b.wav", "a.wav"]
    assert events_of(found.series[1]) == [Event(0.1, 0.3, "x"), Event(1.0, 1.5, "y")]
    assert found.series[0].values.shape == (2000, 1)
    assert found.report.to_json()["labels"] == {"x": 2, "y": 1}


def test_events_of_one_label_that_overlap_are_joined_and_others_stay(folder: Path) -> None:
    rows = ["a.wav,0.2,0.5,x", "a.wav,0.1,0.3,x", "a.wav,0.4,0.45,x", "a.wav,0.5,0.6,x", "a.wav,0.2,0.9,y"]
    found = read(table(folder, rows), EventDataSettings())
    assert events_of(found.series[0]) == [Event(0.1, 0.5, "x"), Event(0.2, 0.9, "y"), Event(0.5, 0.6, "x")]
    assert "Events that overlapped one of the same label were joined to it: 2." in found.report.to_json()["notes"]


DCASE = "filename as file, onset as onset_s, offset as offset_s, event_label as label"


@pytest.mark.parametrize(
    ("header", "ending", "others"),
    [
        ("filename\tonset\toffset\tevent_label", "tsv", DCASE),
        ("label,onset_s,offset_s,notated_path", "csv", "notated_path as file"),
        ("label;start;end;path", "csv", "path as file, start as onset_s, end as offset_s"),
    ],
)
def test_the_columns_of_other_tools_are_known(folder: Path, header: str, ending: str, others: str) -> None:
    delimiter = header.strip("abcdefghijklmnopqrstuvwxyz_")[0]
    cells = {"file": "a.wav", "filename": "a.wav", "path": "a.wav", "notated_path": "a.wav", "onset": "0.1"}
    cells |= {"onset_s": "0.1", "start": "0.1", "offset": "0.3", "offset_s": "0.3", "end": "0.3"}
    row = delimiter.join(cells.get(name, "bark") for name in header.split(delimiter))
    found = read(table(folder, [row], f"events.{ending}", header), EventDataSettings())
    assert [(one.name, events_of(one)) for one in found.series] == [("a.wav", [Event(0.1, 0.3, "bark")])]
    notes = found.report.to_json()["notes"]
    assert f"Columns read by their usual meaning, times in seconds: {others}." in notes


def test_the_column_of_labels_may_be_named(folder: Path) -> None:
    path = table(folder, ["a.wav,0.1,0.3,x,song"], header="file,onset_s,offset_s,label,call")
    found = read(path, EventDataSettings(label="call"))
    assert events_of(found.series[0]) == [Event(0.1, 0.3, "song")]
    with pytest.raises(DataError, match=r"has no column 'sex', which --label names; it has 'file', .*'call'"):
        read(path, EventDataSettings(label="sex"))


def test_a_row_with_nothing_but_a_file_is_a_recording_without_events(folder: Path) -> None:
    found = read(table(folder, ["quiet.wav,,,", "a.wav,0.1,0.3,x"]), EventDataSettings())
    assert [(one.name, len(events_of(one))) for one in found.series] == [("quiet.wav", 0), ("a.wav", 1)]


def test_a_split_table_names_splits_and_recordings_without_events(folder: Path) -> None:
    split = table(folder, ["a.wav,train", "quiet.wav,valid", "b.wav,test"], "split.csv", "file,split")
    path = table(folder, ["a.wav,0.1,0.3,x", "b.wav,0.1,0.3,x"])
    found = read(path, EventDataSettings(split_table=split)).series
    assert [(one.name, one.annotations.split, len(events_of(one))) for one in found] == [
        ("a.wav", "train", 1),
        ("quiet.wav", "dev", 0),
        ("b.wav", "test", 1),
    ]


def test_a_column_of_the_events_names_splits(folder: Path) -> None:
    header = "file,onset_s,offset_s,label,split"
    path = table(folder, ["a.wav,0.1,0.3,x,train", "b.wav,0.1,0.3,x,test"], header=header)
    assert [one.annotations.split for one in read(path, EventDataSettings()).series] == ["train", "test"]
    path = table(folder, ["a.wav,0.1,0.3,x,train", "a.wav,0.5,0.7,x,test"], header=header)
    with pytest.raises(DataError, match=r"line 3: the row assigns the file 'a.wav' to a different split"):
        read(path, EventDataSettings())


def test_splits_are_fractions_or_a_table() -> None:
    settings = DetectSettings.build({"split": "0.6,0.2,0.2", "split_table": "split.csv"})
    assert settings.split.split == (0.6, 0.2, 0.2)
    assert settings.data.split_table == Path("split.csv").resolve()
    with pytest.raises(ConfigError, match="There is no setting 'splt', did you mean 'split'"):
        DetectSettings.build({"splt": "split.csv"})


WRONG = {
    "a.wav,0.5,0.4,x": "line 3: the event ends at 0.4 s and begins at 0.5 s",
    "a.wav,0.5,0.5,x": "line 3: the event ends at 0.5 s and begins at 0.5 s",
    "a.wav,-0.5,0.5,x": "line 3: the event ends at 0.5 s and begins at -0.5 s",
    "a.wav,1.5,2.5,x": "line 3: the event ends at 2.5 s, after the end of the file at 2.000 s",
    "a.wav,soon,0.4,y": "line 3, column 'onset_s': 'soon' is not a time in seconds",
    "a.wav,0_1,0.4,y": "line 3, column 'onset_s': '0_1' is not a time in seconds",
    "a.wav,0.5,nan,y": "line 3: the event ends at nan s",
    "a.wav,0.5,0.6,": "line 3, column 'label': the cell is empty",
    ",0.5,0.6,x": "line 3, column 'file': the cell is empty",
    "gone.wav,0.5,0.6,x": "gone.wav: no such file",
}


@pytest.mark.parametrize("row", WRONG)
def test_a_wrong_row_is_named(folder: Path, row: str) -> None:
    with pytest.raises(DataError) as caught:
        read(table(folder, ["a.wav,0.1,0.3,x", row]), EventDataSettings(on_error="stop"))
    assert WRONG[row] in str(caught.value)


def test_wrong_tables_are_named(folder: Path) -> None:
    good = table(folder, ["a.wav,0.1,0.3,x"])
    message = r"has no column 'offset_s' \(or offset, end_s, end\); it must have file, onset_s, offset_s, label"
    with pytest.raises(DataError, match=message):
        read(table(folder, ["a.wav,0.1,x"], "c.csv", "file,onset_s,label"), EventDataSettings())
    with pytest.raises(DataError, match="no such file; give a table"):
        read(folder / "none.csv", EventDataSettings())
    with pytest.raises(DataError, match=r"a\.wav is a sound file; give a table"):
        read(folder / "a.wav", EventDataSettings())
    with pytest.raises(DataError, match="has no sound file beside a label track of Audacity"):
        read(folder, EventDataSettings())
    for rows, message in (
        (["b.wav,train"], "line 2: the file 'a.wav' is not in"),
        (["a.wav,train", "a.wav,test"], "line 3: the file 'a.wav' is listed twice"),
        (["a.wav,later"], "line 2: the split must be train, dev or test"),
    ):
        split = table(folder, rows, "split.csv", "file,split")
        with pytest.raises(DataError, match=message):
            read(good, EventDataSettings(split_table=split))
    with pytest.raises(DataError, match=r"none\.csv: no such file; --split-table must be a table"):
        read(good, EventDataSettings(split_table=folder / "none.csv"))
