"""Run folders that someone, or another program, wrote with right digests and wrong contents."""

import copy
import random
import re
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

import echoic
from bit_flips import readings, train_runs
from echoic.errors import RunError
from echoic.run.sealed import read_json, write_json
from forged_runs import try_forgery
from forgeries import MISSING, forgeries, places
from small_jobs import SMALL_JOBS, write_data

WRONG: tuple[Any, ...] = (MISSING, None, -1, 10**9, 10**30, 1e308, "x", [], {}, [[]], True)
TRIED = 30
"""Changes of each file; all of them take minutes."""


@pytest.fixture(scope="module")
def runs(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    return train_runs(tmp_path_factory.mktemp("forged"))


def changed(value: Any, place: tuple[Any, ...], new: Any) -> Any:
    """A copy with another value at a place."""
    whole = copy.deepcopy(value)
    at = whole
    for key in place[:-1]:
        at = at[key]
    if new is MISSING:
        del at[place[-1]]
    else:
        at[place[-1]] = new
    return whole


@pytest.mark.parametrize("job", range(3), ids=["forecast", "classify", "text"])
@pytest.mark.parametrize("name", ["codec.json", "calibration.json"])
def test_wrong_contents_with_a_right_digest_are_one_sentence_that_names_the_file(
    runs: list[Path], job: int, name: str
) -> None:
    path = runs[job] / name
    whole = path.read_bytes()
    content = {key: value for key, value in read_json(path).items() if key != "sha256"}
    tries = [(place, new) for place in places(content) for new in WRONG]
    said = list[str]()
    for place, new in random.Random(0).sample(tries, min(TRIED, len(tries))):  # noqa: S311
        write_json(path, changed(content, place, new))
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                readings(runs[job])
        except RunError as error:
            said.append(str(error))
        finally:
            path.write_bytes(whole)
    sentence = re.compile(rf"[^\n]*({re.escape(name)}|model\.safetensors)[^\n]*; restore the file, or train again\.")
    assert [one for one in said if not sentence.fullmatch(one)] == []
    assert len(said) > TRIED / 2


def test_an_impossible_setting_is_a_sentence_that_names_the_file(runs: list[Path]) -> None:
    path = runs[0] / "config.json"
    whole = path.read_bytes()
    config = {key: value for key, value in read_json(path).items() if key != "sha256"}
    write_json(path, changed(config, ("settings", "window", "lookback"), -1))
    with pytest.raises(RunError, match=r"config\.json: `.*lookback` must be"):
        echoic.load(runs[0])
    path.write_bytes(whole)


@pytest.mark.parametrize("season", [[], None, MISSING])
@pytest.mark.parametrize("baseline", ["seasonal", "growth"])
def test_a_seasonal_baseline_without_a_season_is_a_sentence(runs: list[Path], baseline: str, season: Any) -> None:
    path = runs[0] / "config.json"
    whole = path.read_bytes()
    config = {key: value for key, value in read_json(path).items() if key != "sha256"}
    config = changed(config, ("settings", "scaling", "residual_baseline"), baseline)
    write_json(path, changed(config, ("settings", "scaling", "season"), season))
    try:
        with pytest.raises(RunError, match=r"config\.json: `scaling\.season` must not be empty .*; restore the file"):
            echoic.load(runs[0])
    finally:
        path.write_bytes(whole)


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"shape": [10**9, 10**9]}, "`weights.shape` must be"),
        ({"shape": [-1, 2]}, "`weights.shape` must be"),
        ({"float32": ""}, "`weights.float32` must hold"),
    ],
)
def test_arrays_of_random_convolutions_must_fit_together(runs: list[Path], change: dict[str, Any], reason: str) -> None:
    path = runs[1] / "calibration.json"
    whole = path.read_bytes()
    content = {key: value for key, value in read_json(path).items() if key != "sha256"}
    content["random_convolutions"]["weights"] |= change
    write_json(path, content)
    try:
        with pytest.raises(RunError, match=f"calibration.json does not hold .*{reason}"):
            echoic.load(runs[1]).predict()
    finally:
        path.write_bytes(whole)


@pytest.fixture(scope="module")
def unfinished(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A run on clips, without its last step, in the folder of its data."""
    folder = tmp_path_factory.mktemp("unfinished")
    write_data(folder)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        SMALL_JOBS["classify"].train(folder, folder / "run")
    max((folder / "run" / "checkpoints").iterdir()).unlink()
    return folder / "run"


@pytest.mark.parametrize(
    ("file", "what"),
    [
        ("config.json", "settings.stack.layers.0 = 1000000000"),
        ("config.json", "settings.train.optimizer = 'xxxxxxxxxxxxxxxxxxxxxxxxxxxxx"),
        ("config.json", r"data.path = '\x1b[31m\n'"),
        ("baselines.json", "simple.frequencies = -1"),
        ("baselines.json", "clips.classes = 0.5"),
        ("metrics.jsonl", "step = nan"),
        ("model.safetensors", "head.linear.weight is NaN"),
        ("checkpoints", "state.epoch = ''"),
        ("checkpoints", "state.step = nested"),
        ("checkpoints", "phase.name = 'x'"),
        ("checkpoints", "model.head.linear.weight is longer"),
        ("checkpoints", "optimizer.0.exp_avg is empty"),
        ("checkpoints", "random is empty"),
    ],
)
def test_every_verb_refuses_a_forgery_in_one_sentence_or_is_not_harmed(
    unfinished: Path, tmp_path: Path, file: str, what: str
) -> None:
    (forgery, *_) = [one for one in forgeries(unfinished) if one.name.startswith(file) and one.what == what]
    data = SMALL_JOBS["classify"].input(unfinished.parent)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try_forgery(forgery, unfinished, tmp_path / "work", "classify", data)  # raises what is no sentence
    assert (tmp_path / "work" / "victim" / "file").read_text() == "keep"


@pytest.mark.slow
def test_forgeries_of_runs_of_every_job_neither_end_nor_hang_nor_fill_a_process(
    survivors: Callable[[str, int], tuple[dict[str, int], list[str]]],
) -> None:
    counts, failures = survivors("forged", 1)
    assert failures == []
    assert set(counts.values()) == {1}
