"""What every job promises: it learns, it never peeks, and its seed decides."""

import json
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pytest
import torch
from job_data import SIZES, beeps, driven, hum, lines, phrases, signals, sine, tunes

from echoic.api.prepare import prepare
from echoic.api.run import Run
from echoic.api.train import train
from echoic.errors import ConfigError
from echoic.jobs import JOBS
from echoic.jobs.capabilities import Generates


class Case(NamedTuple):
    """Data, settings of a small quick run, the ways of learning and what they need beside, and what they reach."""

    data: Callable[..., Any]
    tiny: dict[str, Any]
    ways: dict[str, dict[str, Any]]
    score: str
    rival: str
    share: float


CASES: dict[str, Any] = {
    "forecast": Case(
        sine,
        {"split": SIZES, "lookback": 24, "horizon": 4, "layers": (8,), "epochs": 2, "threads": 1},
        {
            "step": {"strategy": "recursive", "epochs": 20, "batch_size": 32},
            "direct": {"strategy": "direct", "epochs": 20},
            "segments": {"strategy": "segments", "segment_steps": 4, "layers": (16,), "epochs": 30, "lr": 5e-3},
        },
        "mse",
        "persistence",
        0.05,
    ),
    "music": Case(
        tunes,
        {
            "layers": (8,),
            "dropout": 0,
            "input_dropout": 0,
            "epochs": 2,
            "threads": 1,
        },
        {
            "joint": {
                "head": "joint",
                "chord_hidden_size": 16,
                "head_dropout": 0,
                "layers": (32,),
                "epochs": 150,
                "lr": 2e-2,
            },
            "bernoulli": {"head": "bernoulli", "layers": (32,), "epochs": 600, "lr": 3e-2, "patience": 600},
            "line": {"head": "categorical", "layers": (16,), "epochs": 200, "lr": 2e-2},
            "twelve keys": {"head": "categorical", "transpose": "all", "layers": (32,), "epochs": 60, "lr": 2e-2},
        },
        "nll_per_step",
        "markov",
        0.3,
    ),
    "text": Case(
        lines,
        {"split": (0.6, 0.2, 0.2), "layers": (8,), "epochs": 2, "threads": 1, "batch_size": 4, "tbptt_steps": 10},
        {
            "characters": {"layers": (16,), "epochs": 20, "lr": 2e-2},
            "bytes": {"tokenizer": "bytes", "layers": (16,), "epochs": 60, "lr": 2e-2},
            "tie_embeddings": {"tie_embeddings": True, "layers": (16,), "embedding_dim": 16, "epochs": 20, "lr": 2e-2},
        },
        "nats_per_char",
        "unigram",
        0.05,
    ),
    "audio": Case(
        hum,
        {
            "split": (0.6, 0.2, 0.2),
            "frame_samples": 5,
            "layers": (8,),
            "fast_hidden_size": 16,
            "conditioning_size": 4,
            "batch_size": 4,
            "tbptt_steps": 16,
            "history_noise": 0.0,
            "max_gain_db": 0.0,
            "ema_decay": 0.0,
            "epochs": 2,
            "threads": 1,
        },
        {
            "samples": {"layers": (16,), "epochs": 30, "lr": 1e-2, "trained_frame_fraction": 1.0},
            "against drift": {"layers": (16,), "epochs": 60, "lr": 1e-2, "history_noise": 0.5, "max_gain_db": 0.5},
        },
        "bits_per_sample",
        "histogram",
        0.5,
    ),
    "classify": Case(
        beeps,
        {"n_mels": 8, "layers": (8,), "batch_size": 4, "epochs": 2, "threads": 1, "dropout": 0.0},
        {
            "last": {"pooling": "last", "epochs": 20, "lr": 1e-2},
            "mean": {
                "pooling": "mean",
                "epochs": 20,
                "lr": 1e-2,
                "noise_std": 0.1,
                "max_gain_db": 3,
                "class_weight": "balanced",
            },
            "attention": {"pooling": "attention", "epochs": 20, "lr": 1e-2, "n_time_masks": 1, "n_freq_masks": 1},
            "both ways": {"bidirectional": True, "cell": "lstm", "epochs": 20, "lr": 1e-2, "max_shift_steps": 5},
            "convolutions": {"conv_channels": (4, 4), "conv_stride": 2, "epochs": 20, "lr": 1e-2, "pooling": "last"},
        },
        "nats_per_clip",
        "majority",
        0.2,
    ),
    "detect": Case(
        signals,
        {"n_mels": 8, "hop_ms": 10, "conv_channels": (4,), "layers": (8,), "excerpt_s": 0.5, "epochs": 2, "threads": 1},
        {
            "one way": {"epochs": 40, "lr": 1e-2, "delay_ms": 20, "layers": (16,)},
            "both ways": {"epochs": 25, "lr": 1e-2, "bidirectional": True, "conv_stride": 2, "layers": (16,)},
            "no convolutions": {"epochs": 60, "lr": 1e-2, "conv_channels": (), "bidirectional": True, "noise_std": 0.1},
        },
        "frame_error_rate",
        "energy_threshold",
        0.3,
    ),
    "map": Case(
        driven,
        {"targets": ("y",), "split": (0.6, 0.2, 0.2), "layers": (8,), "batch_size": 8, "epochs": 2, "threads": 1},
        {
            "excerpts": {"epochs": 4, "lr": 2e-2},
            "chunks": {"batching": "chunks", "epochs": 75, "lr": 2e-2},
            "error-to-signal ratio": {"loss": "esr", "preemphasis": 0.5, "epochs": 4, "lr": 2e-2},
            "gaussian": {"head": "gaussian", "epochs": 4, "lr": 2e-2},
        },
        "rmse",
        "fir",
        0.6,
    ),
    "transcribe": Case(
        phrases,
        {
            "n_mels": 8,
            "conv_channels": (4,),
            "conv_stride": 2,
            "layers": (8,),
            "dropout": 0.0,
            "batch_size": 4,
            "epochs": 2,
            "threads": 1,
        },
        {
            "one way": {"layers": (24,), "epochs": 30, "lr": 1e-2},
            "both ways": {"layers": (16,), "epochs": 80, "lr": 1e-2, "bidirectional": True, "decoder": "greedy"},
        },
        "character_error_rate",
        "most_frequent_text",
        0.3,
    ),
}

WAYS = [(job, way) for job, case in CASES.items() for way in case.ways]


@pytest.mark.parametrize("job", JOBS)
def test_every_job_has_its_case(job: str) -> None:
    assert job in CASES, (
        f"The job {job!r} is new: add it to CASES in {__file__}, with data from tests/helpers/job_data.py whose values "
        "change from a given split on."
    )


@pytest.mark.parametrize("job", CASES)
def test_predictions_are_fed_back_only_where_they_are_the_next_inputs(tmp_path: Path, job: str) -> None:
    first_way = next(iter(CASES[job].ways.values()))
    data, settings = CASES[job].data(tmp_path), CASES[job].tiny | first_way
    task = prepare(job, data, **settings).task
    if not task.supports_scheduled_sampling:
        with pytest.raises(ConfigError, match="requires a network whose input is its own last output"):
            prepare(job, data, **settings, scheduled_sampling=0.5)
        return
    batch = next(iter(task.train_batches().epoch(0, 0)))
    fed = [
        task.build_model().scheduled_sampling(batch, fraction, None, torch.Generator().manual_seed(0))
        for fraction in (0.0, 0.5, 1.0)
    ]
    changed = [float((again.inputs != batch.inputs).float().mean()) for again in fed]
    assert changed[0] == 0 < changed[1] < changed[2]


def test_a_forecast_of_the_whole_horizon_feeds_nothing_back() -> None:
    with pytest.raises(ConfigError, match="requires a network whose input is its own last output"):
        prepare("forecast", sine(Path()), strategy="direct", horizon=8, lookback=8, scheduled_sampling=0.5)


@pytest.mark.parametrize("job", CASES)
def test_a_gru_has_no_forget_bias(tmp_path: Path, job: str) -> None:
    with pytest.raises(ConfigError, match="requires a cell with a forget gate; GRU has none"):
        prepare(job, CASES[job].data(tmp_path), **(CASES[job].tiny | {"cell": "gru", "forget_bias": 2.0}))


def settings_of(job: str, way: str | None = None) -> dict[str, Any]:
    settings: dict[str, Any] = CASES[job].tiny | (CASES[job].ways[way] if way else {})
    return settings


def learned(run: Run) -> dict[str, torch.Tensor]:
    return run.folder.read_model()[0]


def same_bits(one: dict[str, torch.Tensor], other: dict[str, torch.Tensor]) -> bool:
    return one.keys() == other.keys() and all(torch.equal(one[name], other[name]) for name in one)


def assert_documented(run: Run) -> None:
    """The specification of the run folder names every key of the job's own files."""
    page = (Path(__file__).parents[2] / "docs" / "internals" / "run-format.md").read_text("utf-8")
    for name in ("codec.json", "calibration.json"):
        path = run.path / name
        keys = json.loads(path.read_text("utf-8")) if path.exists() else ()
        missing = [key for key in keys if f"`{key}`" not in page]
        assert not missing, f"docs/internals/run-format.md must describe these keys of {name}: {missing}"


@pytest.fixture(scope="module")
def plain(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], Run]:
    """A small run of a job, trained once."""

    @cache
    def run(job: str) -> Run:
        folder = tmp_path_factory.mktemp("plain")
        return train(job, CASES[job].data(folder), out=folder / "run", config=settings_of(job))

    return run


@pytest.mark.slow
@pytest.mark.parametrize(("job", "way"), WAYS)
def test_a_tiny_set_is_learned(tmp_path: Path, job: str, way: str) -> None:
    case = CASES[job]
    run = train(job, case.data(tmp_path), out=tmp_path / "run", config=settings_of(job, way))
    evaluation = run.evaluate()
    score = case.score.replace("char", "byte") if way == "bytes" else case.score
    assert evaluation.scores[score] < case.share * evaluation.baselines[case.rival][score]
    assert_documented(run)


@pytest.mark.parametrize(("job", "way"), WAYS)
def test_test_data_change_no_setting_no_statistic_and_no_weight(tmp_path: Path, job: str, way: str) -> None:
    wanted = settings_of(job, way) | {"epochs": 2}
    clean, leaky = (
        train(job, CASES[job].data(tmp_path, changed), out=tmp_path / str(changed), config=wanted)
        for changed in (None, "test")
    )
    assert clean.config["settings"] == leaky.config["settings"]
    assert clean.folder.read_codec() == leaky.folder.read_codec()
    assert clean.folder.read_calibration() == leaky.folder.read_calibration()
    assert same_bits(learned(clean), learned(leaky))


@pytest.mark.parametrize(("job", "way"), WAYS)
def test_dev_data_change_no_setting_and_no_statistic(tmp_path: Path, job: str, way: str) -> None:
    wanted = settings_of(job, way) | ({"lookback": None} if job == "forecast" else {})
    clean, leaky = (prepare(job, CASES[job].data(tmp_path, changed), config=wanted).task for changed in (None, "dev"))
    assert clean.settings == leaky.settings
    assert json.dumps(clean.codec_state()) == json.dumps(leaky.codec_state())
    for one, other in zip(clean.train_batches().epoch(0, 0), leaky.train_batches().epoch(0, 0), strict=True):
        assert torch.equal(one.inputs, other.inputs)
        assert torch.equal(one.targets, other.targets)


def test_missing_values_in_dev_move_no_setting_and_no_statistic(tmp_path: Path) -> None:
    holed = sine(tmp_path)
    holed[SIZES[0] :] = np.nan
    for way in CASES["forecast"].ways:
        wanted = settings_of("forecast", way) | {"lookback": None}
        clean, leaky = (prepare("forecast", values, config=wanted).task for values in (sine(tmp_path), holed))
        assert clean.settings == leaky.settings
        assert json.dumps(clean.codec_state()) == json.dumps(leaky.codec_state())


@pytest.mark.parametrize("job", CASES)
def test_a_leak_would_be_caught(tmp_path: Path, plain: Callable[[str], Run], job: str) -> None:
    leaky = train(job, CASES[job].data(tmp_path, "train"), out=tmp_path / "leaky", config=settings_of(job))
    assert not same_bits(learned(plain(job)), learned(leaky))


@pytest.mark.parametrize("job", CASES)
def test_the_seed_decides_the_weights(tmp_path: Path, job: str) -> None:
    runs = [
        train(
            job, CASES[job].data(tmp_path), out=tmp_path / str(number), config=settings_of(job), dropout=0.2, seed=seed
        )
        for number, seed in enumerate((3, 3, 4))
    ]
    assert same_bits(learned(runs[0]), learned(runs[1]))
    assert not same_bits(learned(runs[0]), learned(runs[2]))


@pytest.mark.parametrize("job", CASES)
def test_the_random_numbers_of_the_caller_are_left_alone(tmp_path: Path, job: str) -> None:
    torch.manual_seed(11)
    before, threads = torch.get_rng_state(), torch.get_num_threads()
    run = train(job, CASES[job].data(tmp_path), out=tmp_path / "run", config=settings_of(job), input_dropout=0.1)
    run.evaluate()
    if isinstance(run.job, Generates):
        run.generate(3, temperature=1.0)
    assert torch.equal(torch.get_rng_state(), before)
    assert torch.get_num_threads() == threads


@pytest.mark.parametrize("job", CASES)
def test_scores_are_reported_next_to_baselines(plain: Callable[[str], Run], job: str) -> None:
    evaluation = plain(job).evaluate()
    assert evaluation.baselines
    for row in evaluation.baselines.values():
        assert row.keys() & evaluation.scores.keys()
    assert evaluation.description
    json.dumps(evaluation.details)
