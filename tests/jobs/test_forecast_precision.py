"""Values far from zero beside their variation: as good forecasts as of the same values near zero."""

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import polars as pl
import pytest
from typer.testing import CliRunner

import echoic
from echoic.cli import make_app
from echoic.config.table import TableSettings
from echoic.forecasting.results import without_noise
from echoic.sklearn import Forecaster

STEPS, HORIZON, SEASON = 400, 6, 24
FAR = 1e9
SETTINGS: dict[str, Any] = {"time": "ds", "horizon": HORIZON, "layers": (4,), "epochs": 2, "threads": 1, "seed": 0}
CLOSE = 1e-3  # of the variation


def wave(steps: int = STEPS, first: int = 0) -> np.ndarray:
    return 5 * np.sin(2 * np.pi * np.arange(first, first + steps) / SEASON)


def table(values: np.ndarray, first: int = 0) -> pd.DataFrame:
    begin = pd.Timestamp("2024-01-01") + pd.Timedelta(hours=first)
    return pd.DataFrame({"ds": pd.date_range(begin, periods=len(values), freq="h"), "y": values})


def written(frame: pd.DataFrame, path: Path) -> Path:
    if path.suffix == ".parquet":
        frame.to_parquet(path, index=False)
    else:
        frame.to_csv(path, index=False)
    return path


@pytest.mark.parametrize("name", ["far.csv", "far.parquet", "pandas", "polars", "array", "m4.csv"])
def test_every_table_keeps_every_digit(tmp_path: Path, name: str) -> None:
    values = FAR + wave()
    frame = table(values)
    header = ",".join(["id", *(f"V{number}" for number in range(STEPS))])
    (tmp_path / "m4.csv").write_text(header + "\na," + ",".join(map(repr, values.tolist())) + "\n")
    made: dict[str, Any] = {"pandas": frame, "polars": pl.from_pandas(frame), "array": values}
    data = made[name] if name in made else tmp_path / name
    if name.startswith("far"):
        written(frame, tmp_path / name)
    settings = TableSettings(format="m4") if name == "m4.csv" else TableSettings(time=None if name == "array" else "ds")
    found = echoic.sources.read(data, settings)
    np.testing.assert_array_equal(found.series[0].values[:, 0], values)
    assert not found.report.to_json()["constant"]


@pytest.mark.parametrize("strategy", ["direct", "recursive"])
def test_a_wave_around_1e9_is_forecast_as_one_around_0(tmp_path: Path, strategy: str) -> None:
    data = written(table(FAR + wave()), tmp_path / "far.csv")
    near = echoic.train("forecast", table(wave()), out=tmp_path / "near", strategy=strategy, **SETTINGS)
    far = echoic.train("forecast", data, out=tmp_path / "run", strategy=strategy, **SETTINGS)
    again = echoic.load(tmp_path / "run")
    made, wanted = again.predict(), near.predict()
    for column in ("mean", "lo-80", "hi-95"):
        np.testing.assert_allclose(made[column] - FAR, wanted[column], atol=CLOSE * 5)
    np.testing.assert_allclose(made["mean"] - FAR, wave(HORIZON, STEPS), atol=1)
    ours, theirs = far.evaluate(), near.evaluate()
    assert ours.scores["mae"] == pytest.approx(theirs.scores["mae"], abs=CLOSE)
    for baseline in ("persistence", "seasonal", "linear", "smoothing", "combination"):
        assert ours.baselines[baseline]["mae"] == pytest.approx(theirs.baselines[baseline]["mae"], abs=CLOSE)
    assert np.isin(far.backtest()["y"], FAR + wave()).all()


def test_a_meter_goes_on_counting(tmp_path: Path) -> None:
    """Through the command, with new rows that go on where the run ended, into both kinds of files."""
    meter = FAR + 10 * np.arange(STEPS + HORIZON, dtype=float)
    known = written(table(meter[:STEPS]), tmp_path / "known.csv")
    new = written(table(meter[STEPS:], STEPS), tmp_path / "new.parquet")
    run = tmp_path / "run"
    options = ["--time", "ds", "--horizon", str(HORIZON), "--layers", "4", "--epochs", "2", "--out", str(run)]
    for line in (
        ["train", "forecast", str(known), *options],
        ["predict", str(run), str(new), "-o", str(tmp_path / "out.csv")],
        ["predict", str(run), str(new), "-o", str(tmp_path / "out.parquet")],
        ["generate", str(run), "--length", "9", "--prime", str(new), "-o", str(tmp_path / "more.csv")],
    ):
        result = CliRunner().invoke(make_app(line), line)
        assert result.exit_code == 0, result.output
    wanted = FAR + 10 * (STEPS + HORIZON + np.arange(9))
    for made in (pd.read_csv(tmp_path / "out.csv"), pd.read_parquet(tmp_path / "out.parquet")):
        np.testing.assert_allclose(made["mean"], wanted[:HORIZON], atol=0.5)
        assert (made["hi-95"] - made["lo-95"] < 20).all()
    np.testing.assert_allclose(pd.read_csv(tmp_path / "more.csv")["y"], wanted, atol=2)
    line = ["predict", str(run), str(new)]
    shown = CliRunner().invoke(make_app(line), line, env={"COLUMNS": "200"})
    assert "1000004060" in shown.output


def test_a_run_keeps_every_digit_of_its_series(tmp_path: Path) -> None:
    values = FAR + wave() / 7
    echoic.train("forecast", table(values), out=tmp_path / "run", **SETTINGS)
    np.testing.assert_array_equal(echoic.load(tmp_path / "run").fitted.task.series[0].values[:, 0], values)


def test_covariates_far_from_zero_are_inputs_as_those_near_zero(tmp_path: Path) -> None:
    scores = []
    for level in (0.0, FAR):
        frame = table(wave()).assign(x=level + np.roll(wave(), -1), z=level + wave())
        run = echoic.train(
            "forecast", frame, target="y", past_covariates=("z",), future_covariates=("x",), network_weight=1,
            out=tmp_path / f"{level:g}", **SETTINGS,
        )  # fmt: skip
        scores.append(run.evaluate().scores["mae"])
    assert scores[1] == pytest.approx(scores[0], rel=1e-2)


def test_the_estimator_keeps_float64() -> None:
    near, far = (
        Forecaster(lookback=24, horizon=2, layers=(4,), epochs=2).fit(level + wave()[:, None]) for level in (0.0, FAR)
    )
    wanted = near.forecast(wave()[:, None])
    np.testing.assert_allclose(far.forecast(FAR + wave()[:, None]) - FAR, wanted, atol=CLOSE * 5)


@pytest.mark.parametrize("kind", ["array", "pandas", "polars"])
def test_numbers_of_too_few_digits_are_noted(kind: str) -> None:
    values = (FAR + wave()).astype(np.float32)
    frame = pd.DataFrame({"y": values})
    data: Any = {"array": values, "pandas": frame, "polars": pl.from_pandas(frame)}[kind]
    found = echoic.sources.read(data).report
    assert any(note.startswith("Too few digits: y") for note in found.notes)
    many = {"array": wave(), "pandas": pd.DataFrame({"y": wave()}), "polars": pl.DataFrame({"y": wave()})}
    fine: Any = many[kind]
    assert not any(note.startswith("Too few") for note in echoic.sources.read(fine).report.notes)


@pytest.mark.parametrize(("value", "unit", "text"), [
    (1000000003.2512348, 5.0, "1000000003.251235"),
    (23.456789012345, 5.0, "23.456789"),
    (1.2345678901e-9, np.inf, "1.2345679e-09"),
    (0.00123456789, 100.0, "0.0012345679"),
    (-2e-14, 3.5, "0.0"),
    (-0.1 - 1e-12, 0.02, "-0.1"),
    (123456789012345.0, 1e14, "123456789012345.0"),
    (0.0, 1.0, "0.0"),
    (float("inf"), 1.0, "inf"),
])  # fmt: skip
def test_forecasts_have_the_digits_that_were_computed(value: float, unit: float, text: str) -> None:
    assert repr(float(without_noise(np.array([value]), np.array([unit]))[0])) == text
