from pathlib import Path

import numpy as np
import pytest

from echoic.config.data import TableSettings
from echoic.sources import read

pytestmark = pytest.mark.data


def test_etth1_is_hourly_with_seven_features(data_dir: Path):
    (series,) = read(data_dir / "ett_h1/ETTh1.csv", TableSettings(time="date")).series
    assert series.values.shape == (17_420, 7)
    assert series.features == ("HUFL", "HULL", "MUFL", "MULL", "LUFL", "LULL", "OT")
    assert str(series.time.frequency) == "1 h"
    assert series.values[0, -1] == np.float32(30.5310001373291)


@pytest.mark.parametrize(
    ("file", "time", "steps", "start", "frequency", "missing"),
    [
        ("Airline.csv", "Date", 144, "1949-01-01", "1 month", 0),
        ("co2.csv", "date", 2284, "1958-03-29", "7 d", 59),
        ("sunspots.csv", "YEAR", 309, "1700-01-01", "12 months", 0),
        ("Lynx.csv", "column_1", 114, "1821-01-01", "12 months", 0),
    ],
)
def test_small_classics_are_read(data_dir: Path, file, time, steps, start, frequency, missing):
    dataset = read(data_dir / "forecast_small" / file, TableSettings(time=time))
    (series,) = dataset.series
    assert series.values.shape == (steps, 1)
    assert series.time.start == np.datetime64(start)
    assert str(series.time.frequency) == frequency
    assert sum(dataset.report.missing.values()) == missing


@pytest.mark.parametrize(("part", "values"), [("train", 353_500), ("test", 19_872)])
def test_m4_hourly_is_read(data_dir: Path, part, values):
    dataset = read(data_dir / f"m4_hourly/Hourly-{part}.csv", TableSettings(format="m4"))
    assert len(dataset.series) == 414
    assert dataset.series[413].name == "H414"
    assert dataset.report.values == dataset.report.steps == values
