"""What every job promises: it learns, it never peeks, and its seed decides."""

import json
from typing import Any

import numpy as np
import pytest
import torch

from echoic.jobs import JOBS
from echoic.jobs.session import Run, prepare, train

HUGE = 1e6
STEPS = 400
PARTS = (240, 80, 80)


def sine(steps: int = STEPS) -> np.ndarray:
    return np.sin(np.arange(steps) / 4).astype(np.float32)


TINY: dict[str, dict[str, Any]] = {
    "forecast": {"split": PARTS, "lookback": 24, "horizon": 4, "layers": (8,), "epochs": 2, "threads": 1},
}
"""Settings of a small quick run of each job on `sine()`."""

LEARNS: dict[str, dict[str, dict[str, Any]]] = {
    "forecast": {
        "step": {"lookahead": "step", "epochs": 60, "batch_size": 32},
        "direct": {"lookahead": "direct", "epochs": 60},
        "segments": {"lookahead": "segments", "segment": 4, "layers": (16,), "epochs": 60, "lr": 5e-3, "dropout": 0.0},
    },
}
"""The ways of learning of each job, and what they need beside `TINY`."""

WAYS = [(job, way) for job, ways in LEARNS.items() for way in ways]


def test_every_job_has_its_cases():
    assert TINY.keys() == LEARNS.keys() == JOBS.keys()


def learned(run: Run) -> dict[str, torch.Tensor]:
    return run.folder.read_model()[0]


def same_bits(one: dict[str, torch.Tensor], other: dict[str, torch.Tensor]) -> bool:
    return one.keys() == other.keys() and all(torch.equal(one[name], other[name]) for name in one)


@pytest.mark.parametrize(("job", "way"), WAYS)
def test_a_tiny_set_is_learned(tmp_path, job, way):
    run = train(job, sine(), out=tmp_path / "run", config=TINY[job] | LEARNS[job][way])
    evaluation = run.evaluate()
    assert evaluation.scores["mse"] < 0.05 * evaluation.naive["persistence"]["mse"]


def planted(values: np.ndarray, first: int, what: float = HUGE) -> np.ndarray:
    changed = values.copy()
    changed[first:] = what + 7 * np.arange(len(values) - first) % 11
    return changed


@pytest.mark.parametrize(
    ("job", "open_choices"),
    [*((job, {"lookahead": way}) for job, way in WAYS), *((job, {"lookback": None}) for job in JOBS)],
)
def test_what_is_only_in_test_moves_no_setting_no_statistic_and_no_weight(tmp_path, job, open_choices):
    wanted = TINY[job] | open_choices
    clean, leaky = (
        train(job, values, out=tmp_path / name, config=wanted)
        for name, values in (("clean", sine()), ("leaky", planted(sine(), sum(PARTS[:2]))))
    )
    assert clean.config["settings"] == leaky.config["settings"]
    assert clean.folder.read_codec() == leaky.folder.read_codec()
    assert clean.folder.read_calibration() == leaky.folder.read_calibration()
    assert same_bits(learned(clean), learned(leaky))


@pytest.mark.parametrize("what", [HUGE, np.nan], ids=["huge", "missing"])
@pytest.mark.parametrize(("job", "way"), WAYS)
def test_what_is_only_in_dev_and_test_moves_no_setting_and_no_statistic(job, way, what):
    wanted = TINY[job] | {"lookahead": way, "lookback": None}
    clean, leaky = (prepare(job, values, wanted, {}) for values in (sine(), planted(sine(), PARTS[0], what)))
    assert clean.settings == leaky.settings
    assert json.dumps(clean.codec_json()) == json.dumps(leaky.codec_json())
    for one, other in zip(clean.train_batches().epoch(0, 0), leaky.train_batches().epoch(0, 0), strict=True):
        assert torch.equal(one.inputs, other.inputs)
        assert torch.equal(one.targets, other.targets)


@pytest.mark.parametrize("job", JOBS)
def test_a_leak_would_be_caught(tmp_path, job):
    runs = [
        train(job, values, out=tmp_path / name, config=TINY[job])
        for name, values in (("clean", sine()), ("leaky", planted(sine(), PARTS[0] - 40)))
    ]
    assert runs[0].folder.read_codec() != runs[1].folder.read_codec()
    assert not same_bits(*map(learned, runs))


@pytest.mark.parametrize("job", JOBS)
def test_the_seed_decides_the_weights(tmp_path, job):
    runs = [
        train(job, sine(), out=tmp_path / str(number), config=TINY[job] | {"dropout": 0.2}, seed=seed)
        for number, seed in enumerate((3, 3, 4))
    ]
    assert same_bits(learned(runs[0]), learned(runs[1]))
    assert not same_bits(learned(runs[0]), learned(runs[2]))


@pytest.mark.parametrize("job", JOBS)
def test_the_random_numbers_of_the_caller_are_left_alone(tmp_path, job):
    torch.manual_seed(11)
    before, threads = torch.get_rng_state(), torch.get_num_threads()
    run = train(job, sine(), out=tmp_path / "run", config=TINY[job] | {"input_noise": 0.1})
    run.evaluate()
    run.predict()
    run.generate(3, temperature=1.0)
    assert torch.equal(torch.get_rng_state(), before)
    assert torch.get_num_threads() == threads


@pytest.mark.parametrize("job", JOBS)
def test_scores_stand_beside_naive_rows(tmp_path, job):
    evaluation = train(job, sine(), out=tmp_path / "run", config=TINY[job]).evaluate()
    assert evaluation.naive
    for row in evaluation.naive.values():
        assert row.keys() & evaluation.scores.keys()
