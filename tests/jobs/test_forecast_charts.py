from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest
import torch
from narrowing import expect_type

import echoic
from echoic.api.run import Run
from echoic.forecasting.evaluator import ForecastEvaluation
from echoic.forecasting.forecaster import Forecaster
from echoic.jobs.forecast.chart_errors import MOST_WINDOWS
from echoic.jobs.forecast.charts import charts
from echoic.report.charts import Chart, Line

TINY: dict[str, Any] = {"layers": [4], "epochs": 1, "threads": 1}


def panel(series: int = 4, steps: int = 80) -> pl.DataFrame:
    """Several series of two features, on days."""
    days = np.datetime64("2024-01-01", "us") + np.arange(steps).astype("timedelta64[D]")
    noise = np.random.default_rng(0).normal(size=(2, series, steps))
    names = [f"s{number}" for number in range(series) for _ in range(steps)]
    days = np.tile(days, series)
    return pl.DataFrame({"unique_id": names, "ds": days, "a": noise[0].ravel(), "b": noise[1].ravel()})


@pytest.fixture(scope="module")
def step_run(tmp_path_factory: pytest.TempPathFactory) -> Run:
    out = tmp_path_factory.mktemp("runs") / "step"
    return echoic.train("forecast", "synth:sine,steps=600", strategy="recursive", lookback=20, out=out, **TINY)


@pytest.fixture(scope="module")
def panel_run(tmp_path_factory: pytest.TempPathFactory) -> Run:
    out = tmp_path_factory.mktemp("runs") / "panel"
    settings: dict[str, Any] = {"time": "ds", "lookback": 12, "horizon": 6, "strategy": "direct", "split": "50,15,15"}
    return echoic.train("forecast", panel(), out=out, **settings, **TINY)


def drawn(run: Run, evaluation: Any = None) -> dict[str, Chart]:
    return {chart.key: chart for chart in charts(run.fitted, run.metrics(), evaluation)}


def lines(chart: Chart) -> dict[str, Line]:
    return {line.name: line for line in chart.lines}


def test_every_chart_is_there_for_one_series(step_run: Run) -> None:
    keys = ["data", "loss", "window", "continuation", "residuals", "histogram", "future"]
    assert list(drawn(step_run, step_run.evaluate())) == keys  # a horizon of 1 has no errors by steps ahead


def test_three_series_and_one_feature_are_drawn_as_the_caption_states(panel_run: Run) -> None:
    made = drawn(panel_run, panel_run.evaluate())
    each = [f"{key}-{number}" for key in ("data", "window", "continuation", "future") for number in (1, 2, 3)]
    alone = ["loss", "horizon", "residuals", "histogram"]
    assert sorted(made) == sorted(each + alone)
    assert "Shown: a, the first of 2 features. Series 2 of 4; drawn: the first 3." in made["window-2"].caption
    assert made["window-2"].title.endswith(": s1")
    assert made["window-2"].y_label == "a"


def test_the_data_chart_marks_the_splits(step_run: Run) -> None:
    splits = lines(drawn(step_run)["data"])
    assert {name: (line.x[0], line.x[-1]) for name, line in splits.items()} == {
        "train": (0, 359),
        "dev": (360, 479),
        "test": (480, 599),
    }
    values = step_run.fitted.task.dataset.series[0].values[:, 0]
    np.testing.assert_array_equal(np.concatenate([line.y for line in splits.values()]), values)


def test_window_chart_holds_lookback_truth_and_forecast_with_nested_intervals(panel_run: Run) -> None:
    chart = drawn(panel_run)["window-1"]
    before, truth, forecast = (lines(chart)[name] for name in ("look-back", "true values", "forecast"))
    assert (len(before.x), len(forecast.x)) == (12, 12)  # two windows in a row fit into the 15 steps of the test split
    assert "2 consecutive forecasts" in chart.caption
    assert truth.x[0] == before.x[-1]
    np.testing.assert_array_equal(truth.x[1:], forecast.x)
    wide, narrow = chart.bands
    assert (wide.name, narrow.name) == ("95 % interval", "80 % interval")
    assert (wide.low <= narrow.low).all()
    assert (narrow.low <= narrow.high).all()
    assert (narrow.high <= wide.high).all()


def test_charted_errors_equal_the_backtest(panel_run: Run) -> None:
    table = panel_run.backtest(stride=6)
    mine = (table["unique_id"] == "s0") & (table["target"] == "a")
    errors = lines(drawn(panel_run)["residuals"])["true value - forecast"]
    np.testing.assert_allclose(errors.y, (table["y"] - table["mean"])[mine], atol=1e-6)
    np.testing.assert_array_equal(errors.x, table["ds"][mine])


def test_errors_by_horizon_equal_the_evaluation(panel_run: Run) -> None:
    evaluation = expect_type(ForecastEvaluation, panel_run.evaluate())
    chart = drawn(panel_run, evaluation)["horizon"]
    assert list(lines(chart)) == [*evaluation.baselines, "model"]
    np.testing.assert_array_equal(lines(chart)["model"].y, [row["mae"] for row in evaluation.by_horizon])


@pytest.mark.parametrize("which", ["step_run", "panel_run"])
def test_the_continuation_does_not_depend_on_the_steps_it_predicts(which: str, request: pytest.FixtureRequest) -> None:
    run = request.getfixturevalue(which)
    key = "continuation" if which == "step_run" else "continuation-1"
    before = lines(drawn(run)[key])
    first, original = before["continuation"].x[0], before["true values"].y.copy()
    series = run.fitted.task.series[0]
    hidden = series.time.times(np.arange(series.steps)) >= first
    saved = series.values.copy()
    try:
        series.values[hidden] += 100
        after = lines(drawn(run)[key])
        moved = after["true values"].y[-5:] - original[-5:]
    finally:
        series.values[:] = saved
    np.testing.assert_array_equal(after["continuation"].y, before["continuation"].y)
    np.testing.assert_allclose(moved, 100, atol=1e-3)


def test_future_begins_after_the_last_step_and_is_that_of_predict(panel_run: Run) -> None:
    chart = drawn(panel_run)["future-1"]
    before, forecast = lines(chart)["data"], lines(chart)["forecast"]
    assert forecast.x[0] == before.x[-1]  # joined, so that a horizon of one step is visible
    table = panel_run.predict()
    np.testing.assert_allclose(forecast.y[1:], table["mean"][:6], atol=1e-6)
    np.testing.assert_array_equal(forecast.x[1:], table["ds"][:6])
    assert len(chart.bands[0].x) == 7


def test_charts_show_dev_if_the_test_split_has_no_window(tmp_path: Path) -> None:
    out = tmp_path / "run"
    wanted = TINY | {"lookback": 20, "horizon": 4, "split": "200,100,0", "refit": False}
    run = echoic.train("forecast", "synth:sine,steps=300", out=out, **wanted)
    made = drawn(run)
    assert "dev split" in made["window"].caption
    assert "test" not in lines(made["data"])


def test_steps_outside_the_split_are_marked_as_unused(tmp_path: Path) -> None:
    out = tmp_path / "run"
    run = echoic.train("forecast", "synth:sine,steps=300", lookback=20, horizon=4, split="100,50,50", out=out, **TINY)
    assert lines(drawn(run)["data"])["unused"].x.tolist() == list(range(200, 300))


def test_charts_forecast_few_windows_of_a_long_split(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    out = tmp_path / "run"
    run = echoic.train(
        "forecast", "synth:sine,steps=5000", lookback=9, strategy="recursive", split="100,100,4800", out=out, **TINY
    )
    counted: list[int] = []
    forecast = Forecaster.forecast

    def counting(self: Forecaster, starts: torch.Tensor) -> Any:
        counted.append(len(starts))
        return forecast(self, starts)

    monkeypatch.setattr(Forecaster, "forecast", counting)
    made = drawn(run)
    assert 0 < sum(counted) <= MOST_WINDOWS + 100
    steps = lines(made["residuals"])["true value - forecast"].x
    assert steps[0] == 200
    assert steps[-1] > 4900
