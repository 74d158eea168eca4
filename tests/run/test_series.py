"""Copies of series in the run folder."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from echoic.errors import RunError
from echoic.run.files import read_tensors, write_tensors
from echoic.run.series import _music, read_series, write_series
from echoic.types import Annotations, Covariates, MusicInfo, Series, TimedRows
from echoic.types.frequency import Frequency
from echoic.types.score import Key, Meter, Tempo
from echoic.types.timebase import TimeBase

MUSIC = MusicInfo(
    has_onsets=True,
    step_beats=0.25,
    tempos=(Tempo(0.0, 90.5), Tempo(7.25, 120.0)),
    meters=(Meter(0.0, 1, 4), Meter(1.0, 3, 4)),
    keys=(Key(0.0, "F#m"),),
)


def several() -> list[Series]:
    """Series of unequal lengths, with all that is copied."""
    draw = np.random.default_rng(0)
    time = TimeBase(Frequency("month", 3), np.datetime64("2020-01-31", "us"), 2)
    columns = Covariates(
        past=draw.normal(size=(5, 1)).astype(np.float32),
        past_names=("rain",),
        future=draw.normal(size=(9, 2)).astype(np.float32),
        future_names=("price", "holiday"),
        static=np.array([3.5], np.float32),
        static_names=("size",),
    )
    values = draw.normal(size=(5, 2)).astype(np.float32)
    values[1, 0] = np.nan
    roll = np.arange(12).reshape(3, 4).astype(np.float32) % 3
    music = Annotations(music=MUSIC)
    return [
        Series("shop", values, ("a", "b"), time, columns, "shops.csv"),
        Series("empty", np.zeros((0, 1), np.float32), ("a",)),
        Series("tune", roll, ("1", "2", "3", "4"), annotations=music),
    ]


def test_the_musical_time_of_earlier_runs_is_read() -> None:
    """Songs had one tempo, one meter and one key."""
    former = {"has_onsets": True, "step_beats": 0.5, "step_s": None, "bpm": 90.5, "meter": [3, 4], "key": "F#m"}
    assert _music(former) == MusicInfo(
        has_onsets=True,
        step_beats=0.5,
        tempos=(Tempo(0.0, 90.5),),
        meters=(Meter(0.0, 3, 4),),
        keys=(Key(0.0, "F#m"),),
    )
    assert _music(former | {"bpm": None, "meter": None, "key": None}) == MusicInfo(has_onsets=True, step_beats=0.5)


def test_series_are_read_as_they_were_written(tmp_path: Path) -> None:
    write_series(tmp_path / "series.safetensors", several())
    for one, other in zip(several(), read_series(tmp_path / "series.safetensors"), strict=True):
        assert (one.name, one.features, one.time, one.origin) == (other.name, other.features, other.time, other.origin)
        assert one.annotations == other.annotations
        assert one.values.dtype == other.values.dtype
        np.testing.assert_array_equal(one.values, other.values)
        for name in ("past", "future", "static"):
            np.testing.assert_array_equal(getattr(one.covariates, name), getattr(other.covariates, name))
            assert getattr(one.covariates, f"{name}_names") == getattr(other.covariates, f"{name}_names")


def test_piano_rolls_take_a_byte_per_number(tmp_path: Path) -> None:
    roll = np.ones((1000, 128), np.float32)
    write_series(tmp_path / "series.safetensors", [Series("tune", roll, tuple(map(str, range(128))))])
    assert (tmp_path / "series.safetensors").stat().st_size < roll.size + 5000


def test_a_header_without_its_keys_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "series.safetensors"
    write_series(path, several())
    tensors, metadata = read_tensors(path)
    metadata["series"][0].pop("shapes")
    write_tensors(path, tensors, metadata)
    with pytest.raises(RunError, match=r"does not describe its series .*; train the run again"):
        read_series(path)


def test_rows_of_the_last_step_are_kept_and_checked(tmp_path: Path) -> None:
    times = np.array(["2024-01-01T00:10", "2024-01-01T00:10", "2024-01-01T00:50"], "datetime64[us]")
    shop, empty, _ = several()
    rows = TimedRows(times, np.arange(18.0).reshape(3, 6))
    path = tmp_path / "series.safetensors"
    write_series(path, [replace(shop, rows=rows), empty])
    kept, without = read_series(path)
    assert kept.rows is not None
    assert without.rows is None
    assert kept.rows.times.tolist() == times.tolist()
    np.testing.assert_array_equal(kept.rows.cells, rows.cells)
    for wrong in (TimedRows(times, rows.cells[:, 1:]), TimedRows(times[::-1], rows.cells)):
        write_series(path, [replace(shop, rows=wrong)])
        with pytest.raises(RunError, match="row_cells"):
            read_series(path)
