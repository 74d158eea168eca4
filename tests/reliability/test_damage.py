"""A run folder that was damaged says so, and training goes on from what is whole."""

import json
import random
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

import echoic
from echoic.errors import RunError
from echoic.run.folder import CONFIG_KEYS

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
    path.write_text(path.read_text().replace('"format": 1', '"format": 999'))
    with pytest.raises(RunError, match="has run format 999; this version of echoic reads 1"):
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
