"""What the command says of a folder of several seeds."""

import json
from pathlib import Path

import pytest
from commands import Done, run_command

import echoic

SETTINGS = ["--lookback=8", "--horizon=2", "--layers=3", "--epochs=1", "--threads=1"]


def done(*words: object) -> Done:
    found = run_command(*words)
    assert found.code == 0, found.err
    return found


@pytest.fixture(scope="module")
def seeds(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("seeds") / "two"
    done("train", "forecast", "synth:sine,steps=200", *SETTINGS, "--seeds=2", "--out", folder)
    return folder


def test_scores_stand_beside_the_baselines_and_each_seed_says_what_dev_chose(seeds: Path) -> None:
    found = done("eval", seeds, "--json")
    content = json.loads(found.out)
    evaluations = [run.evaluate() for run in echoic.load_seeds(seeds).runs]
    for name, spread in content["scores"].items():
        values = [one.result[name] for one in evaluations]
        assert spread["mean"] == pytest.approx(sum(values) / 2)
        assert spread["seeds"] == 2
    assert content["baselines"].keys() == evaluations[0].baselines.keys()
    assert content["baselines"]["persistence"]["mae"] == {
        "mean": pytest.approx(evaluations[0].baselines["persistence"]["mae"]),
        "std": pytest.approx(0),
        "seeds": 2,
    }
    for run in echoic.load_seeds(seeds).runs:
        for note in run.notes():
            assert f"seed {run.seed}: {note}" in found.err
    assert "persistence" in done("eval", seeds).out


def test_info_has_a_row_for_each_seed(seeds: Path) -> None:
    losses = echoic.load_seeds(seeds).dev_losses()
    assert [one["best_dev_loss"] for one in json.loads(done("info", seeds, "--json").out)["results"]] == losses
    assert f"next: echoic eval {seeds}" in done("info", seeds).err


def test_a_report_shows_the_seeds_side_by_side(seeds: Path, tmp_path: Path) -> None:
    assert done("report", seeds).out.strip() == str(seeds / "report.html")
    assert "2 runs" in (seeds / "report.html").read_text()
    assert done("report", seeds, "-o", tmp_path / "r.html").out.strip() == str(tmp_path / "r.html")
