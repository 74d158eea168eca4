"""Subtitles and labels of transcriptions."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from echoic.errors import ConfigError
from echoic.writers.subtitles import MAX_CHARACTERS, is_for, write_subtitles


def units(text: str, begin_s: float, step_s: float = 0.1) -> list[dict[str, Any]]:
    return [
        {"onset_s": begin_s + at * step_s, "offset_s": begin_s + (at + 1) * step_s, "text": letter, "confidence": 1.0}
        for at, letter in enumerate(text)
    ]


def columns(*rows: tuple[str, float, float, str]) -> dict[str, Any]:
    cells = np.empty(len(rows), object)
    cells[:] = [units(text, begin) for _, begin, _, text in rows]
    return {
        "file": np.array([row[0] for row in rows], object),
        "onset_s": np.array([row[1] for row in rows]),
        "offset_s": np.array([row[2] for row in rows]),
        "text": np.array([row[3] for row in rows], object),
        "confidence": np.ones(len(rows)),
        "units": cells,
    }


TWO = columns(("a.wav", 0.5, 1.25, "one <two>"), ("a.wav", 3723.0004, 3724.9996, "three"))


def test_srt(tmp_path: Path) -> None:
    assert write_subtitles(tmp_path / "a.srt", TWO) == 2
    assert (tmp_path / "a.srt").read_text() == (
        "1\n00:00:00,500 --> 00:00:01,250\none <two>\n\n2\n01:02:03,000 --> 01:02:05,000\nthree\n"
    )


def test_vtt(tmp_path: Path) -> None:
    write_subtitles(tmp_path / "a.VTT", TWO)
    assert (tmp_path / "a.VTT").read_text() == (
        "WEBVTT\n\n00:00:00.500 --> 00:00:01.250\none &lt;two&gt;\n\n01:02:03.000 --> 01:02:05.000\nthree\n"
    )


def test_labels(tmp_path: Path) -> None:
    write_subtitles(tmp_path / "a.txt", TWO)
    assert (tmp_path / "a.txt").read_text() == "0.500000\t1.250000\tone <two>\n3723.000400\t3724.999600\tthree\n"


def test_long_lines_are_cut_at_spaces_where_words_begin_and_end(tmp_path: Path) -> None:
    text = " ".join(["word"] * 40)
    write_subtitles(tmp_path / "a.txt", columns(("a.wav", 0.0, len(text) / 10, text)))
    rows = [line.split("\t") for line in (tmp_path / "a.txt").read_text().splitlines()]
    assert " ".join(row[2] for row in rows) == text
    assert all(len(row[2]) <= MAX_CHARACTERS for row in rows)
    assert [float(row[0]) for row in rows] == [0.0, 8.0, 16.0]
    assert float(rows[-1][1]) == pytest.approx(len(text) / 10)


def test_recordings_without_text_have_no_line(tmp_path: Path) -> None:
    assert write_subtitles(tmp_path / "a.srt", columns(("a.wav", 0.0, 2.0, ""))) == 0
    assert (tmp_path / "a.srt").read_text() == ""


def test_subtitles_are_of_one_recording(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"of one recording, got 2; name one file, or write a table"):
        write_subtitles(tmp_path / "a.srt", columns(("a.wav", 0, 1, "x"), ("b.wav", 0, 1, "y")))


def test_other_endings_and_other_tables_are_not_for_subtitles() -> None:
    assert is_for(Path("a.SRT"), TWO)
    assert not is_for(Path("a.csv"), TWO)
    assert not is_for(Path("a.txt"), {"file": TWO["file"], "label": TWO["text"]})
