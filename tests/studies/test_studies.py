"""Whole studies with real trainings: the best settings are found, confirmed, and usable by every verb."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from commands import Done, run_command
from job_data import beeps, lines

import echoic
from echoic.errors import ConfigError, DataError, RunError, TrainingError
from echoic.studies.confirmation import FRESH_SEEDS

pytestmark = pytest.mark.slow

TINY: dict[str, Any] = {
    "lookback": 16,
    "horizon": 1,
    "strategy": "recursive",
    "network_weight": 1.0,
    "layers": (4,),
    "threads": 1,
}
"""A tiny network, quick to train."""

SEARCH = ["lr=1e-7,0.02,1e-6"]
"""Of these learning rates only one learns anything in the time."""


def wave(steps: int = 300) -> np.ndarray:
    return np.sin(np.arange(steps) / 3).astype(np.float32)


def echoic_command(*words: object, code: int = 0) -> Done:
    done = run_command(*words)
    assert done.code == code, done.err
    return done


@pytest.fixture(scope="module")
def study(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A study of two workers over a file."""
    folder = tmp_path_factory.mktemp("study")
    np.savetxt(folder / "wave.csv", wave(), header="y", comments="")
    options = [f"--{name.replace('_', '-')}={_text(value)}" for name, value in TINY.items()]
    done = echoic_command(
        "tune", "forecast", folder / "wave.csv", *options, "--epochs=3", "--search", SEARCH[0], "--trials=4",
        "--confirm=2", "--workers=2", "--out", folder / "study", "--sampler=random", "--json",
    )  # fmt: skip
    (folder / "result.json").write_text(done.out)
    return folder / "study"


def _text(value: Any) -> str:
    return ",".join(map(str, value)) if isinstance(value, tuple) else str(value)


def test_the_setting_that_learns_wins(tmp_path: Path) -> None:
    study = echoic.tune(
        "forecast", wave(), out=tmp_path / "study", sampler="grid", search=SEARCH, confirm=2, epochs=3, **TINY
    )
    assert [trial.state for trial in study.trials] == ["complete"] * 3
    assert study.winner.settings == {"lr": 0.02}
    assert study.best.settings.train.lr == 0.02
    assert study.winner.loss == min(row["dev_loss"] for row in study.run(study.winner.number).metrics())
    frame = study.frame()
    assert set(frame["lr"]) == {1e-7, 0.02, 1e-6}
    assert frame["loss"].argmin() == frame["lr"].argmax()


def test_a_confirmation_has_fresh_seeds_and_says_what_was_luck(study: Path) -> None:
    opened = echoic.load_study(study)
    rows = opened.confirmation
    assert len(rows) == 2
    for row in rows:
        assert len(row.losses) == FRESH_SEEDS
        runs = [echoic.load(study / f"confirmation/{row.trial.number}-{one}") for one in row.losses]
        assert [run.seed for run in runs] == [1, 2, 3]
        for run, loss in zip(runs, row.losses.values(), strict=True):
            assert loss == min(one["dev_loss"] for one in run.metrics())
            assert run.settings.train.lr == row.trial.settings["lr"]
    assert f"Trial {rows[0].trial.number} has the lowest dev loss of the search" in opened.verdict
    assert "luck" in opened.verdict
    means = {row.trial.number: np.mean(list(row.losses.values())) for row in rows}
    assert opened.winner.number == min(means, key=lambda number: means[number])


def test_the_result_is_json(study: Path) -> None:
    result = json.loads((study.parent / "result.json").read_text())
    assert result["counts"] == {"complete": 4, "pruned": 0, "failed": 0, "unfinished": 0}
    assert result["winner"]["trial"] == echoic.load_study(study).winner.number
    assert [len(row["fresh_losses"]) for row in result["confirmation"]] == [FRESH_SEEDS] * 2


@pytest.mark.filterwarnings("default")
def test_the_best_run_is_taken_by_every_verb(study: Path, tmp_path: Path) -> None:
    best, data = study / "best", study.parent / "wave.csv"
    for verb in (
        ["eval", best], ["eval", study, "--json"], ["eval", best, data], ["info", best], ["info", study],
        ["predict", best, data, "-o", tmp_path / "p.csv"], ["generate", best, "-o", tmp_path / "g.csv"],
        ["report", best, "-o", tmp_path / "r.html"], ["report", study, "-o", tmp_path / "s.html"],
        ["train", "--from", best, "--epochs=1", "-o", tmp_path / "more"], ["train", "--resume", best],
    ):  # fmt: skip
        echoic_command(*verb)
    scores = [echoic_command("eval", path, "--json").out for path in (best, study)]
    assert scores[0] == scores[1]
    page = (tmp_path / "s.html").read_text()
    for title in ("History", "Curves of all trials", "Dev loss by lr", "Confirmation", "All trials"):
        assert title in page


def test_a_finished_study_has_nothing_left_and_takes_more_trials(study: Path) -> None:
    before = echoic.load_study(study)
    numbers = [trial.number for trial in before.trials]
    echoic_command("tune", "--resume", study)
    assert [trial.number for trial in echoic.load_study(study).trials] == numbers
    done = echoic_command("tune", "--resume", study, "--trials", len(numbers) + 1)
    assert [trial.number for trial in echoic.load_study(study).trials] == [*numbers, len(numbers)]
    assert "trial 4: dev loss" in done.err


def test_several_seeds_count_by_their_mean(tmp_path: Path) -> None:
    study = echoic.tune(
        "forecast", wave(), out=tmp_path / "s", search=["lr=0.01,0.02"], sampler="grid", seeds=2, confirm=0, epochs=1,
        **TINY,
    )  # fmt: skip
    for trial in study.trials:
        losses = [
            min(row["dev_loss"] for row in echoic.load(study.path / "trials" / name, data=wave()).metrics())
            for name in (str(trial.number), f"{trial.number}-2")
        ]
        assert trial.losses == tuple(losses)
        assert trial.loss == pytest.approx(np.mean(losses))
    assert list(study.frame()["seeds"]) == [2, 2]
    assert (study.frame()["loss_std"] > 0).all()
    assert study.verdict == ""


def test_goals_are_measured(tmp_path: Path) -> None:
    study = echoic.tune(
        "forecast", wave(), out=tmp_path / "s", search=["layers=2;16"], sampler="grid", confirm=1, epochs=1,
        goal="loss,parameters,step_us,train_s", **{name: value for name, value in TINY.items() if name != "layers"},
    )  # fmt: skip
    small, large = sorted(study.trials, key=lambda trial: trial.goals["parameters"])
    assert small.settings["layers"] == "2"
    for trial in study.trials:
        weights = study.run(trial.number).model.state_dict().values()
        assert trial.goals["parameters"] == sum(weight.numel() for weight in weights)
        assert trial.goals["step_us"] > 1
        assert trial.goals["train_s"] > 0
    assert small in study.front
    assert large.goals["parameters"] > small.goals["parameters"]


@pytest.mark.parametrize(("job", "make", "settings"), [
    ("classify", beeps, {"layers": (4,), "conv_channels": (4,), "n_mels": 8}),
    ("text", lines, {"layers": (4,), "embedding_dim": 4}),
])  # fmt: skip
def test_other_jobs_are_tuned(tmp_path: Path, job: str, make: Any, settings: dict[str, Any]) -> None:
    data = make(tmp_path)
    study = echoic.tune(
        job, data, out=tmp_path / "s", search=["lr=0.001..0.1,log"], trials=2, confirm=0, epochs=1, threads=1,
        goal="loss,step_us", **settings,
    )  # fmt: skip
    assert [trial.state for trial in study.trials] == ["complete"] * 2
    assert study.best.evaluate().scores


def test_a_pruned_run_is_one_that_can_be_used_and_resumed(tmp_path: Path) -> None:
    study = echoic.tune(
        "forecast", wave(), out=tmp_path / "s", search={"lr": [0.02, 0.021, 0.022, 0.023, 0.024, 1e-7]}, epochs=6,
        sampler="grid", confirm=0, **TINY,
    )  # fmt: skip
    pruned = [trial for trial in study.trials if trial.state == "pruned"]
    assert [trial.settings["lr"] for trial in pruned] == [1e-7]
    run = study.run(pruned[0].number)
    assert run.result()["best_dev_loss"] == min(pruned[0].reports.values())
    assert run.evaluate().scores
    before = run.result()["steps"]
    run.resume()
    assert run.result()["steps"] > before


def test_what_cannot_be_a_study(tmp_path: Path) -> None:
    def refused(kind: type[Exception], sentence: str, *arguments: Any, **options: Any) -> None:
        with pytest.raises(kind) as error:
            echoic.tune(*arguments, out=tmp_path / "s", **options)
        assert sentence in str(error.value)
        assert not (tmp_path / "s").exists()

    data = wave()
    refused(ConfigError, "There is no dev split", "forecast", data, split=(0.8, 0, 0.2))
    refused(ConfigError, "Data in memory are for one worker", "forecast", data, workers=2)
    refused(ConfigError, "changes what the dev loss measures", "forecast", data, search=["horizon=1,2"])
    refused(ConfigError, "the grid has 2 points", "forecast", data, search=["lr=1,2"], sampler="grid", trials=3)
    refused(ConfigError, "Standard input is read once", "forecast", "-")
    refused(ConfigError, "is the name of a study in `storage`, which is missing", "forecast", data, study="x")
    url = "postgresql://user@host/database"
    refused(ConfigError, "Data in memory are for one host", "forecast", data, storage=url)
    refused(ConfigError, "`folds` would train each trial many times", "classify", beeps(tmp_path), folds=2)
    (tmp_path / "full").mkdir()
    (tmp_path / "full" / "file").touch()
    with pytest.raises(RunError, match="already exists; choose another --out"):
        echoic.tune("forecast", data, out=tmp_path / "full")


def test_a_study_without_a_trained_trial_says_why(tmp_path: Path) -> None:
    with pytest.raises(TrainingError, match=r"No trial of .* could be trained; the last one: .*requires"):
        echoic.tune("forecast", wave(), out=tmp_path / "s", search={"lookback": [5000, 6000]}, sampler="grid")
    with pytest.raises(RunError, match="has no winner yet"):
        _ = echoic.load_study(tmp_path / "s", data=wave()).best


def test_the_time_budget_is_kept_and_more_of_it_goes_on(tmp_path: Path) -> None:
    study = echoic.tune(
        "forecast", wave(), out=tmp_path / "s", search=["lr=0.001..0.1,log"], minutes=0.1, confirm=1,
        config={"train": {"minutes": 0.015}}, **TINY,
    )  # fmt: skip
    assert study.opened.search.elapsed_s < 6 + 9  # the budget, and what a busy machine adds to the last calibration
    assert study.opened.search.elapsed_s > 3  # at most half is kept for the confirmation
    assert any(trial.state == "complete" for trial in study.trials)  # how many depends on the machine
    unfinished = [trial.number for trial in study.trials if trial.state == "unfinished"]
    assert len(unfinished) <= 1


def test_a_study_whose_data_are_gone_or_changed_stops_and_goes_on_with_them(tmp_path: Path) -> None:
    data = tmp_path / "wave.csv"
    np.savetxt(data, wave(), header="y", comments="")
    search = {"lr": [0.01, 0.02]}
    study = echoic.tune(
        "forecast", data, out=tmp_path / "s", search=search, trials=1, sampler="random", confirm=0, epochs=1,
        workers=2, **TINY,
    )  # fmt: skip
    text = data.read_text()
    data.write_text(text + "0.5\n")
    with pytest.raises(DataError, match="differs from the data that"):
        study.resume(trials=3)
    data.unlink()
    with pytest.raises(DataError, match=r"wave\.csv: no such file"):
        study.resume()
    data.write_text(text)
    study.resume()
    assert [trial.state for trial in study.trials] == ["complete"] * 3
