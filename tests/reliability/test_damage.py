"""A run folder that was damaged says so, and training goes on from what is whole."""

import json
import random
import re
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

import echoic
from bit_flips import Flips, train_runs
from echoic.errors import ConfigError, RunError
from echoic.run.config import CONFIG_KEYS
from echoic.run.sealed import read_json, write_json

SETTINGS: dict[str, Any] = {
    "strategy": "recursive",
    "lookback": 10,
    "layers": (4,),
    "threads": 1,
    "epochs": 2,
    "stride": 8,
    "batch_size": 4,
    "checkpoint_interval_s": 1e-9,
}


@pytest.fixture
def run(tmp_path: Path) -> Path:
    echoic.train("forecast", "synth:sine,steps=150", out=tmp_path / "run", config=SETTINGS)
    return tmp_path / "run"


def damages(whole: bytes, count: int) -> list[bytes]:
    """Copies of `whole` with a bit flipped, and copies cut short, at random places."""
    draw = random.Random(0)  # noqa: S311
    made = []
    for _ in range(count):
        flipped = bytearray(whole)
        flipped[draw.randrange(len(whole))] ^= 1 << draw.randrange(8)
        made += [bytes(flipped), whole[: draw.randrange(len(whole))]]
    return made


def test_every_damage_to_the_newest_checkpoint_makes_the_one_before_it_the_newest(run: Path) -> None:
    folder = echoic.load(run).folder
    before, newest = sorted(folder.checkpoints.iterdir())
    whole = newest.read_bytes()
    for damaged in damages(whole, 150):
        newest.write_bytes(damaged)
        found, named = folder.read_checkpoint()
        assert found is not None
        assert found.metadata["state"]["step"] == int(before.stem.split("-")[1])
        assert len(named) == 1
        assert str(newest) in named[0]


def test_every_damage_to_the_model_is_a_run_error_with_its_path(run: Path) -> None:
    folder = echoic.load(run).folder
    for damaged in damages(folder.model_path.read_bytes(), 150):
        folder.model_path.write_bytes(damaged)
        with pytest.raises(RunError, match=r"model\.safetensors (cannot be read|is damaged)"):
            folder.read_model()


def test_training_resumes_from_the_checkpoint_before_a_damaged_one_bit_for_bit(
    run: Path, content: Callable[[Path], Any]
) -> None:
    whole = content(run)
    newest = max((run / "checkpoints").iterdir())
    newest.write_bytes(newest.read_bytes()[:-1])
    (run / "model.safetensors").write_bytes(b"damaged")
    with pytest.warns(UserWarning, match="Using the checkpoint before it"):
        echoic.load(run).resume()
    assert content(run) == whole


def test_a_run_with_damaged_checkpoints_only_is_not_silently_restarted(run: Path) -> None:
    for path in (run / "checkpoints").iterdir():
        path.write_bytes(b"")
    model = (run / "model.safetensors").read_bytes()
    with pytest.raises(RunError, match=r"run: no checkpoint can be read: .*step-\d+\.safetensors cannot be read"):
        echoic.load(run).resume()
    assert (run / "model.safetensors").read_bytes() == model


def test_a_config_of_another_format_is_refused(run: Path) -> None:
    path = run / "config.json"
    path.write_text(path.read_text().replace('"format": 2', '"format": 999'))
    with pytest.raises(RunError, match="has run format 999; this version of echoic reads 1 and 2"):
        echoic.load(run)


@pytest.mark.parametrize("key", CONFIG_KEYS)
def test_a_config_without_a_key_is_a_run_error_that_names_it(run: Path, key: str) -> None:
    path = run / "config.json"
    config = json.loads(path.read_text())
    del config[key]
    path.write_text(json.dumps(config))
    with pytest.raises(RunError, match=f"config.json has no '{key}'; restore the file, or train again"):
        echoic.load(run)


@pytest.mark.parametrize("name", ["config.json", "codec.json", "calibration.json"])
def test_json_cut_short_is_a_run_error_with_its_path(run: Path, name: str) -> None:
    path = run / name
    path.write_bytes(path.read_bytes()[:-5])
    with pytest.raises(RunError, match=f"{name} cannot be read"):
        echoic.load(run).evaluate()


def test_the_last_row_of_metrics_cut_short_is_left_out(run: Path) -> None:
    path = run / "metrics.jsonl"
    path.write_bytes(path.read_bytes()[:-5])
    assert len(echoic.load(run).metrics()) == 1


@pytest.mark.parametrize("end", [b"\x0b", b"J", b"\x8a"])
def test_a_flipped_line_feed_at_the_end_of_metrics_is_damage_and_not_a_line_cut_short(run: Path, end: bytes) -> None:
    path = run / "metrics.jsonl"
    path.write_bytes(path.read_bytes()[:-1] + end)
    with pytest.raises(RunError, match=r"metrics.jsonl is damaged"):
        echoic.load(run).metrics()


def as_format_1(run: Path) -> None:
    """Rewrites the JSON of a run as the first format had it: without digests."""
    for path in run.glob("*.json"):
        content = read_json(path)
        del content["sha256"]
        if path.name == "config.json":
            content["format"] = 1
        path.write_text(json.dumps(content))
    lines = [json.loads(line) for line in (run / "metrics.jsonl").read_text().splitlines()]
    rows = [{key: value for key, value in row.items() if key != "sha256"} for row in lines]
    (run / "metrics.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))


def test_a_run_of_format_1_is_still_read_and_resumed(run: Path) -> None:
    whole = echoic.load(run)
    scores, metrics = whole.evaluate().scores, whole.metrics()
    as_format_1(run)
    old = echoic.load(run)
    assert (old.config["format"], old.evaluate().scores, old.metrics()) == (1, scores, metrics)
    (newest, _) = sorted((run / "checkpoints").iterdir(), reverse=True)
    newest.unlink()
    old.resume()
    assert (echoic.load(run).evaluate().scores, echoic.load(run).metrics()) == (scores, metrics)


def test_one_changed_digit_of_the_statistics_is_an_error_and_not_another_forecast(run: Path) -> None:
    path = run / "codec.json"
    path.write_text(re.sub(r'("center": \[\s*\[\s*-?\d+\.)(\d)', lambda m: m[1] + str(9 - int(m[2])), path.read_text()))
    with pytest.raises(RunError, match=r"codec.json is damaged \(its checksum does not match\); restore the file"):
        echoic.load(run).predict()


@pytest.mark.parametrize("scale", ["NaN", "Infinity", "0", "-1", "null", '"1"', "[]", "1e999"])
def test_a_scale_that_is_no_positive_number_is_refused_in_format_1_too(run: Path, scale: str) -> None:
    as_format_1(run)
    codec = json.loads((run / "codec.json").read_text())
    codec["values"]["scale"] = "SCALE"
    (run / "codec.json").write_text(json.dumps(codec).replace('"SCALE"', scale))
    with pytest.raises(RunError, match=r"codec.json (does not hold what this run needs|cannot be read)"):
        echoic.load(run).predict()


def test_a_fold_that_is_not_numbered_is_left_out(run: Path) -> None:
    shutil.copytree(run, run / "folds" / "abc")
    assert echoic.load(run).fold_runs() == []


def test_a_million_units_that_the_weights_do_not_have_are_refused_before_memory_is_taken(run: Path) -> None:
    config = read_json(run / "config.json")
    config["settings"]["stack"]["layers"] = [10**6]
    write_json(run / "config.json", {key: value for key, value in config.items() if key != "sha256"})
    with pytest.raises(RunError, match=r"model.safetensors does not hold .* the weights are not those of the network"):
        echoic.load(run).predict()


def test_resuming_on_a_device_that_is_not_there_is_an_error(run: Path) -> None:
    config = read_json(run / "config.json")
    config["settings"]["train"]["device"] = "cuda:99"
    write_json(run / "config.json", {key: value for key, value in config.items() if key != "sha256"})
    with pytest.raises(ConfigError, match="'cuda:99' is not available here; try cpu"):
        echoic.load(run).resume()


@pytest.mark.slow
def test_flipped_bits_anywhere_in_a_run_change_nothing_in_silence(tmp_path: Path) -> None:
    for run in train_runs(tmp_path):
        flips = Flips(run, seed=0)
        flips.flip(2 * len(flips.files()))
        assert flips.failures == []
        assert flips.outcomes["refused"] > len(flips.files()) / 2
