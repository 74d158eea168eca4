"""The ways to train a forecast: regimes, noise, refits, shuffled splits."""

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import torch
from narrowing import expect_type

from echoic.api.prepare import prepare
from echoic.api.train import train
from echoic.config import ForecastSettings
from echoic.forecasting.evaluator import ForecastEvaluation
from echoic.jobs.forecast import ForecastTask

TINY: dict[str, Any] = {"lookback": 16, "layers": (6,), "epochs": 2, "threads": 1, "strategy": "recursive"}


def wave(steps: int = 300, seed: int = 0) -> np.ndarray:
    draw = np.random.default_rng(seed)
    return (np.sin(np.arange(steps) / 4) + 0.02 * draw.standard_normal(steps)).astype(np.float32)


@pytest.mark.slow
@pytest.mark.parametrize(("batching", "epochs"), [("windows", 6), ("chunks", 60), ("whole", 150)])
def test_every_regime_learns(tmp_path: Path, batching: str, epochs: int) -> None:
    wanted = TINY | {"batching": batching, "epochs": epochs, "batch_size": 8, "ema_decay": 0.5, "patience": 999}
    evaluation = train("forecast", wave(), out=tmp_path / "run", config=wanted).evaluate()
    assert evaluation.scores["mse"] < 0.5 * evaluation.baselines["persistence"]["mse"]


@pytest.mark.slow
@pytest.mark.parametrize("batching", ["windows", "chunks", "whole"])
def test_loss_at_changes_the_weights(tmp_path: Path, batching: str) -> None:
    places = {
        place: train(
            "forecast",
            wave(),
            out=tmp_path / place,
            config=TINY | {"batching": batching, "loss_at": place, "batch_size": 2, "lr_schedule": "constant"},
        )
        for place in ("every", "late", "last")
    }
    heads = [run.model.head.linear.weight for run in places.values()]
    assert all(torch.isfinite(head).all() for head in heads)
    assert not torch.equal(heads[0], heads[1])
    assert not torch.equal(heads[1], heads[2])


@pytest.mark.parametrize("batching", ["chunks", "whole"])
def test_series_of_unequal_length_train_in_every_regime(tmp_path: Path, batching: str) -> None:
    names, lengths = ("a", "b", "c"), (60, 95, 130)
    frame = pd.DataFrame(
        {
            "unique_id": np.repeat(names, lengths),
            "ds": np.concatenate([pd.date_range("2024-01-01", periods=steps).to_numpy() for steps in lengths]),
            "y": np.concatenate([wave(steps) + 10 for steps in lengths]),
        }
    )
    run = train("forecast", frame, out=tmp_path / "run", config=TINY | {"batching": batching, "batch_size": 2})
    assert np.isfinite(run.evaluate().scores["mse"])
    assert len(run.predict()["mean"]) == 3


def test_chunks_carry_the_state_of_the_chunk_before() -> None:
    task = prepare("forecast", wave(), config=TINY | {"batching": "chunks", "batch_size": 2}).task
    carried = [batch.carry for batch in task.train_batches().epoch(0, 0)]
    assert carried == [False] + [True] * (len(carried) - 1)
    assert len(carried) > 3


@pytest.mark.parametrize("batching", ["windows", "chunks", "whole"])
@pytest.mark.parametrize("head", ["point", "gaussian"])
@pytest.mark.parametrize("kind", ["scheduled_sampling", "input_noise_std"])
def test_noise_and_scheduled_sampling_change_the_weights_and_keep_them_finite(
    tmp_path: Path, kind: str, head: str, batching: str
) -> None:
    wanted = TINY | {"batching": batching, "head": head, "batch_size": 16}
    plain = train("forecast", wave(), out=tmp_path / "plain", config=wanted)
    other = train("forecast", wave(), out=tmp_path / "other", config=wanted | {kind: 0.3})
    weights, others = plain.model.state_dict(), other.model.state_dict()
    assert all(torch.isfinite(weight).all() for weight in others.values())
    assert any(not torch.equal(weight, others[name]) for name, weight in weights.items())
    assert other.result()["skipped_steps"] == 0


@pytest.mark.parametrize("strategy", ["direct", "segments"])
def test_noise_works_on_windows_of_every_kind(tmp_path: Path, strategy: str) -> None:
    wanted = TINY | {"strategy": strategy, "horizon": 4, "input_noise_std": 0.3}
    assert np.isfinite(train("forecast", wave(), out=tmp_path / "run", config=wanted).evaluate().scores["mse"])


def test_without_a_test_split_a_network_is_refitted_on_train_and_dev(tmp_path: Path) -> None:
    wanted = TINY | {"split": (240, 60, 0), "head": "gaussian"}
    refitted = train("forecast", wave(), out=tmp_path / "refitted", config=wanted)
    plain = train("forecast", wave(), out=tmp_path / "plain", config=wanted | {"refit": False})
    assert expect_type(ForecastSettings, refitted.settings).window.refit
    assert not expect_type(ForecastSettings, plain.settings).window.refit
    assert [row.get("phase", "fit") for row in plain.metrics()] == ["fit"] * len(plain.metrics())
    assert {row.get("phase", "fit") for row in refitted.metrics()} == {"fit", "refit"}
    one, other = plain.model.state_dict(), refitted.model.state_dict()
    assert any(not torch.equal(one[name], other[name]) for name in one)
    # The intervals are those that dev gave to a network that was not trained on it.
    assert plain.folder.read_calibration() == refitted.folder.read_calibration()


def test_a_refit_depends_on_dev(tmp_path: Path) -> None:
    wanted = TINY | {"split": (240, 60, 0), "epochs": 1}
    changed = wave()
    changed[250:290] = 0.3
    for refit in (False, True):
        one, other = (
            train("forecast", values, out=tmp_path / f"{refit}{number}", config=wanted | {"refit": refit})
            for number, values in enumerate((wave(), changed))
        )
        weights, others = one.model.state_dict(), other.model.state_dict()
        assert all(torch.equal(weight, others[name]) for name, weight in weights.items()) == (not refit)


def test_shuffled_splits_report_their_overlap_and_score_only_their_own_windows(tmp_path: Path) -> None:
    wanted = TINY | {"split_order": "shuffled", "horizon": 2, "strategy": "direct"}
    run = train("forecast", wave(), out=tmp_path / "run", config=wanted)
    report = run.config["data"]["report"]
    windows = report["windows"]
    assert sum(windows.values()) == 300 - run.fitted.task.framing.context - 2 + 1
    assert report["shared_with_train"]["test"] > 0.9
    assert report["shared_with_train"]["dev"] > 0.9
    cutoffs = {}
    for split in ("train", "dev", "test"):
        assert expect_type(ForecastEvaluation, run.evaluate(split=split)).windows == windows[split]
        cutoffs[split] = set(run.backtest(split=split)["cutoff"].tolist())
        assert len(cutoffs[split]) == windows[split]
    assert not cutoffs["train"] & cutoffs["test"]
    assert not cutoffs["dev"] & cutoffs["test"]
    assert (
        "shared_with_train"
        not in train("forecast", wave(), out=tmp_path / "time", config=TINY).config["data"]["report"]
    )


def test_shuffled_windows_are_assigned_by_the_seed() -> None:
    wanted = TINY | {"split_order": "shuffled"}
    tasks = [prepare("forecast", wave(), config=wanted, seed=seed).task for seed in (0, 0, 1)]
    tests = [expect_type(ForecastTask, task).windows.shuffled_indices(100)["test"] for task in tasks]
    assert torch.equal(tests[0], tests[1])
    assert not torch.equal(tests[0], tests[2])


@pytest.mark.parametrize("steps", [300, 2000])
@pytest.mark.parametrize(
    ("options", "strategy"),
    [({}, "direct"), ({"batching": "chunks"}, "recursive"), ({"batching": "whole"}, "recursive")],
)
def test_one_step_is_forecast_directly_unless_the_state_is_carried(
    steps: int, options: dict[str, Any], strategy: str
) -> None:
    task = prepare("forecast", wave(steps), horizon=1, lookback=16, **options).task
    assert expect_type(ForecastSettings, task.settings).window.strategy == strategy


@pytest.mark.parametrize("scale", ["none", "standard", "robust", "minmax", "range", "log"])
def test_forecasts_are_in_the_units_of_the_data_for_every_scale(tmp_path: Path, scale: str) -> None:
    values = 50 + 5 * wave()
    wanted = TINY | {"scale": scale, "strategy": "direct", "horizon": 2, "residual_baseline": "last", "epochs": 1}
    run = train("forecast", values, out=tmp_path / "run", config=wanted)
    assert (np.abs(run.backtest()["mean"] - 50) < 10).all()


@pytest.mark.parametrize("residual_baseline", ["none", "last", "seasonal", "growth"])
@pytest.mark.parametrize("instance_norm", ["none", "standard"])
def test_every_residual_baseline_beats_persistence(tmp_path: Path, residual_baseline: str, instance_norm: str) -> None:
    values = (20 + np.arange(300) % 12).astype(np.float32)
    wanted = TINY | {
        "strategy": "direct",
        "horizon": 6,
        "season": 12,
        "residual_baseline": residual_baseline,
        "instance_norm": instance_norm,
    }
    wanted |= {"scale": "standard", "epochs": 15, "lr": 0.02, "ema_decay": 0.0}
    evaluation = train("forecast", values, out=tmp_path / "run", config=wanted).evaluate()
    assert evaluation.scores["mae"] < evaluation.baselines["persistence"]["mae"]
    if residual_baseline in {"seasonal", "growth"}:  # there is nothing left to learn but to add nothing
        assert evaluation.scores["mae"] < 0.2


@pytest.mark.slow
def test_lags_use_steps_before_the_lookback(tmp_path: Path) -> None:
    pulses = np.zeros(600, np.float32)
    pulses[::41] = 1
    wanted = TINY | {
        "strategy": "direct",
        "horizon": 3,
        "residual_baseline": "none",
        "season": 2,
        "scale": "none",
        "epochs": 60,
        "network_weight": 1,
    }
    wanted |= {"lookback": 4, "lr": 0.02, "ema_decay": 0.0}
    blind = train("forecast", pulses, out=tmp_path / "blind", config=wanted | {"lags": ()})
    lagged = train("forecast", pulses, out=tmp_path / "lagged", config=wanted | {"lags": (41,)})
    assert lagged.evaluate().scores["mse"] < 0.5 * blind.evaluate().scores["mse"]


def test_early_stopping_keeps_the_weights_that_were_best_on_dev(tmp_path: Path) -> None:
    run = train("forecast", wave(), out=tmp_path / "run", config=TINY | {"epochs": 30, "lr": 0.3, "patience": 2})
    rows = run.metrics()
    best = min(rows, key=lambda row: row["dev_loss"])
    assert run.result()["best_step"] == best["step"]
    assert run.result()["best_dev_loss"] == best["dev_loss"]
    assert len(rows) < 30
