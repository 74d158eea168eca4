"""Folders of recordings with label tracks of Audacity beside them."""

from pathlib import Path

import numpy as np
import pytest
import soundfile

from echoic.config import EventDataSettings
from echoic.errors import ConfigError, DataError
from echoic.sources import read
from echoic.sources.events import events_by_file, events_of
from echoic.types import Event


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "site").mkdir()
    for name in ("a", "site/b", "quiet", "unheard"):
        soundfile.write(tmp_path / f"{name}.wav", 0.1 * np.sin(np.arange(2000) * 0.1), 1000)
    (tmp_path / "a.txt").write_text("0.500000\t0.700000\twren\n\\\t2000.0\t4000.0\n0.1\t0.3\trobin song\n")
    (tmp_path / "site" / "b.txt").write_bytes(b"0,25\t0,75\twren\r\n")
    (tmp_path / "quiet.txt").write_text("")
    return tmp_path


def test_each_sound_has_the_events_of_its_track(folder: Path) -> None:
    found = read(folder, EventDataSettings())
    assert {one.name: events_of(one) for one in found.series} == {
        "a.wav": [Event(0.1, 0.3, "robin song"), Event(0.5, 0.7, "wren")],
        "quiet.wav": [],
        str(Path("site") / "b.wav"): [Event(0.25, 0.75, "wren")],
    }


def test_what_has_no_partner_is_left_out_with_a_note(folder: Path) -> None:
    (folder / "README.txt").write_text("Recorded in May.")
    notes = " ".join(read(folder, EventDataSettings()).report.notes)
    assert "Without a label track, left out: 1 sound file (unheard.wav)." in notes
    assert "Without a sound file, left out: 1 text (README.txt)." in notes


def test_files_to_score_are_those_of_the_tracks(folder: Path) -> None:
    found = events_by_file(folder, EventDataSettings())
    assert sorted(found) == [folder / "a.wav", folder / "quiet.wav", folder / "site" / "b.wav"]


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("hello", r"a\.txt, line 2: 'hello' is no label of Audacity \(start, end and label, separated by tabs\)"),
        ("0.8\tlater\tx", r"a\.txt, line 2: 'later' is not a time in seconds"),
        ("0.8\t0.8\tx", r"a\.txt, line 2: 'x' is a point in time, not an event; give it an end after 0\.8 s"),
        ("0.8\t0.9\t", r"a\.txt, line 2: the label is empty"),
        ("0.8\t9\tx", r"a\.txt, line 2: the event ends at 9 s, after the end of the file"),
    ],
)
def test_a_wrong_line_is_named(folder: Path, line: str, message: str) -> None:
    (folder / "a.txt").write_text(f"0.1\t0.3\tx\n{line}\n")
    with pytest.raises(DataError, match=message):
        read(folder, EventDataSettings(on_error="stop"))


def test_two_sounds_of_one_track_are_refused(folder: Path) -> None:
    soundfile.write(folder / "a.flac", np.zeros(2000), 1000)
    with pytest.raises(DataError, match="share a label track; rename or remove one"):
        read(folder, EventDataSettings())


def test_settings_of_tables_are_refused(folder: Path) -> None:
    with pytest.raises(ConfigError, match="`audio` has no effect on a folder of label tracks"):
        read(folder, EventDataSettings(audio=folder))


def test_a_single_track_names_the_folder(folder: Path) -> None:
    with pytest.raises(DataError, match=r"a\.txt is a text; give a table .* or a folder of sound files and label"):
        read(folder / "a.txt", EventDataSettings())


RAVEN = "Selection\tView\tChannel\tBegin Time (s)\tEnd Time (s)\tLow Freq (Hz)\tHigh Freq (Hz)\tAnnotation\tCall"


@pytest.fixture
def selections(tmp_path: Path) -> Path:
    for name in ("a", "b.2024"):
        soundfile.write(tmp_path / f"{name}.wav", 0.1 * np.sin(np.arange(2000) * 0.1), 1000)
    rows = [
        "1\tWaveform 1\t1\t0.1\t0.3\t0\t8000\twren\tsong",
        "1\tSpectrogram 1\t1\t0.1\t0.3\t0\t8000\twren\tsong",
        "2\tSpectrogram 1\t1\t0.5\t0.9\t100\t3000\trobin\talarm",
    ]
    (tmp_path / "a.Table.1.selections.txt").write_text("\r\n".join([RAVEN, *rows, ""]))
    (tmp_path / "b.2024.selections.txt").write_text(RAVEN)
    (tmp_path / "b.txt").write_text("Notes on the weather.")
    return tmp_path


def test_selection_tables_of_raven_are_read_and_views_are_no_events(selections: Path) -> None:
    found = read(selections, EventDataSettings())
    assert {one.name: events_of(one) for one in found.series} == {
        "a.wav": [Event(0.1, 0.3, "wren"), Event(0.5, 0.9, "robin")],
        "b.2024.wav": [],
    }
    assert "Without a sound file, left out: 1 text (b.txt)." in " ".join(found.report.notes)
    by_call = read(selections, EventDataSettings(label="Call"))
    assert [one.label for one in events_of(by_call.series[0])] == ["song", "alarm"]


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (RAVEN.replace("Annotation", "Who"), r"no column 'Annotation' or 'Label' .* --label: it has .*'Who'"),
        (f"{RAVEN}\n1\tSpectrogram 1\t1\t0.1", r"line 2: there are 4 cells for 9 columns"),
        (f"{RAVEN}\n1\tS\t1\t0.1\t0.3\t0\t1\t\tsong", r"line 2: the label is empty"),
    ],
)  # fmt: skip
def test_a_wrong_selection_table_is_named(selections: Path, content: str, message: str) -> None:
    (selections / "a.Table.1.selections.txt").write_text(content)
    with pytest.raises(DataError, match=message):
        read(selections, EventDataSettings(on_error="stop"))


def test_two_texts_of_one_sound_are_refused(selections: Path) -> None:
    (selections / "a.txt").write_text("0.1\t0.3\twren\n")
    with pytest.raises(DataError, match=r"a\.Table\.1\.selections\.txt and a\.txt both have the events of a\.wav"):
        read(selections, EventDataSettings())
