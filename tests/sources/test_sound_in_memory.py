"""Sound, piano-rolls, texts and events in memory read like the same data in files."""

import json
from pathlib import Path

import numpy as np
import pytest
import soundfile

from echoic.config import AudioDataSettings, EventDataSettings, MusicDataSettings, TextDataSettings
from echoic.errors import DataError
from echoic.sources import read
from echoic.sources.memory import Recordings, Text

SOUND = 0.5 * np.sin(np.arange(1000) * 0.1)


@pytest.mark.parametrize("kind", ["float32", "int16", "int32", "uint8"])
def test_an_array_has_the_samples_of_its_file(tmp_path: Path, kind: str) -> None:
    scale = {"float32": 1, "int16": 2**15 - 1, "int32": 2**31 - 129, "uint8": 127}[kind]
    values = (SOUND * scale + (128 if kind == "uint8" else 0)).astype(kind)
    subtype = {"float32": "FLOAT", "int16": "PCM_16", "int32": "PCM_32", "uint8": "PCM_U8"}[kind]
    soundfile.write(tmp_path / "a.wav", SOUND if kind == "uint8" else values, 8000, subtype=subtype)
    (expected,) = read(tmp_path / "a.wav", AudioDataSettings()).series
    (found,) = read(values, AudioDataSettings(rate_hz=8000)).series
    assert found.annotations == expected.annotations
    np.testing.assert_allclose(found.values, expected.values, atol=1e-2 if kind == "uint8" else 1e-6)


def test_recordings_are_resampled_mixed_and_counted(tmp_path: Path) -> None:
    stereo = np.stack([SOUND, SOUND[::-1]], 1)
    soundfile.write(tmp_path / "a.wav", stereo, 8000, subtype="DOUBLE")
    expected = read(tmp_path / "a.wav", AudioDataSettings(rate_hz=2000))
    found = read(Recordings([stereo], 8000), AudioDataSettings(rate_hz=2000))
    np.testing.assert_allclose(found.series[0].values, expected.series[0].values, atol=1e-5)
    assert found.report.notes == tuple(note.replace("a.wav", "recording 0") for note in expected.report.notes)


def test_a_text_in_memory_is_its_file(tmp_path: Path) -> None:
    text = "\ufeffTo b\N{LATIN SMALL LETTER E WITH ACUTE}\r\nor not\n"
    (tmp_path / "a.txt").write_bytes(text.encode())
    for tokenizer in ("characters", "bytes"):
        expected = read(tmp_path / "a.txt", TextDataSettings(tokenizer=tokenizer))
        found = read(Text(text), TextDataSettings(tokenizer=tokenizer))
        np.testing.assert_array_equal(found.series[0].values, expected.series[0].values)
        assert found.fingerprint == expected.fingerprint
        assert found.report.to_json() == expected.report.to_json()
    assert [one.steps for one in read(Text(["ab", "cde"]), TextDataSettings()).series] == [2, 3]


def test_a_text_instead_of_a_path_is_told_where_it_belongs() -> None:
    with pytest.raises(DataError, match=r"Expected a path, got a text of 9,000 characters; pass a text .* as `text`"):
        read("To be, or" * 1000, TextDataSettings())


def test_piano_rolls_are_those_of_a_file(tmp_path: Path) -> None:
    pitches = [[60], [60, 64], [], [67]]
    (tmp_path / "songs.json").write_text(json.dumps([pitches, pitches]))
    roll = np.zeros((4, 128))
    for step, sounding in enumerate(pitches):
        roll[step, sounding] = 1
    expected = read(tmp_path / "songs.json", MusicDataSettings()).series[0]
    for data in (roll, [roll, roll], np.stack([roll, roll]), roll[:, 21:109].astype(bool)):
        found = read(data, MusicDataSettings()).series[0]
        np.testing.assert_array_equal(found.values, expected.values)
        assert found.annotations == expected.annotations


def test_events_of_recordings_are_those_of_a_table(tmp_path: Path) -> None:
    soundfile.write(tmp_path / "a.wav", SOUND, 1000, subtype="FLOAT")
    (tmp_path / "events.csv").write_text("file,onset_s,offset_s,label\na.wav,0.5,0.6,y\na.wav,0.1,0.2,x\n")
    expected = read(tmp_path / "events.csv", EventDataSettings())
    found = read(Recordings(SOUND, 1000, [[(0.5, 0.6, "y"), (0.1, 0.2, "x")]]), EventDataSettings())
    assert found.series[0].annotations == expected.series[0].annotations
    assert found.report.to_json() == expected.report.to_json()
    for event, message in (
        ((0.1, 0.2), r"event 0 must be \(onset_s, offset_s, label\), got \(0.1, 0.2\)"),
        ((0.2, 0.1, "x"), "recording 0, event 0: the event ends at 0.1 s and begins at 0.2 s"),
        ((0.2, 3.0, "x"), "ends at 3 s, after the end of the file at 1.000 s"),
    ):
        with pytest.raises(DataError, match=message):
            read(Recordings(SOUND, 1000, [[event]]), EventDataSettings())  # type: ignore[list-item] # on purpose
