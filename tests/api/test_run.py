"""From data to a run, and from a folder back to something that can be used."""

import shutil
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

import echoic
from echoic.api.overfit_check import check_passes
from echoic.api.run import Run
from echoic.api.summaries import flat_items, machine_info, run_info
from echoic.errors import ConfigError, DataError, RunError
from echoic.forecasting.evaluator import ForecastEvaluation
from echoic.jobs.forecast.continuations import series_columns
from echoic.training import Progress, StopTraining

TINY: dict[str, Any] = {"lookback": 10, "layers": (4,), "epochs": 1, "threads": 1, "strategy": "recursive"}


def wave(steps: int = 200) -> np.ndarray:
    return np.sin(np.arange(steps) / 4).astype(np.float32)


def write(path: Path, values: np.ndarray) -> Path:
    np.savetxt(path, values, header="y", comments="", fmt="%.9g")
    return path


def windows_of(run: Run) -> int:
    """The number of windows of the test split."""
    evaluation = run.evaluate()
    assert isinstance(evaluation, ForecastEvaluation)
    return evaluation.windows


def test_a_run_is_loaded_from_its_folder(tmp_path: Path) -> None:
    made = echoic.train("forecast", write(tmp_path / "data.csv", wave()), out=tmp_path / "run", **TINY)
    loaded = echoic.load(tmp_path / "run")
    assert loaded.seed == made.seed
    assert loaded.settings == made.settings
    assert loaded.evaluate() == made.evaluate()
    np.testing.assert_array_equal(loaded.predict()["mean"], made.predict()["mean"])
    assert loaded.metrics() == made.metrics()


def test_a_run_prints_its_job_and_path(tmp_path: Path) -> None:
    run = echoic.train("forecast", wave(), out=tmp_path / "run", **TINY)
    assert repr(run) == f"Run(job='forecast', path='{tmp_path / 'run'}')"


def test_predict_accepts_the_paths_of_several_files(tmp_path: Path) -> None:
    run = echoic.train("forecast", wave(), out=tmp_path / "run", **TINY)
    files = [write(tmp_path / f"{steps}.csv", wave(steps)) for steps in (60, 90)]
    together = run.predict(files)
    for name, column in together.items():
        assert column.tolist() == [*run.predict(files[0])[name], *run.predict(files[1])[name]]
    with pytest.raises(DataError, match=r"Cannot read data of type list; convert it with numpy\.array"):
        run.predict([0.0, 1.0])


def test_a_run_finds_its_data_from_any_working_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write(tmp_path / "data.csv", wave())
    monkeypatch.chdir(tmp_path)
    echoic.train("forecast", "data.csv", out="run", **TINY)
    (tmp_path / "elsewhere").mkdir()
    monkeypatch.chdir(tmp_path / "elsewhere")
    assert windows_of(echoic.load(tmp_path / "run")) == 40


def test_a_run_folder_can_be_moved(tmp_path: Path) -> None:
    before = echoic.train("forecast", write(tmp_path / "data.csv", wave()), out=tmp_path / "run", **TINY).evaluate()
    shutil.move(tmp_path / "run", tmp_path / "moved")
    assert echoic.load(tmp_path / "moved").evaluate() == before


def test_data_that_moved_are_missed_with_a_remedy_that_works(tmp_path: Path) -> None:
    data = write(tmp_path / "data.csv", wave())
    before = echoic.train("forecast", data, out=tmp_path / "run", **TINY).evaluate()
    moved = data.rename(tmp_path / "moved.csv")
    with pytest.raises(DataError, match=r"data\.csv: not found, and .*run was trained on it; .* with `data=`"):
        echoic.load(tmp_path / "run").evaluate()
    assert echoic.load(tmp_path / "run", data=moved).evaluate() == before


def test_data_that_changed_are_refused(tmp_path: Path) -> None:
    data = write(tmp_path / "data.csv", wave())
    echoic.train("forecast", data, out=tmp_path / "run", **TINY)
    kept = shutil.copy(data, tmp_path / "kept.csv")
    write(data, wave() + 1)
    with pytest.raises(DataError, match=r"data\.csv differs from the data that .*run was trained on"):
        echoic.load(tmp_path / "run").predict()
    assert windows_of(echoic.load(tmp_path / "run", data=kept)) == 40


def test_data_in_memory_have_to_be_given_again(tmp_path: Path) -> None:
    run = echoic.train("forecast", wave(), out=tmp_path / "run", **TINY)
    with pytest.raises(DataError, match="was trained on in-memory data; pass the same data again, with `data=`"):
        echoic.load(tmp_path / "run").evaluate()
    with pytest.raises(DataError, match=r"the array differs from the data that .*run was trained on"):
        echoic.load(tmp_path / "run", data=wave() + 1).evaluate()
    assert echoic.load(tmp_path / "run", data=wave()).evaluate() == run.evaluate()


def test_settings_by_section_by_name_and_by_dot_are_the_same(tmp_path: Path) -> None:
    ways: list[dict[str, Any]] = [
        {"config": {"window": {"lookback": 10}, "stack": {"layers": [4]}}},
        {"config": {"window.lookback": 10}, "layers": "4"},
        {"config": {"lookback": 99, "layers": 9}, "lookback": "10", "layers": 4},
    ]
    common: dict[str, Any] = {"epochs": 1, "threads": 1, "strategy": "recursive"}
    runs = [
        echoic.train("forecast", wave(), out=tmp_path / str(number), **common, **way) for number, way in enumerate(ways)
    ]
    assert runs[0].settings == runs[1].settings == runs[2].settings


def test_without_a_folder_the_run_is_in_a_temporary_one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    assert echoic.train("forecast", wave(), **TINY).path.is_relative_to(tmp_path)


def test_unknown_jobs_devices_and_run_folders_are_named() -> None:
    with pytest.raises(ConfigError, match="Unknown job 'forecats', did you mean 'forecast'"):
        echoic.train("forecats", wave())
    with pytest.raises(ConfigError, match=r"`job` must be one of forecast, .*, got ndarray. It comes before the data"):
        echoic.train(wave(), "forecast")  # type: ignore[arg-type]
    with pytest.raises(ConfigError, match=r"must be the result of echoic\.prepare, got ndarray"):
        echoic.fit(wave())  # type: ignore[arg-type]
    with pytest.raises(ConfigError, match="'nothing' is not available here; try cpu"):
        echoic.train("forecast", wave(), device="nothing")
    with pytest.raises(RunError, match="nowhere is not a run folder"):
        echoic.load("nowhere")


def test_a_run_without_dev_has_a_result(tmp_path: Path) -> None:
    run = echoic.train("forecast", wave(), out=tmp_path / "run", split=(0.8, 0, 0.2), **TINY)
    result = run.result()
    assert result["best_dev_loss"] is None
    assert result["best_step"] == result["steps"] > 0
    assert windows_of(run) == 40


def test_progress_is_reported_after_every_step(tmp_path: Path) -> None:
    reports: list[Progress] = []
    run = echoic.train("forecast", wave(), out=tmp_path / "run", on_progress=reports.append, **TINY | {"epochs": 3})
    assert sorted({at.step for at in reports}) == list(range(1, run.result()["steps"] + 1))
    assert all(earlier.fraction <= later.fraction for earlier, later in pairwise(reports))
    assert reports[-1].fraction == 1


def test_check_passes_on_learnable_data_and_keeps_the_random_state_of_the_caller() -> None:
    before = torch.get_rng_state()
    losses = echoic.check("forecast", wave(), steps=60, **TINY)
    assert len(losses) == 60
    assert check_passes(losses)
    assert torch.equal(torch.get_rng_state(), before)


def test_check_fails_where_losses_are_beyond_all_numbers() -> None:
    assert not check_passes(echoic.check("forecast", 1e25 * wave(), steps=20, scale="none", **TINY))


@pytest.mark.parametrize(
    ("losses", "passes"),
    [
        ([1.0, 0.5, 0.2, 0.1, 0.1, 0.1], True),
        ([1.0, 0.99, 0.98, 0.97, 0.96, 0.95], False),
        ([1.0] * 10, False),
        ([0.0] * 10, False),
        ([1.0, 2.0, 5.0, 9.0, 9.0, 9.0], False),
        ([-1.0, -1.5, -2.0, -2.0, -2.0, -2.0], True),
        ([float("nan")] * 10, False),
        ([1.0, float("nan")] * 10, False),
    ],
)
def test_check_passes_if_the_loss_falls_by_a_clear_fraction(losses: list[float], passes: bool) -> None:
    assert check_passes(losses) == passes


def test_info_describes_machine_and_run(tmp_path: Path) -> None:
    assert {"echoic", "torch", "kernel", "threads", "jobs"} <= machine_info().keys()
    run = echoic.train("forecast", wave(), out=tmp_path / "run", **TINY)
    info = run_info(run.folder)
    assert info["parameters"] == sum(weight.numel() for weight in run.model.parameters())
    assert [name for name, _, _ in info["parameter_table"]] == sorted(run.model.state_dict())


def test_series_of_one_name_have_no_name_column(tmp_path: Path) -> None:
    run = echoic.train("forecast", np.stack([wave(), wave()], 1), out=tmp_path / "run", **TINY)
    columns = series_columns(run.generate(7))
    assert list(columns) == ["ds", "y0", "y1"]
    assert columns["ds"].tolist() == list(range(200, 207))


def test_notes_have_a_line_of_their_own_each() -> None:
    found = flat_items({"data": {"notes": ["Ignored columns: a, b.", "A gap."], "ignored": ["a", "b"]}})
    assert found == [("data.notes", "Ignored columns: a, b.\nA gap."), ("data.ignored", "a, b")]


def test_of_hundreds_of_values_the_first_are_shown() -> None:
    names = [f"class {number}" for number in range(200)]
    (counts, listed) = flat_items({"clips": dict.fromkeys(names, 3), "classes": names})
    assert counts == ("clips", ", ".join(f"{name} 3" for name in names[:12]) + ", and 188 more")
    assert listed == ("classes", ", ".join(names[:12]) + ", and 188 more")


def test_a_run_whose_training_was_stopped_has_no_notes_yet_and_a_report(tmp_path: Path) -> None:
    def stop(at: Progress) -> None:
        if at.best_dev_loss is not None:
            raise StopTraining

    with pytest.raises(StopTraining):
        echoic.train("forecast", wave(), out=tmp_path / "run", on_progress=stop, **TINY | {"epochs": 9})
    run = echoic.load(tmp_path / "run", data=wave())
    assert run.notes() == run_info(run.folder)["notes"] == []
    assert run.report().stat().st_size > 10_000
