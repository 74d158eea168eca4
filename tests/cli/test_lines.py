"""The lines of the command that users are promised, in a small form, and what they leave behind."""

import csv
import json
import math
import os
import subprocess
import sys
from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any
from zoneinfo import ZoneInfo

import numpy as np
import polars as pl
import pytest

import echoic
from echoic.cli import demo, main
from echoic.cli.predict import _digits, _plain, _short
from echoic.cli.progress import TrainingBar, progress_bar, round_progress
from echoic.training import Progress

SMALL = "--layers 4 --epochs 1 --threads 1"
Command = Callable[[str], tuple[int, str, str]]


def call(line: str, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]) -> tuple[int, str, str]:
    """The exit code of `echoic LINE` in this process, and what it printed."""
    with monkeypatch.context() as patch:
        patch.setattr(sys, "argv", ["echoic", *line.split()])
        patch.setattr("warnings.showwarning", None)
        with pytest.raises(SystemExit) as ended:
            main()
    out, err = capfd.readouterr()
    return int(ended.value.code or 0), out, err


@pytest.fixture
def command(monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]) -> Command:
    return lambda line: call(line, monkeypatch, capfd)


def write_ett(path: Path, hours: int = 400) -> None:
    rows = [["date", "HUFL", "OT"]]
    for hour in range(hours):
        day = math.sin(2 * math.pi * hour / 24) + 0.1 * math.sin(hour**2)
        rows.append([str(datetime(2016, 7, 1) + timedelta(hours=hour)), f"{5 + day:.4f}", f"{20 - 3 * day:.4f}"])  # noqa: DTZ001
    with path.open("w", newline="") as file:
        csv.writer(file).writerows(rows)


def write_passengers(path: Path, months: int = 144) -> None:
    rows = [["Date", "Passengers"]]
    for month in range(months):
        value = 100 * 1.01**month * (1 + 0.2 * math.sin(2 * math.pi * month / 12))
        rows.append([f"{1949 + month // 12}-{month % 12 + 1:02}-01", f"{value:.1f}"])
    with path.open("w", newline="") as file:
        csv.writer(file).writerows(rows)


def write_m4(path: Path, series: int = 4) -> None:
    lengths = [150 + 10 * number for number in range(series)]
    lines = [["V1", *(f"V{number + 2}" for number in range(max(lengths)))]]
    for number, steps in enumerate(lengths):
        values = [f"{50 + 10 * number + 5 * math.sin(2 * math.pi * step / 24):.3f}" for step in range(steps)]
        lines.append([f"H{number + 1}", *values])
    path.write_text("\n".join(map(",".join, lines)) + "\n")


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A working folder with data and, once they are trained, the runs `ett`, `m4` and `air`."""
    path = tmp_path_factory.mktemp("lines")
    write_ett(path / "ETTh1.csv")
    write_passengers(path / "passengers.csv")
    write_m4(path / "Hourly-train.csv")
    trainings: dict[str, tuple[str, dict[str, Any]]] = {
        "ett": ("ETTh1.csv", {"time": "date", "lookback": 48, "horizon": 24, "split": "240,80,80", "seed": 0}),
        "m4": ("Hourly-train.csv", {"format": "m4", "horizon": 24, "season": 24}),
        "air": (
            "passengers.csv",
            {"time": "Date", "target": "Passengers", "layers": "4,4", "cell": "gru", "head": "gaussian"},
        ),
    }
    for name, (data, settings) in trainings.items():
        small: dict[str, Any] = {"layers": (4,), "epochs": 1, "threads": 1}
        echoic.train("forecast", path / data, out=path / "runs" / name, **small | settings)
    return path


@pytest.fixture(autouse=True)
def _in_the_folder(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(folder)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("line", "twin"),
    [
        (
            "ETTh1.csv --time date --lookback 48 --horizon 24 --split 240,80,80 --seed 0",
            {"time": "date", "lookback": 48, "horizon": 24, "split": (240, 80, 80), "seed": 0},
        ),
        ("Hourly-train.csv --format m4 --horizon 24 --season 24", {"format": "m4", "horizon": 24, "season": (24,)}),
        (
            "passengers.csv --time Date --target Passengers --cell gru --head gaussian",
            {"time": "Date", "target": "Passengers", "cell": "gru", "head": "gaussian"},
        ),
    ],
    ids=["wide", "m4", "target"],
)
def test_train_and_its_twin_in_python_make_the_same_run(
    command: Callable[..., Any], tmp_path: Path, line: str, twin: dict[str, Any]
) -> None:
    code, out, err = command(f"train forecast {line} {SMALL} --out {tmp_path}/run")
    assert (code, out) == (0, "")
    next_verb = "report" if "m4" in line else "eval"  # the file has no test split
    assert f"next: echoic {next_verb} {tmp_path}/run" in err
    made = echoic.load(tmp_path / "run")
    same = echoic.train(
        "forecast", line.split(maxsplit=1)[0], out=tmp_path / "twin", layers=4, epochs=1, threads=1, **twin
    )
    assert made.settings == same.settings
    assert made.evaluate(split="train", stride=9) == same.evaluate(split="train", stride=9)


def test_a_run_without_dev_or_with_a_refit_is_reported_as_any_other(
    command: Callable[..., Any], tmp_path: Path
) -> None:
    for number, (split, verb) in enumerate((("0.8,0,0.2", "eval"), ("300,100,0", "report"))):
        code, out, err = command(
            f"train forecast ETTh1.csv --time date --lookback 10 --split {split} {SMALL} --out {tmp_path}/{number}"
        )
        assert (code, out) == (0, "")
        assert "Traceback" not in err
        assert f"steps\nnext: echoic {verb}" in err


def test_settings_come_from_a_file_then_from_set_then_from_options(command: Callable[..., Any], tmp_path: Path) -> None:
    (tmp_path / "settings.toml").write_text('[window]\nlookback = 10\nhorizon = 2\n[train]\nepochs = 1\nlr = "0.5"\n')
    code, out, _ = command(
        f"train forecast ETTh1.csv --time date --config {tmp_path}/settings.toml --set train.lr=0.25 --set horizon=3 "
        f"--horizon 4 --layers 4 --threads 1 --out {tmp_path}/run --json"
    )
    assert code == 0
    assert json.loads(out)["run"] == str(tmp_path / "run")
    settings: Any = echoic.load(tmp_path / "run").settings
    assert (settings.window.lookback, settings.window.horizon, settings.train.lr) == (10, 4, 0.25)


@pytest.mark.filterwarnings("default")
def test_resume_of_a_finished_run_prints_its_result(command: Callable[..., Any]) -> None:
    code, out, err = command("train --resume runs/air --json")
    assert code == 0
    assert err.startswith(
        "echoic: runs/air is finished: no step was left. To train on: `echoic train --from runs/air -o NEW`"
    )
    assert json.loads(out)["best_step"] > 0


def test_check_reports_that_the_loss_falls(command: Callable[..., Any]) -> None:
    line = f"check forecast ETTh1.csv --time date --lookback 48 --horizon 24 {SMALL}"
    code, out, err = command(line)
    assert (code, err) == (0, "")
    assert "The loss falls" in out
    code, out, _ = command(f"{line} --json --steps 100")
    assert code == 0
    assert json.loads(out)["falls"] is True
    assert len(json.loads(out)["losses"]) == 100


def test_check_fails_with_exit_1_where_nothing_is_learned(command: Callable[..., Any], tmp_path: Path) -> None:
    (tmp_path / "far.csv").write_text("y\n" + "".join(f"{step % 7}e25\n" for step in range(200)))
    code, out, _ = command(f"check forecast {tmp_path}/far.csv --scale none --strategy recursive --lookback 10 {SMALL}")
    assert code == 1
    assert "The loss does not fall" in out


def test_eval_prints_the_model_next_to_the_baselines(command: Callable[..., Any]) -> None:
    code, out, err = command("eval runs/ett")
    assert code == 0
    words = set(out.replace("_", " ").split())
    assert {"model", "persistence", "drift", "seasonal", "linear", "combination"} <= words
    assert {"mse", "mae", "mase", "crps", "coverage", "80"} <= words
    assert "Baselines: " in err


def test_eval_as_json_is_one_object_on_stdout(command: Callable[..., Any]) -> None:
    code, out, err = command("eval runs/ett --json")
    assert code == 0
    result = json.loads(out)
    assert list(result)[:8] == ["job", "split", "scores", "baselines", "verdict", "lead", "seed", "data"]
    assert err.strip().endswith(result["verdict"] or "")
    assert result["split"] == "test"
    assert {"mse", "mae"} <= result["scores"].keys()
    assert {"persistence", "seasonal", "linear"} <= result["baselines"].keys()
    dev = json.loads(command("eval runs/ett --split dev --stride 5 --json")[1])
    assert dev["split"] == "dev"
    assert dev["windows"] == len(range(0, 80 - 24 + 1, 5))


def test_eval_writes_the_backtest(command: Callable[..., Any], tmp_path: Path) -> None:
    code, out, _ = command(f"eval runs/ett --stride 10 --json --backtest {tmp_path}/back.parquet")
    assert code == 0
    table = pl.read_parquet(tmp_path / "back.parquet")
    assert table.height == json.loads(out)["windows"] * 24 * 2
    assert (table["cutoff"] < table["ds"]).all()


def test_predict_prints_whole_numbers_as_numbers_and_rounds_nothing(command: Callable[..., Any]) -> None:
    code, out, _ = command("predict runs/ett --json")
    forecast, rows = echoic.load("runs/ett").predict(), json.loads(out)
    assert code == 0
    assert [row["mean"] for row in rows] == forecast["mean"].tolist()


def test_times_of_events_are_printed_to_the_millisecond() -> None:
    times = np.array([12345.6789, 0.25])
    assert _short("onset_s", times) == ["12345.679", "0.250"]
    assert _short("mean", times) == ["1.235e4", "0.25"]
    assert _plain(np.array([3, 200])) == [3, 200]
    assert _plain(np.array(["2020-01-01"], "datetime64[s]")) == ["2020-01-01T00:00:00"]


def test_times_in_json_are_those_of_iso_8601() -> None:
    naive = np.array(["2020-01-01T12:30", "2020-01-02"], "datetime64[us]")
    assert _plain(naive) == ["2020-01-01T12:30:00", "2020-01-02T00:00:00"]
    assert _plain(naive + np.timedelta64(25, "us"))[0] == "2020-01-01T12:30:00.000025"
    aware = np.array(
        [datetime(2024, 10, 27, 2, tzinfo=ZoneInfo("Europe/Berlin"), fold=fold) for fold in (0, 1)], object
    )
    assert _plain(aware) == ["2024-10-27T02:00:00+02:00", "2024-10-27T02:00:00+01:00"]
    assert _short("ds", aware) == ["2024-10-27T02:00+02:00", "2024-10-27T02:00+01:00"]
    assert _short("ds", aware[:1] + timedelta(seconds=5)) == ["2024-10-27T02:00:05+02:00"]


@pytest.mark.parametrize(
    ("times", "shown"),
    [
        (["2018-06-26T20:00", "2018-06-27T21:00"], ["2018-06-26T20:00", "2018-06-27T21:00"]),
        (["2018-06-26", "2018-06-27"], ["2018-06-26", "2018-06-27"]),
        (["2018-06-26T20:00:05", "2018-06-26T20:01"], ["2018-06-26T20:00:05", "2018-06-26T20:01:00"]),
        (["2018-06-26T20:00:05.000025"], ["2018-06-26T20:00:05.000025"]),
    ],
)
def test_dates_are_printed_as_short_as_they_are_exact(times: list[str], shown: list[str]) -> None:
    assert _short("ds", np.array(times, "datetime64[us]")) == shown


def test_a_bar_starts_again_in_each_round() -> None:
    bar = progress_bar()
    show = round_progress(bar, "scoring")
    for done in (1, 2):
        show(done, 2)
    assert bar.finished
    show(1, 2)
    assert not bar.finished


def test_predict_writes_the_long_format_with_intervals(command: Callable[..., Any], tmp_path: Path) -> None:
    code, out, err = command(f"predict runs/ett -o {tmp_path}/forecast.csv")
    assert (code, out) == (0, "")
    assert "48 rows" in err
    table = pl.read_csv(tmp_path / "forecast.csv", try_parse_dates=True)
    assert table.columns == ["unique_id", "ds", "target", "mean", "lo-80", "hi-80", "lo-95", "hi-95"]
    assert table["ds"][0] == datetime(2016, 7, 1) + timedelta(hours=400)  # noqa: DTZ001
    write_ett(tmp_path / "new.csv", 300)
    code, _, _ = command(f"predict runs/ett {tmp_path}/new.csv ETTh1.csv -o {tmp_path}/both.parquet")
    assert code == 0
    assert pl.read_parquet(tmp_path / "both.parquet").height == 96


def test_months_are_written_as_dates(command: Callable[..., Any], tmp_path: Path) -> None:
    assert command(f"predict runs/air -o {tmp_path}/next.csv")[0] == 0
    assert (tmp_path / "next.csv").read_text().splitlines()[1].split(",")[1] == "1961-01-01"


def test_generate_continues_the_times_of_the_data(command: Callable[..., Any], tmp_path: Path) -> None:
    code, out, err = command(f"generate runs/ett --length 100 -o {tmp_path}/next.csv")
    assert (code, out) == (0, "")
    assert "100 steps of 1 series" in err
    table = pl.read_csv(tmp_path / "next.csv", try_parse_dates=True)
    assert table.columns == ["ds", "HUFL", "OT"]
    assert table.height == 100
    assert (table["ds"].diff().drop_nulls() == timedelta(hours=1)).all()
    assert np.isfinite(table[["HUFL", "OT"]].to_numpy()).all()
    for prime in ("250", "ETTh1.csv"):
        assert command(f"generate runs/ett --length 5 --prime {prime} -o {tmp_path}/more.csv")[0] == 0
        assert pl.read_csv(tmp_path / "more.csv").height == 5


def test_generate_of_many_series_names_them(command: Callable[..., Any], tmp_path: Path) -> None:
    assert command(f"generate runs/m4 --length 3 -o {tmp_path}/next.csv")[0] == 0
    table = pl.read_csv(tmp_path / "next.csv")
    assert table["unique_id"].to_list() == [name for name in ("H1", "H2", "H3", "H4") for _ in range(3)]


def test_draws_depend_on_the_seed(command: Callable[..., Any], tmp_path: Path) -> None:
    for number, seed in enumerate((1, 1, 2)):
        line = f"generate runs/air --length 5 --temperature 1 --seed {seed} -o {tmp_path}/{number}.csv"
        assert command(line)[0] == 0
    made = [(tmp_path / f"{number}.csv").read_text() for number in range(3)]
    assert made[0] == made[1] != made[2]


def test_info_describes_run_and_machine(command: Callable[..., Any]) -> None:
    info = json.loads(command("info runs/ett --json")[1])
    assert {"job", "settings", "data", "versions", "result", "parameters", "parameter_table"} <= info.keys()
    assert {"echoic", "torch", "kernel", "threads"} <= json.loads(command("info --json")[1]).keys()
    code, out, err = command("info runs/ett")
    assert (code, err) == (0, "")
    assert "settings.window.strategy" in out
    assert "stack.cells.0.w_rec" in out


@pytest.mark.slow
def test_report_of_two_runs_is_one_page(command: Any, tmp_path: Any) -> None:
    code, out, _ = command(f"report runs/ett runs/air -o {tmp_path}/compare.html")
    assert (code, out.strip()) == (0, f"{tmp_path}/compare.html")
    assert (tmp_path / "compare.html").read_text("utf-8").lstrip().lower().startswith("<!doctype html>")


@pytest.mark.slow
def test_demo_learns_continues_and_reports(command: Any, tmp_path: Any, monkeypatch: Any) -> None:
    quick = {"stride": 50, "layers": (4,), "epochs": 1, "threads": 1, "max_dev_windows": 50}
    monkeypatch.setattr(demo, "SETTINGS", demo.SETTINGS | quick)
    code, out, _ = command(f"demo --out {tmp_path}/demo --seed 3")
    assert code == 0
    assert "persistence" in out
    assert f"report: {tmp_path}/demo/report.html" in out
    assert pl.read_csv(tmp_path / "demo" / "samples" / "continuation.csv").height == 1000
    assert echoic.load(tmp_path / "demo").seed == 3


@pytest.mark.slow
def test_the_whole_way_in_processes_of_their_own(tmp_path: Path) -> None:
    def echo(*words: str) -> str:
        done = subprocess.run(
            [sys.executable, "-W", "error", "-m", "echoic", *words],
            cwd=tmp_path,
            env=os.environ | {"OMP_NUM_THREADS": "1"},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=600,
            check=False,
        )
        assert done.returncode == 0, done.stderr
        return done.stdout

    write_m4(tmp_path / "Hourly-train.csv")
    train = "train forecast Hourly-train.csv --format m4 --horizon 24 --season 24 --epochs 2 --out runs/m4 --json"
    assert json.loads(echo(*train.split(), "--threads", "1", "--layers", "4"))["steps"] > 0
    assert json.loads(echo("eval", "runs/m4", "--split", "train", "--stride", "50", "--json"))["windows"] > 4
    assert echo("generate", "runs/m4", "--length", "3", "-o", "next.csv") == ""
    assert pl.read_csv(tmp_path / "next.csv").height == 12


def test_training_into_a_pipe_says_a_line_now_and_then(monkeypatch: Any, capsys: Any) -> None:
    seconds = iter(range(0, 1000, 4))
    monkeypatch.setattr("echoic.loggers.lines.time", SimpleNamespace(monotonic=lambda: next(seconds)))
    with TrainingBar() as bar:
        for step in range(1, 11):
            bar.update(Progress("fit", 0, step, step / 10, 0.5, None, None, 2.0))
    assert capsys.readouterr().err.splitlines() == [
        f"training {part}%, epoch 1, train 0.5, 2 batches/s" for part in (40, 80)
    ]


def test_a_recording_without_events_has_no_numbers_to_shorten() -> None:
    assert _digits({"file": np.zeros(0, str), "onset_s": np.zeros(0), "confidence": np.zeros(0)}) == []
