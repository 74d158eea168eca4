"""What can be done with a trained forecast: predict, score new data, look behind the scores."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import polars as pl
import pytest
from narrowing import expect_type

import echoic
from echoic.api.run import Run
from echoic.api.summaries import evaluation_json
from echoic.errors import ConfigError, DataError
from echoic.forecasting.evaluator import ForecastEvaluation
from echoic.metrics.evaluation import Evaluation

SAME = 1e-6
TINY: dict[str, Any] = {"lookback": 12, "horizon": 4, "layers": (4,), "epochs": 2, "threads": 1}
STEPS, TEST = 300, 60
STRATEGIES = ["recursive", "direct", "segments"]


def wave(steps: int = STEPS, seed: int = 0, level: float = 0.0) -> np.ndarray:
    draw = np.random.default_rng(seed)
    return np.round(level + np.sin(np.arange(steps) / 3) + 0.1 * draw.standard_normal(steps), 4)


def hours(steps: int = STEPS, first: int = 0) -> pl.Series:
    begin = pl.datetime(2024, 1, 1)
    return pl.datetime_range(
        begin + pl.duration(hours=first), begin + pl.duration(hours=first + steps - 1), "1h", eager=True
    )


def write_wide(path: Path, rows: slice = slice(None)) -> Path:
    table = pl.DataFrame({"time": hours(), "a": wave(), "b": wave(seed=1, level=20)})
    table[rows].write_csv(path, datetime_format="%Y-%m-%d %H:%M")
    return path


def write_m4(path: Path, rows: slice = slice(None)) -> Path:
    series = {"H1": wave(150), "H2": wave(200, 1, level=50)}
    lines = [[name, *map(str, values[rows])] for name, values in series.items()]
    header = [f"V{number + 1}" for number in range(max(map(len, lines)))]
    path.write_text("\n".join(map(",".join, [header, *lines])) + "\n")
    return path


def evaluate(run: Run, data: Any = None, **options: Any) -> ForecastEvaluation:
    return expect_type(ForecastEvaluation, run.evaluate(data, **options))


def assert_close(one: Evaluation, other: Evaluation) -> None:
    assert one.scores == pytest.approx(other.scores, rel=SAME, abs=SAME)
    assert one.baselines.keys() == other.baselines.keys()
    for name, row in one.baselines.items():
        assert row == pytest.approx(other.baselines[name], rel=SAME, abs=SAME)


@pytest.mark.parametrize("strategy", STRATEGIES)
def test_new_data_that_continue_the_series_score_as_the_test_split(tmp_path: Path, strategy: str) -> None:
    """Whatever the file is called: the series of a wide table has its name from there."""
    train, test = STEPS - 2 * TEST, STEPS - TEST
    both = write_wide(tmp_path / "both.csv")
    known = write_wide(tmp_path / "known.csv", slice(0, test))
    new = write_wide(tmp_path / "new.csv", slice(test, None))
    settings = TINY | {"strategy": strategy, "time": "time", "refit": False}
    whole = echoic.train("forecast", both, out=tmp_path / "whole", split=(train, TEST, TEST), **settings)
    partly = echoic.train("forecast", known, out=tmp_path / "partly", split=(train, TEST, 0), **settings)
    assert_close(partly.evaluate(new), whole.evaluate())
    ours, theirs = partly.backtest(new), whole.backtest()
    assert ours["ds"].tolist() == theirs["ds"].tolist()
    np.testing.assert_allclose(ours["mean"], theirs["mean"], rtol=0, atol=1e-5)


def test_new_m4_data_continue_the_series_of_the_same_names(tmp_path: Path) -> None:
    known = write_m4(tmp_path / "train.csv", slice(0, -4))
    new, _ = write_m4(tmp_path / "test.csv", slice(-4, None)), write_m4(tmp_path / "both.csv")
    settings = TINY | {"format": "m4", "refit": False, "season": 19, "strategy": "direct"}
    whole = echoic.train("forecast", tmp_path / "both.csv", out=tmp_path / "whole", split=(0, 4, 4), **settings)
    partly = echoic.train("forecast", known, out=tmp_path / "partly", split=(0, 4, 0), **settings)
    assert_close(partly.evaluate(new), whole.evaluate())
    assert evaluate(partly, new).windows == 2


def test_new_data_that_do_not_continue_the_series_are_scored_after_their_first_lookback(tmp_path: Path) -> None:
    settings = TINY | {"strategy": "direct", "time": "time", "residual_baseline": "last"}
    run = echoic.train("forecast", write_wide(tmp_path / "known.csv", slice(0, 200)), out=tmp_path / "run", **settings)
    later = write_wide(tmp_path / "later.csv", slice(230, None))
    with pytest.warns(UserWarning, match="30 rows are missing between the data of the run and 'later'"):
        assert evaluate(run, later).windows == 70 - 12 - 4 + 1
    with pytest.warns(UserWarning, match="30 rows are missing"):
        table = run.backtest(later)
    assert table["cutoff"][0].astype("datetime64[h]") == np.datetime64("2024-01-01") + np.timedelta64(230 + 11, "h")
    assert set(table["unique_id"]) == {"later"}


def test_a_single_series_keeps_its_scale_for_any_file_name(tmp_path: Path) -> None:
    settings = TINY | {"strategy": "direct", "time": "time", "residual_baseline": "last", "network_weight": 1}
    run = echoic.train("forecast", write_wide(tmp_path / "known.csv"), out=tmp_path / "run", **settings)
    split = write_wide(tmp_path / "excerpt.csv", slice(100, 220))
    frame = pl.read_csv(split, try_parse_dates=True)
    np.testing.assert_array_equal(run.predict(split)["mean"], run.predict(frame)["mean"])
    np.testing.assert_allclose(
        run.predict(split)["mean"],
        run.predict(write_wide(tmp_path / "longer.csv", slice(0, 220)))["mean"],
        rtol=0,
        atol=1e-5,
    )


def long_table(names: tuple[str, ...], steps: int = 120) -> pl.DataFrame:
    levels = {"a": 10.0, "b": 100.0, "new": 1000.0}
    return pl.concat(
        pl.DataFrame({"unique_id": [name] * steps, "ds": hours(steps), "y": wave(steps, 3, levels[name])})
        for name in names
    )


@pytest.mark.parametrize("strategy", STRATEGIES)
def test_new_series_are_forecast_on_their_own_scale(tmp_path: Path, strategy: str) -> None:
    run = echoic.train("forecast", long_table(("a", "b")), out=tmp_path / "run", strategy=strategy, **TINY)
    table = run.predict(long_table(("new", "b")))
    assert list(dict.fromkeys(table["unique_id"])) == ["new", "b"]
    assert (np.abs(table["mean"][table["unique_id"] == "new"] - 1000) < 10).all()
    alone = run.predict(long_table(("b",)))
    np.testing.assert_allclose(table["mean"][table["unique_id"] == "b"], alone["mean"], rtol=1e-5)


def test_scored_steps_do_not_affect_the_scale_of_a_new_series(tmp_path: Path) -> None:
    run = echoic.train("forecast", long_table(("a", "b")), out=tmp_path / "run", **TINY)
    new = long_table(("new",))
    context = run.fitted.task.framing.context
    changed = new.with_columns(pl.when(pl.int_range(pl.len()) < 60).then("y").otherwise(9e9).alias("y"))
    one, other = run.backtest(new), run.backtest(changed)
    early = (60 - context - 4) * 4
    assert early > 0
    np.testing.assert_array_equal(one["mean"][:early], other["mean"][:early])


@pytest.mark.parametrize("method", ["predict", "evaluate", "backtest"])
def test_other_columns_are_refused(tmp_path: Path, method: str) -> None:
    run = echoic.train("forecast", np.stack([wave(), wave()], 1), out=tmp_path / "run", **TINY)
    with pytest.raises(DataError, match="the array has the columns y, but the run was trained on y0, y1"):
        getattr(run, method)(wave())
    with pytest.raises(DataError, match="has the columns y, but the run was trained on y0, y1"):
        run.generate(3, prime=wave())


def test_a_series_shorter_than_the_lookback_is_forecast_by_the_baselines_alone(tmp_path: Path) -> None:
    settings = TINY | {"strategy": "direct", "residual_baseline": "last"}
    run = echoic.train("forecast", long_table(("a", "b")), out=tmp_path / "run", lags=(), network_weight=1, **settings)
    for steps in (1, 3, 11):
        table = run.predict(pl.concat([long_table(("new",), steps), long_table(("b",))]))
        mine = table["unique_id"] == "new"
        assert np.abs(table["mean"][mine] - 1000).max() < 3
        np.testing.assert_allclose(table["mean"][~mine], run.predict(long_table(("b",)))["mean"], atol=1e-4)


def test_too_short_a_series_is_refused_with_both_lengths(tmp_path: Path) -> None:
    settings = TINY | {"strategy": "direct", "residual_baseline": "last"}
    run = echoic.train("forecast", long_table(("a", "b")), out=tmp_path / "run", lags=(), **settings)
    with pytest.raises(DataError, match="has no window of 4 steps after the 12 steps of context that the run requires"):
        run.evaluate(long_table(("new",), 15))
    with pytest.raises(DataError, match="The prime has 11 steps; the run requires 12"):
        run.generate(3, prime=11)
    with pytest.raises(DataError, match="the prime must have 1 to 120 steps, got 200"):
        run.generate(3, prime=200)
    with pytest.raises(ConfigError, match="`length` must be at least 1, got 0"):
        run.generate(0)


@pytest.mark.parametrize(
    ("every", "first", "last"),
    [
        ("h", "2023-12-31T23", "2024-01-01T02"),
        ("D", "2024-02-28", "2024-03-02"),
        ("MS", "2024-01-01", "2024-04-01"),
        ("ME", "2024-01-31", "2024-04-30"),
        ("QS", "2024-01-01", "2024-10-01"),
        ("B", "2024-03-01", "2024-03-06"),
        ("15min", "2024-02-29T23:30", "2024-03-01T00:15"),
    ],
)
def test_times_continue_at_the_frequency_of_the_data(tmp_path: Path, every: str, first: str, last: str) -> None:
    times = pd.date_range(end=last, periods=104, freq=every)
    frame = pd.DataFrame({"when": times, "y": wave(104)})[:-4]
    run = echoic.train("forecast", frame, out=tmp_path / "run", time="when", strategy="direct", **TINY)
    wanted = times[-4:].to_numpy().astype("datetime64[us]")
    assert wanted[0] == np.datetime64(first)
    np.testing.assert_array_equal(run.predict()["ds"].astype("datetime64[us]"), wanted)
    continued = run.generate(4)[0]
    np.testing.assert_array_equal(continued.time.times(np.arange(4)).astype("datetime64[us]"), wanted)


@pytest.mark.parametrize("stride", [0, -1, 1.5, "2"])
def test_a_stride_that_is_no_positive_integer_is_refused(tmp_path: Path, stride: Any) -> None:
    run = echoic.train("forecast", long_table(("a", "b")), out=tmp_path / "run", **TINY | {"split": (0, 24, 24)})
    for score in (run.evaluate, run.backtest):
        with pytest.raises(ConfigError, match="`stride` must be a positive integer, got"):
            score(stride=stride)


@pytest.mark.parametrize("strategy", STRATEGIES)
def test_scores_can_be_worked_out_from_the_backtest(tmp_path: Path, strategy: str) -> None:
    wanted = TINY | {"strategy": strategy, "split": (0, 24, 24)}
    run = echoic.train("forecast", long_table(("a", "b")), out=tmp_path / "run", **wanted)
    choices: list[dict[str, Any]] = [{}, {"split": "dev"}, {"split": "train", "stride": 7}]
    for options in choices:
        table, evaluation = run.backtest(**options), evaluate(run, **options)
        assert list(table) == [
            *("unique_id", "ds", "target", "mean", "lo-80", "hi-80", "lo-95", "hi-95", "cutoff", "y"),
        ]
        assert len(table["y"]) == evaluation.windows * TINY["horizon"]
        assert (table["cutoff"] < table["ds"]).all()
        error = table["y"] - table["mean"]
        inside = (table["lo-80"] <= table["y"]) & (table["y"] <= table["hi-80"])
        assert np.abs(error).mean() == pytest.approx(evaluation.scores["mae"], rel=SAME)
        assert (error**2).mean() == pytest.approx(evaluation.scores["mse"], rel=SAME)
        assert inside.mean() == pytest.approx(evaluation.scores["coverage_80"], rel=SAME)
        for step, row in enumerate(evaluation.by_horizon):
            assert np.abs(error[step :: TINY["horizon"]]).mean() == pytest.approx(row["mae"], rel=SAME)


def test_the_backtest_of_several_targets_has_a_row_for_each(tmp_path: Path) -> None:
    path = write_wide(tmp_path / "table.csv")
    run = echoic.train("forecast", path, out=tmp_path / "run", time="time", **TINY)
    table = run.backtest()
    frame = pl.read_csv(path, try_parse_dates=True)
    assert len(table["y"]) == evaluate(run).windows * TINY["horizon"] * 2
    for row in range(0, len(table["y"]), 37):
        truth = frame.filter(pl.col("time") == table["ds"][row].item())[table["target"][row]].item()
        assert table["y"][row] == pytest.approx(truth, abs=1e-5)


@pytest.mark.parametrize("split", ["train", "dev", "test"])
def test_scores_as_json_have_the_same_keys_for_every_split(tmp_path: Path, split: str) -> None:
    run = echoic.train("forecast", wave(), out=tmp_path / "run", season=19, strategy="direct", seed=5, **TINY)
    shape = evaluation_json(run, run.evaluate(split=split), split)
    again = json.loads(json.dumps(shape, allow_nan=False))
    assert list(again)[:8] == ["job", "split", "scores", "baselines", "verdict", "lead", "seed", "data"]
    assert (again["job"], again["split"], again["seed"]) == ("forecast", split, 5)
    assert {"persistence", "seasonal", "linear", "drift"} <= again["baselines"].keys()
    wanted = {"mse", "mae", "rmse", "smape", "mase", "owa", "crps", "coverage_80", "coverage_95"}
    assert again["scores"].keys() == wanted
    for row in again["baselines"].values():
        assert {"mse", "mae", "rmse", "smape", "mase"} <= row.keys()
    assert again["data"]["fingerprint"] == run.config["data"]["fingerprint"]
    assert again["steps"] == run.result()["best_step"]
    assert len(again["by_horizon"]) == TINY["horizon"]


@pytest.mark.parametrize(("series", "items", "unit"), [(6, 6, "series"), (1, 8, "blocks of windows")])
def test_the_lead_is_that_of_the_mean_absolute_errors(tmp_path: Path, series: int, items: int, unit: str) -> None:
    names = np.repeat([f"s{number}" for number in range(series)], STEPS)
    frame = pl.DataFrame({"unique_id": names, "y": np.concatenate([wave(seed=number) for number in range(series)])})
    run = echoic.train("forecast", frame, out=tmp_path / "run", split=(180, 60, 60), strategy="direct", **TINY)
    found = run.evaluate()
    assert found.lead is not None
    assert found.best_baseline is not None
    assert found.lead.mean == pytest.approx(found.baselines[found.best_baseline]["mae"] - found.scores["mae"])
    assert found.lead.items == items
    assert found.verdict is not None
    assert f"over {items} {unit})" in found.verdict


def test_baselines_equal_their_formulas_in_numpy(tmp_path: Path) -> None:
    values = wave().astype(np.float32)
    run = echoic.train("forecast", values, out=tmp_path / "run", season=19, strategy="direct", **TINY)
    baselines = run.evaluate().baselines
    origins = np.arange(STEPS - TEST, STEPS - TINY["horizon"] + 1)
    ahead = np.arange(TINY["horizon"])
    truth = values[origins[:, None] + ahead]
    persistence = np.abs(truth - values[origins - 1, None]).mean()
    seasonal = np.abs(truth - values[origins[:, None] + ahead - 19]).mean()
    assert baselines["persistence"]["mae"] == pytest.approx(persistence, rel=1e-5)
    assert baselines["seasonal"]["mae"] == pytest.approx(seasonal, rel=1e-5)


def test_a_split_without_windows_and_an_unknown_split_are_refused(tmp_path: Path) -> None:
    run = echoic.train("forecast", wave(), out=tmp_path / "run", split=(200, 100, 0), **TINY)
    with pytest.raises(DataError, match="The test split of the array is empty: it has no window of 4 steps"):
        run.evaluate()
    with pytest.raises(ConfigError, match="must be one of train, dev, test, got 'tests'"):
        run.evaluate(split="tests")


def test_new_data_may_be_of_another_kind_than_the_training_data(tmp_path: Path) -> None:
    table = pl.DataFrame({"a": wave(), "b": wave(seed=1)})
    lines = [line.replace(".", ",") for line in table.write_csv(separator=";").splitlines()]
    (tmp_path / "table.csv").write_text("\n".join(lines), "utf-16")
    written = {"delimiter": ";", "decimal": ",", "encoding": "utf-16"}
    run = echoic.train("forecast", tmp_path / "table.csv", out=tmp_path / "run", config=TINY | written)
    own = run.predict(tmp_path / "table.csv")
    table.write_parquet(tmp_path / "table.parquet")
    for other in (table, tmp_path / "table.parquet"):
        np.testing.assert_array_equal(run.predict(other)["mean"], own["mean"])
