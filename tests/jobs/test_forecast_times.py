"""Forecasts carry on the times of the data: in their zone, on their days, on whole numbers."""

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import polars as pl
import pytest
from typer.testing import CliRunner

import echoic
from echoic.api.run import Run
from echoic.cli import make_app
from echoic.errors import ConfigError, DataError

HORIZON = 30
TINY: dict[str, Any] = {"horizon": HORIZON, "lookback": 24, "layers": (4,), "epochs": 1, "threads": 1}
BERLIN = "Europe/Berlin"


def table(times: pd.Index, first: int = 0) -> pd.DataFrame:
    values = np.sin(np.arange(first, first + len(times)) / 4) + 3
    return pd.DataFrame({"ds": times, "y": values.round(4)})


def autumn(steps: int, first: int = 0, freq: str = "h") -> pd.DatetimeIndex:
    """Times that begin 300 hours, or 60 days, before clocks are put back."""
    begin = {"h": "2024-10-15", "D": "2024-08-28"}[freq]
    return pd.date_range(begin, periods=first + steps, freq=freq, tz=BERLIN)[first:]


def train(data: Any, out: Path, **settings: Any) -> Run:
    return echoic.train("forecast", data, out=out, **TINY, **settings)


def lines(*words: str) -> str:
    result = CliRunner().invoke(make_app(list(words)), list(words))
    assert result.exit_code == 0, result.output
    return result.output


def stamps(table: Any) -> pd.DatetimeIndex:
    return pd.DatetimeIndex(pd.to_datetime(pd.Series(table["ds"])))


@pytest.fixture(scope="module")
def hourly(tmp_path_factory: pytest.TempPathFactory) -> Run:
    """Of naive times in a CSV file; the forecasts begin before the repeated hour."""
    folder = tmp_path_factory.mktemp("hourly")
    frame = table(autumn(290).tz_localize(None))
    frame.to_csv(folder / "known.csv", index=False)
    return train(folder / "known.csv", folder / "run", time="ds", time_zone=BERLIN, calendar="hour")


def test_hours_go_on_across_the_change_of_clocks(hourly: Run) -> None:
    wanted = autumn(HORIZON, 290)
    assert (stamps(hourly.predict()) == wanted).all()
    frame = pd.DataFrame(hourly.predict())
    assert (frame["ds"] == wanted).all()
    assert str(frame["ds"].dt.tz) == BERLIN
    (made,) = hourly.generate(length=40)
    assert (pd.DatetimeIndex(list(made.time.stamps(np.arange(40)))) == autumn(40, 290)).all()
    backtest = pd.DataFrame(hourly.backtest())
    assert (backtest["ds"] > backtest["cutoff"]).all()


@pytest.mark.parametrize("form", ["naive.csv", "aware.csv", "aware.parquet", "pandas", "polars", "utc"])
def test_new_hours_go_on_where_the_run_ended(hourly: Run, tmp_path: Path, form: str) -> None:
    times = autumn(20, 290)
    given = {"naive.csv": times.tz_localize(None), "utc": times.tz_convert("UTC")}.get(form, times)
    frame = table(given, 290)
    data: Any = {"polars": pl.from_pandas(frame), "pandas": frame, "utc": frame}.get(form, tmp_path / form)
    if form.endswith(".csv"):
        frame.to_csv(data, index=False)
    elif form.endswith(".parquet"):
        frame.to_parquet(data, index=False)
    made = hourly.predict(data)
    assert (stamps(made) == autumn(HORIZON, 310)).all()
    # The run's own rows are the look-back: the forecast is that of all rows together.
    both = hourly.predict(table(autumn(310)))
    np.testing.assert_allclose(made["mean"], both["mean"], atol=1e-5)


def test_files_have_the_offset(hourly: Run, tmp_path: Path) -> None:
    wanted = autumn(HORIZON, 290)
    for name in ("out.csv", "out.parquet"):
        lines("predict", str(hourly.path), "-o", str(tmp_path / name))
    text = (tmp_path / "out.csv").read_text()
    assert "2024-10-27 02:00:00+02:00" in text
    assert "2024-10-27 02:00:00+01:00" in text
    assert (pd.to_datetime(pd.read_csv(tmp_path / "out.csv")["ds"], utc=True) == wanted).all()
    frame = pd.read_parquet(tmp_path / "out.parquet")
    assert (frame["ds"] == wanted).all()
    assert str(frame["ds"].dt.tz) == BERLIN
    assert "2024-10-27T02:00:00+01:00" in lines("predict", str(hourly.path), "--json")
    lines("generate", str(hourly.path), "--length", "20", "-o", str(tmp_path / "more.csv"))
    assert (pd.to_datetime(pd.read_csv(tmp_path / "more.csv")["ds"], utc=True) == wanted[:20]).all()


def test_the_calendar_is_that_of_local_clocks(hourly: Run) -> None:
    task = hourly.fitted.task
    hours = autumn(290 + HORIZON).tz_localize(None)
    wanted = np.sin(2 * np.pi * np.asarray(hours.hour) / 24)
    np.testing.assert_allclose(task.panel.future[:, 0].numpy(), wanted, atol=1e-6)
    in_utc = table(autumn(290).tz_convert("UTC"))
    forecaster = task.forecaster_for(hourly.model, None, echoic.sources.read(in_utc, settings("ds")).series)
    np.testing.assert_allclose(forecaster.framing.panel.future[:, 0].numpy(), wanted, atol=1e-6)


def settings(time: str) -> Any:
    return echoic.config.table.TableSettings(time=time)


def test_naive_times_are_not_mixed_with_those_of_a_zone(hourly: Run, tmp_path: Path) -> None:
    frame = table(autumn(40))
    aware = train(table(autumn(290)), tmp_path / "aware", time="ds")
    with pytest.raises(DataError, match="its times have no time zone, but those of the run are in Europe/Berlin"):
        aware.predict(frame.assign(ds=frame["ds"].dt.tz_localize(None)))
    naive = train(table(autumn(290).tz_convert("UTC").tz_localize(None)), tmp_path / "naive", time="ds")
    with pytest.raises(DataError, match="its times are in Europe/Berlin, but those of the run have no time zone"):
        naive.predict(frame)
    assert hourly.predict(frame.assign(ds=frame["ds"].dt.tz_localize(None)))


@pytest.mark.parametrize("form", ["naive.csv", "pandas"])
def test_days_go_on_across_the_change_of_clocks(tmp_path: Path, form: str) -> None:
    times = autumn(200, freq="D")
    data: Any = table(times[:120])
    options: dict[str, Any] = {"time": "ds"}
    if form == "naive.csv":
        table(times[:120].tz_localize(None)).to_csv(tmp_path / form, index=False)
        data, options = tmp_path / form, {"time": "ds", "time_zone": BERLIN}
    run = train(data, tmp_path / "run", split=("2024-11-20", "2024-12-10"), **options)
    dev = int(run.fitted.task.splits["dev"].begin[0])
    assert times[dev] == pd.Timestamp("2024-11-20", tz=BERLIN)
    assert (stamps(run.predict()) == times[120 : 120 + HORIZON]).all()
    assert (stamps(run.predict(table(times[120:140], 120))) == times[140 : 140 + HORIZON]).all()


@pytest.mark.parametrize("form", ["ints.csv", "ints.parquet", "pandas", "polars"])
def test_whole_numbers_go_on(tmp_path: Path, form: str) -> None:
    numbers = pd.Index(np.arange(1000, 1400))
    frame = table(numbers[:300])
    data: Any = {"pandas": frame, "polars": pl.from_pandas(frame)}.get(form, tmp_path / form)
    if form.endswith(".csv"):
        frame.to_csv(data, index=False)
    elif form.endswith(".parquet"):
        frame.to_parquet(data, index=False)
    run = train(data, tmp_path / "run", time="ds", split=("1200", "1250"))
    made = run.predict()
    assert made["ds"].tolist() == list(range(1300, 1300 + HORIZON))
    assert run.config["data"]["report"]["steps_per_split"] == {"train": 200, "dev": 50, "test": 50}
    new = run.predict(table(numbers[300:310], 300))
    assert new["ds"].tolist() == list(range(1310, 1310 + HORIZON))
    both = run.predict(table(numbers[:310]))
    np.testing.assert_allclose(new["mean"], both["mean"], atol=1e-5)
    lines("predict", str(run.path), "-o", str(tmp_path / "out.csv"))
    assert pd.read_csv(tmp_path / "out.csv")["ds"].tolist() == made["ds"].tolist()
    with pytest.raises(ConfigError, match="must be whole numbers, as the times are"):
        train(data, tmp_path / "other", time="ds", split=("2024-01-01", "2024-02-01"))


def test_irregular_rows_are_resampled_in_training_and_in_new_data(tmp_path: Path) -> None:
    draw = np.random.default_rng(0)
    times = pd.Timestamp("2024-01-01") + pd.to_timedelta(
        np.sort(draw.choice(400 * 60, 3000, replace=False)), unit="min"
    )
    frame = pd.DataFrame({"ds": times, "y": draw.normal(size=3000)})
    frame[:2500].to_csv(tmp_path / "rows.csv", index=False)
    options = ["--time", "ds", "--freq", "h", "--resample", "mean", "--horizon", "6", "--layers", "4", "--epochs", "1"]
    out = lines("train", "forecast", str(tmp_path / "rows.csv"), *options, "--out", str(tmp_path / "run"))
    assert "rows were combined with others of the same step" in " ".join(out.split())
    run = echoic.load(tmp_path / "run")
    wanted = frame[:2500].set_index("ds")["y"].resample("h").mean()
    np.testing.assert_allclose(run.fitted.task.series[0].values[:, 0], wanted)
    assert stamps(run.predict())[0] == wanted.index[-1] + pd.Timedelta("1h")
    later = frame[frame["ds"] >= wanted.index[-1] + pd.Timedelta("1h")]
    assert stamps(run.predict(later))[0] == frame["ds"].iloc[-1].floor("h") + pd.Timedelta("1h")


def test_a_missing_future_covariate_does_not_move_the_forecast(tmp_path: Path) -> None:
    times = pd.date_range("2024-01-01", periods=300 + HORIZON, freq="h")
    frame = table(times).assign(plan=np.cos(np.arange(300 + HORIZON) / 4))
    frame.loc[300:, "y"] = np.nan
    frame.loc[312, "plan"] = np.nan
    frame.to_csv(tmp_path / "plan.csv", index=False)
    run = train(tmp_path / "plan.csv", tmp_path / "run", time="ds", target="y", future_covariates="plan")
    for data in (None, tmp_path / "plan.csv", frame):
        assert (stamps(run.predict(data)) == times[300:]).all()
