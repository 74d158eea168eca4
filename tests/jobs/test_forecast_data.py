"""Every shape of data that the forecast job takes, from reading to forecasting."""

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import polars as pl
import pytest
import torch
from narrowing import expect_type

import echoic
from echoic.api.prepare import prepare
from echoic.errors import ConfigError, DataError, EchoicError
from echoic.forecasting.evaluator import ForecastEvaluation
from echoic.jobs.forecast import ForecastTask
from echoic.jobs.forecast.continuations import series_columns
from echoic.windows import SPLITS

TINY: dict[str, Any] = {"lookback": 12, "horizon": 4, "layers": (4,), "epochs": 1, "threads": 1}
LENGTHS = {"north": 60, "south": 75, "west": 90}
AHEAD = 4


def wave(steps: int, seed: int = 0) -> np.ndarray:
    draw = np.random.default_rng(seed)
    return (np.sin(np.arange(steps) / 3) + 0.05 * draw.standard_normal(steps)).astype(np.float32)


def prepare_forecast(data: Any, **settings: Any) -> ForecastTask:
    return expect_type(ForecastTask, prepare("forecast", data, **settings).task)


def shops(ahead: int = AHEAD) -> pl.DataFrame:
    """Three series of unequal length, with a column of each kind and `ahead` rows of known future."""
    tables = []
    for number, (name, steps) in enumerate(LENGTHS.items()):
        rows = steps + ahead
        plan = np.arange(rows) % 5 / 5
        tables.append(
            pl.DataFrame(
                {
                    "unique_id": [name] * rows,
                    "ds": pl.date_range(pl.date(2024, 1, 1), pl.date(2024, 12, 31), eager=True)[:rows],
                    "y": [*(100 * (number + 1) + wave(steps, number)).tolist(), *[None] * ahead],
                    "heat": [*wave(steps, 9).tolist(), *[None] * ahead],
                    "plan": plan,
                    "size": [float(number)] * rows,
                }
            )
        )
    return pl.concat(tables)


COLUMNS: dict[str, Any] = {"past_covariates": "heat", "future_covariates": "plan", "static_covariates": "size"}


@pytest.mark.parametrize("strategy", ["recursive", "direct", "segments"])
def test_series_of_unequal_length_with_covariates_of_every_kind(tmp_path: Path, strategy: str) -> None:
    run = echoic.train("forecast", shops(), out=tmp_path / "run", strategy=strategy, **TINY, **COLUMNS)
    evaluation = expect_type(ForecastEvaluation, run.evaluate())
    assert evaluation.windows == len(LENGTHS)
    assert all(np.isfinite(value) for value in evaluation.scores.values())
    table = run.predict()
    assert list(dict.fromkeys(table["unique_id"])) == list(LENGTHS)
    assert len(table["mean"]) == len(LENGTHS) * TINY["horizon"]
    for name, steps in LENGTHS.items():
        last = np.datetime64("2024-01-01") + steps - 1
        times = table["ds"][table["unique_id"] == name].astype("datetime64[D]")
        np.testing.assert_array_equal(times, last + np.arange(1, TINY["horizon"] + 1))
    assert np.isfinite(table["mean"]).all()
    columns = series_columns(run.generate(AHEAD))
    assert len(columns["y"]) == AHEAD * len(LENGTHS)
    assert np.isfinite(columns["y"]).all()


@pytest.mark.parametrize("strategy", ["recursive", "direct", "segments"])
def test_forecasts_without_future_covariates_are_refused(tmp_path: Path, strategy: str) -> None:
    frame = shops(AHEAD)
    run = echoic.train("forecast", frame, out=tmp_path / "run", strategy=strategy, **TINY, **COLUMNS)
    with pytest.raises(DataError, match="'north' end 2 steps after the target, but the horizon is 4; add rows"):
        run.predict(shops(2))
    with pytest.raises(DataError, match="end 4 steps after the series, but the continuation has 5; add rows"):
        run.generate(5)


def regressed(steps: int = 400, horizon: int = 4) -> pl.DataFrame:
    """A series that is mostly what a known-future coin said two steps before."""
    coin = np.random.default_rng(1).integers(0, 2, steps + horizon).astype(np.float64)
    y = [*(coin[:steps] * 2 + wave(steps) * 0.1).tolist(), *[None] * horizon]
    return pl.DataFrame({"y": y, "coin": coin})


@pytest.mark.parametrize(
    "way",
    [
        {"strategy": "recursive", "epochs": 10},
        {"strategy": "direct", "epochs": 15, "lr": 1e-2},
        {"strategy": "segments", "epochs": 15, "segment_steps": 4, "layers": (16,), "lr": 1e-2, "dropout": 0.0},
    ],
    ids=lambda way: way["strategy"],
)
def test_a_future_covariate_improves_the_forecast(tmp_path: Path, way: dict[str, Any]) -> None:
    frame, common = regressed(), TINY | {"layers": (8,), "target": "y", "batch_size": 32}
    blind = echoic.train("forecast", frame, out=tmp_path / "blind", **common | way)
    informed = echoic.train("forecast", frame, out=tmp_path / "informed", future_covariates="coin", **common | way)
    assert informed.evaluate().scores["mse"] < 0.3 * blind.evaluate().scores["mse"]
    assert informed.evaluate().scores["mse"] < 0.3 * min(row["mse"] for row in informed.evaluate().baselines.values())


def test_future_covariates_change_the_forecast(tmp_path: Path) -> None:
    run = echoic.train(
        "forecast", regressed(), out=tmp_path / "run", target="y", future_covariates="coin", strategy="direct", **TINY
    )
    other = regressed().with_columns(
        pl.when(pl.col("y").is_null()).then(1 - pl.col("coin")).otherwise(pl.col("coin")).alias("coin")
    )
    assert not np.array_equal(run.predict()["mean"], run.predict(other)["mean"])


@pytest.mark.parametrize("strategy", ["recursive", "direct", "segments"])
def test_missing_values_are_masked_counted_and_leave_everything_finite(tmp_path: Path, strategy: str) -> None:
    values = np.stack([wave(300, 0), wave(300, 1)], 1)
    holes = np.random.default_rng(0).random(values.shape) < 0.1
    values[holes] = np.nan
    run = echoic.train("forecast", values, out=tmp_path / "run", strategy=strategy, **TINY)
    assert sum(run.config["data"]["report"]["missing"].values()) == holes.sum()
    assert all(torch.isfinite(weight).all() for weight in run.model.state_dict().values())
    assert np.isfinite(run.predict()["mean"]).all()
    assert np.isfinite(run.generate(20)[0].values).all()
    assert all(np.isfinite(value) for value in run.evaluate().scores.values())


@pytest.mark.parametrize("strategy", ["recursive", "direct", "segments"])
def test_missing_values_do_not_affect_the_gradients(strategy: str) -> None:
    values = wave(200)
    values[20:150:7] = np.nan
    task = prepare_forecast(values, config=TINY | {"strategy": strategy})
    assert task.codec.has_missing
    batch = next(task.train_batches().epoch(0, 0))
    assert 0 < batch.mask.sum() < batch.mask.numel()
    torch.manual_seed(0)
    model = task.build_model().eval()  # no dropout
    gradients = []
    for filler in (0.0, 1e4):
        model.zero_grad()
        targets = torch.where(batch.mask, batch.targets, filler)
        model.loss(batch._replace(targets=targets)).total.backward()
        gradients.append([weight.grad.clone() for weight in model.parameters() if weight.grad is not None])
    assert all(torch.equal(one, other) for one, other in zip(*gradients, strict=True))


def test_missing_values_outside_the_train_split_do_not_change_the_network() -> None:
    values = wave(200)
    values[190] = np.nan
    assert not prepare_forecast(values, config=TINY).codec.has_missing
    values[50] = np.nan
    assert prepare_forecast(values, config=TINY).codec.has_missing


def test_pandas_and_polars_tables_train_the_same_network(tmp_path: Path) -> None:
    table = {"time": pd.date_range("2024-01-01", periods=200, freq="h"), "a": wave(200), "b": wave(200, 1)}
    pandas = pd.DataFrame(table)
    runs = [
        echoic.train("forecast", frame, out=tmp_path / str(number), time="time", **TINY)
        for number, frame in enumerate((pandas, pl.from_pandas(pandas)))
    ]
    for name, weight in runs[0].model.state_dict().items():
        assert torch.equal(weight, runs[1].model.state_dict()[name])
    np.testing.assert_array_equal(runs[0].predict()["ds"], runs[1].predict()["ds"])
    loaded = echoic.load(tmp_path / "0", data=pl.from_pandas(pandas))
    np.testing.assert_array_equal(loaded.predict()["mean"], runs[0].predict()["mean"])


@pytest.mark.parametrize("strategy", ["recursive", "direct", "segments"])
def test_independent_channels_do_not_affect_each_other(tmp_path: Path, strategy: str) -> None:
    values = np.stack([wave(300), 50 + 10 * wave(300, 1)], 1)
    settings = TINY | {"channels": "independent", "strategy": strategy, "head": "gaussian"}
    run = echoic.train("forecast", values, out=tmp_path / "run", **settings)
    changed = values.copy()
    changed[:, 1] += 5 * np.sin(np.arange(300) / 7)
    first = [run.predict(data) for data in (values, changed)]
    means = [table["mean"][table["target"] == "y0"] for table in first]
    np.testing.assert_allclose(means[0], means[1], rtol=0, atol=1e-5)
    others = [table["mean"][table["target"] == "y1"] for table in first]
    assert not np.allclose(others[0], others[1], atol=1e-3)
    assert (np.abs(others[0] - 50) < 40).all()


@pytest.mark.parametrize(
    ("settings", "error", "message"),
    [
        ({"strategy": "recursive", "residual_baseline": "last"}, ConfigError, "does not support --residual-baseline"),
        (
            {"strategy": "direct", "batching": "chunks"},
            ConfigError,
            "`batching` = chunks requires --strategy recursive",
        ),
        ({"residual_baseline": "seasonal", "strategy": "direct"}, ConfigError, "requires --season"),
        ({"lookback": 500}, DataError, "has 60 steps, but requires 504: 500 to look back and 4 ahead"),
        ({"split": (99, 1, 1)}, DataError, "has 100 steps, but the split 99,1,1 requires 101"),
        ({"split": (0, 60, 40)}, DataError, "train split of series 'series' is empty"),
        (
            {"split_order": "shuffled", "batching": "chunks", "strategy": "recursive"},
            ConfigError,
            "requires --batching windows",
        ),
        ({"lokback": 3}, ConfigError, "did you mean 'lookback'"),
        ({"lr": "fast"}, ConfigError, "`train.lr`"),
        ({"split": "2024-01-01,2024-02-01"}, ConfigError, "only for series with timestamps"),
    ],
)
def test_contradictory_settings_are_refused(
    tmp_path: Path, settings: dict[str, Any], error: type[EchoicError], message: str
) -> None:
    trend = np.arange(100.0)  # has no season
    with pytest.raises(error, match=message):
        echoic.train("forecast", trend, out=tmp_path / "run", **TINY | settings)
    assert list(tmp_path.iterdir()) == []


def test_dev_is_not_scored_by_a_network_that_was_trained_on_it(tmp_path: Path) -> None:
    run = echoic.train("forecast", wave(120), out=tmp_path / "run", split=(90, 30, 0), **TINY)
    assert run.fitted.task.should_refit
    with pytest.raises(DataError, match=r"refitted on train and dev .* train with --no-refit"):
        run.evaluate(split="dev")


def test_a_target_without_a_value_in_the_train_split_is_named() -> None:
    table = pl.DataFrame({"a": wave(90), "late": [*[None] * 60, *wave(30).tolist()]})
    with pytest.raises(DataError, match=r"'late' of .* has no value in the train split"):
        prepare("forecast", table, config={"split": (50, 20, 20)}, **TINY)


def test_the_residual_baseline_fits_into_the_shortest_series() -> None:
    rows = [(name, 100 + 10 * (step % 7) + step) for name, steps in (("a", 200), ("new", 50)) for step in range(steps)]
    table = pl.DataFrame(rows, schema=["unique_id", "y"], orient="row")
    task = prepare_forecast(table, config={"split": (0, 0, 7)}, horizon=7, season=7, epochs=1)
    assert task.framing.context + 7 <= 43


def test_predictions_do_not_depend_on_the_number_of_series(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    run = echoic.train("forecast", shops(), out=tmp_path / "run", **TINY | COLUMNS)
    together = run.predict()
    monkeypatch.setattr("echoic.forecasting.results.BATCH", 2)
    in_batches = run.predict()
    assert together["unique_id"].tolist() == in_batches["unique_id"].tolist()
    np.testing.assert_allclose(in_batches["mean"], together["mean"], rtol=1e-5)


def test_new_data_of_another_frequency_do_not_continue_a_series(tmp_path: Path) -> None:
    hours = pd.DataFrame({"ds": pd.date_range("2024-01-01", periods=96, freq="h"), "y": wave(96)})
    run = echoic.train("forecast", hours, out=tmp_path / "run", time="ds", **TINY)
    hourly, quarters = (
        pd.DataFrame({"ds": pd.date_range("2024-01-05", periods=40, freq=frequency), "y": wave(40)})
        for frequency in ("h", "15min")
    )
    assert expect_type(ForecastEvaluation, run.evaluate(hourly)).windows == 40 - 4 + 1
    with pytest.warns(UserWarning, match="has steps of 15 min, but the run of 1 h; it is taken as another series"):
        assert expect_type(ForecastEvaluation, run.evaluate(quarters)).windows == 40 - 12 - 4 + 1


@pytest.mark.parametrize(
    "table",
    [
        pd.DataFrame({"y": wave(40)}, index=pd.MultiIndex.from_product([["a", "b"], range(20)])),
        pd.DataFrame({"y": wave(40)}, index=[f"2024-01-{day + 1}" for day in range(40)]),
    ],
)
def test_tables_with_names_or_dates_in_the_index_are_refused(table: pd.DataFrame) -> None:
    with pytest.raises(DataError, match=r"its dates or names are in the index; call reset_index\(\)"):
        prepare("forecast", table, **TINY)


@pytest.mark.parametrize(
    ("asked", "name", "cause"),
    [
        ({"head": "gaussian", "loss": "mae"}, "loss", "--head gaussian"),
        ({"quantiles": (0.025, 0.5, 0.975)}, "quantiles", "--head point"),
        ({"strategy": "direct", "loss_at": "last"}, "loss_at", "--strategy direct"),
        ({"strategy": "direct", "segment_steps": 4}, "segment_steps", "--strategy direct"),
        (
            {"strategy": "recursive", "batching": "chunks", "recency_exponent": 2.0},
            "recency_exponent",
            "--batching chunks",
        ),
        ({"split_order": "shuffled", "recency_exponent": 2.0}, "recency_exponent", "--split-order shuffled"),
    ],
)
def test_settings_without_effect_are_refused_with_the_cause(asked: dict[str, Any], name: str, cause: str) -> None:
    with pytest.raises(ConfigError, match=f"`{name}` has no effect with {cause}; leave it out"):
        prepare("forecast", wave(200), **(TINY | asked))


@pytest.mark.parametrize("strategy", ["recursive", "direct"])
def test_shuffled_splits_are_the_same_in_training_and_evaluation(strategy: str) -> None:
    asked = TINY | {"strategy": strategy, "split_order": "shuffled"}
    task = prepare_forecast(wave(200), config=asked)
    windows, chosen = task.windows.of("train")
    assert chosen is not None
    trained = set(windows.starts(chosen).tolist())
    scored = {
        split: {start for index in task.windows.shuffled_sampler(split).epoch() for start in index.starts.tolist()}
        for split in SPLITS
    }
    assert scored["train"] == trained
    assert not trained & (scored["dev"] | scored["test"])
    assert not prepare_forecast(wave(200), config=asked | {"split": (0.8, 0.2, 0)}).should_refit
