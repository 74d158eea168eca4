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
