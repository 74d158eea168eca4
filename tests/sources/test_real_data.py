from pathlib import Path
from typing import Any

import numpy as np
import pytest

from echoic.config import MusicDataSettings
from echoic.config.table import TableSettings
from echoic.errors import DataError
from echoic.sources import DataReport, read
from echoic.sources.midi import read_songs

pytestmark = pytest.mark.data


def test_etth1_is_hourly_with_seven_features(data_dir: Path) -> None:
    (series,) = read(data_dir / "ett_h1/ETTh1.csv", TableSettings(time="date")).series
    assert series.values.shape == (17_420, 7)
    assert series.features == ("HUFL", "HULL", "MUFL", "MULL", "LUFL", "LULL", "OT")
    assert str(series.time.frequency) == "1 h"
    assert series.values[0, -1] == 30.5310001373291


@pytest.mark.parametrize(
    ("file", "time", "steps", "start", "frequency", "missing"),
    [
        ("Airline.csv", "Date", 144, np.datetime64("1949-01-01"), "1 month", 0),
        ("co2.csv", "date", 2284, np.datetime64("1958-03-29"), "7 d", 59),
        ("sunspots.csv", "YEAR", 309, 1700, "1 step", 0),
        ("Lynx.csv", "column_1", 114, 1821, "1 step", 0),
    ],
)
def test_small_classics_are_read(
    data_dir: Path, file: str, time: str, steps: int, start: Any, frequency: str, missing: int
) -> None:
    dataset = read(data_dir / "forecast_small" / file, TableSettings(time=time))
    (series,) = dataset.series
    assert series.values.shape == (steps, 1)
    assert series.time.start == start
    assert str(series.time.frequency) == frequency
    assert isinstance(dataset.report, DataReport)
    assert sum(dataset.report.missing.values()) == missing


@pytest.mark.parametrize(("split", "values"), [("train", 353_500), ("test", 19_872)])
def test_m4_hourly_is_read(data_dir: Path, split: str, values: int) -> None:
    dataset = read(data_dir / f"m4_hourly/Hourly-{split}.csv", TableSettings(format="m4"))
    assert len(dataset.series) == 414
    assert dataset.series[413].name == "H414"
    assert isinstance(dataset.report, DataReport)
    assert dataset.report.values == dataset.report.steps == values


QUARTERS = MusicDataSettings(grid="quarter")
BROKEN_MIDI = 10
"""Of the 73 odd files: cut short, empty, no MIDI, with status bytes that do not exist, or with a sysex that runs on."""


def test_odd_midi_files_are_read_or_refused_in_one_sentence(data_dir: Path) -> None:
    sentences = []
    for path in sorted((data_dir / "bad_files/midi_jazz/midi").iterdir()):
        try:
            assert read_songs(path, pedal=True)
        except DataError as error:
            sentences.append((path, str(error)))
    assert len(sentences) == BROKEN_MIDI
    for path, sentence in sentences:
        assert sentence.startswith(str(path))
        assert "; " in sentence
        assert "\n" not in sentence


@pytest.mark.parametrize(
    ("name", "songs", "steps"),
    [
        ("JSB_Chorales", (229, 76, 77), (13_807, 4_602, 4_725)),
        ("Nottingham", (694, 173, 170), (176_561, 45_513, 44_463)),
    ],
)
def test_chorales_and_folk_tunes_are_whole(
    data_dir: Path, name: str, songs: tuple[int, ...], steps: tuple[int, ...]
) -> None:
    series = read(data_dir / "music_bl2012" / f"{name}.mat", QUARTERS).series
    splits = [[one for one in series if one.annotations.split == split] for split in ("train", "dev", "test")]
    assert tuple(map(len, splits)) == songs
    assert tuple(sum(one.steps for one in split) for split in splits) == steps


def test_the_chorales_in_quarters_are_the_same_in_both_files(data_dir: Path) -> None:
    from_mat = read(data_dir / "music_bl2012/JSB_Chorales.mat", QUARTERS).series
    from_json = read(data_dir / "jsb_chorales/jsb-chorales-quarter.json", QUARTERS).series

    def songs(series: Any) -> Any:
        return {
            split: [one.values for one in series if one.annotations.split == split]
            for split in ("train", "dev", "test")
        }

    for split, found in songs(from_mat).items():
        for one, other in zip(found, songs(from_json)[split], strict=True):
            np.testing.assert_array_equal(one, other)
