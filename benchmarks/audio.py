"""One voice (24.6 minutes of speech): bits per sample, and how far generated sound drifts away from speech.

All variants are trained for the same time, except the original networks, which need less. Generated streams start from
silence without a prime. They are compared with the test split; distances are relative to those between two sets of real
speech. Runs and their scores are kept in `--runs` and reused when they exist.
"""

import json
import math
import statistics
import time
from argparse import Namespace
from pathlib import Path
from typing import Any

import numpy as np

import echoic
from common import arguments, parse, publish, spread, table
from echoic.api.run import Run
from echoic.cli.allocator import keep_freed_memory
from echoic.drift.report import Reference, measure_streams
from echoic.jobs.audio.task import eval_batches
from echoic.training import total_loss

O1: dict[str, Any] = {
    "model": "frames", "cell": "lstm", "layers": (600, 600, 600), "batch_size": 8, "lr": 1e-3, "ema_decay": 0.0,
    "minutes": 3.0,
}  # fmt: skip
"""The original network. Three minutes on one core are 18 epochs with frames of 16,000 samples, with a dev error that
rises from the sixth epoch on, and 3 epochs with frames of 200, with a dev error that still falls slowly."""

ONE_TIER = "one tier (a frame is a sample)"
"""Generating one second of sound takes it 13 s, so only its bits per sample are measured."""

DROPOUT: dict[str, Any] = {"dropout": 0.1, "input_dropout": 0.1}
"""The default at the time of the ablation, which showed that training without dropout is better."""

ABLATIONS: dict[str, dict[str, Any]] = {
    "no noise in the history": {"history_noise": 0.0},
    "no gain": {"max_gain_db": 0.0},
    "scheduled sampling 0.1": {"scheduled_sampling": 0.1},
    "back through 64 frames": {"tbptt_steps": 64, "batch_size": 16},
    "state carried over 256 frames": {"state_reset_steps": 256},
    "learned initial state": {"learn_initial_state": True},
    "a layer of 192": {"layers": 192},
    ONE_TIER: {"frame_samples": 1, "history_samples": 1, "layers": 256, "tbptt_steps": 512},
}
"""Settings that differ from the variant with dropout."""

VARIANTS: dict[str, dict[str, Any]] = {
    "echoic": {},
    "dropout": DROPOUT,
    **{name: DROPOUT | settings for name, settings in ABLATIONS.items()},
    "O1, frames of 200": O1 | {"frame_samples": 200, "tbptt_steps": 80},
    "O1, frames of 16,000": O1 | {"frame_samples": 16_000, "tbptt_steps": 10},
}
"""Settings that differ from the defaults of the job."""

SAMPLING: dict[str, dict[str, float]] = {
    "temperature 0.97": {"temperature": 0.97},
    "temperature 1.03": {"temperature": 1.03},
    "floor 0.002": {"prob_floor": 0.002},
    "loudness at temperature 1": {"loudness_temperature": 1.0},
}
"""Options of `generate`, for rows that reuse the networks trained with dropout."""

ROWS = [*VARIANTS, *SAMPLING]


def train_or_load(options: Namespace, name: str, seed: int) -> Run:
    """The run of a variant, trained unless its folder exists."""
    if name in SAMPLING:
        name = "dropout"
    folder: Path = options.runs / f"{name.replace(' ', '-')}-{options.rate_hz}-{options.minutes:g}-{seed}"
    if (folder / "model.safetensors").exists():
        return echoic.load(folder)
    sounds = options.data / "speech_allison_16k" / "audio"
    settings = {"rate_hz": options.rate_hz, "minutes": options.minutes, "seed": seed, "threads": options.threads}
    return echoic.train("audio", sounds, out=folder, **settings | VARIANTS[name] | options.overrides)


def results(options: Namespace, name: str, seed: int) -> dict[str, Any]:
    """Scores, size and speed of a run, read from `--runs` if they have been saved."""
    setup = f"{options.rate_hz}-{options.minutes:g}-{options.streams}x{options.seconds}s-{seed}"
    path: Path = options.runs / f"{name.replace(' ', '-')}-{setup}.json"
    if path.exists():
        result: dict[str, Any] = json.loads(path.read_text())
        return result
    run = train_or_load(options, name, seed)
    result = bits(run) if name == ONE_TIER else drift(options, run, SAMPLING.get(name, {}))
    result |= {
        "weights": sum(weights.numel() for weights in run.model.parameters()),
        "epochs": run.result()["epochs"],
        "minutes": run.config["settings"]["train"]["minutes"],
    }
    path.write_text(json.dumps(result))
    return result


def bits(run: Run) -> dict[str, Any]:
    """Bits per sample on the test split."""
    task = run.fitted.task
    nats, samples = total_loss(run.model, eval_batches(task.frames["test"]))
    return {"scores": {"bits_per_sample": nats / samples / math.log(2)}}


def drift(options: Namespace, run: Run, sampling: dict[str, Any]) -> dict[str, Any]:
    """Scores of the network and of sound generated with the options `sampling`, and the speed of generation."""
    task = run.fitted.task
    evaluation = run.evaluate()
    started_at = time.monotonic()
    streams = run.generate(f"{options.seconds}s", streams=options.streams, **sampling).samples
    seconds = time.monotonic() - started_at
    started_at = time.monotonic()
    run.generate("5s", **sampling)
    single = 5 / (time.monotonic() - started_at)
    reference = Reference(np.concatenate(task.sounds("test")), task.splits["train"])
    report = measure_streams(iter(streams), len(streams), task.rate_hz, reference)
    return {
        "scores": evaluation.scores | report.scores,
        "baselines": evaluation.baselines,
        "controls": {control: drift.scores for control, drift in report.controls.items()},
        "real_time": options.seconds * options.streams / seconds,
        "real_time_single": single,
    }


def row(name: str, runs: list[dict[str, Any]]) -> list[str]:
    """The table row of a variant."""
    scores = [run["scores"] for run in runs]
    slopes = [f"{one['slope_low']:.2f} to {one['slope_high']:.2f}" for one in scores if "slope" in one]
    memorized = [one["memorized"] for one in scores if "memorized" in one]
    return [
        name,
        mean_and_spread(scores, "bits_per_sample", 3),
        mean_and_spread(scores, "survival", 2),
        mean_and_spread(scores, "frechet_ratio", 2),
        mean_and_spread(scores, "spectral_ratio", 2),
        ", ".join(slopes),
        f"{statistics.fmean(memorized):.2f}" if memorized else "",
        f"{runs[0]['weights'] / 1e6:.2f} M",
        f"{runs[0]['minutes'] or 0:g}",
        mean_and_spread(runs, "real_time_single", 2),
    ]


def mean_and_spread(runs: list[dict[str, Any]], name: str, digits: int) -> str:
    """Mean and standard deviation of a result; empty if it was not measured."""
    return spread([one[name] for one in runs], digits) if name in runs[0] else ""


def baseline_rows(first: dict[str, Any]) -> list[list[str]]:
    """Baselines of the bits per sample, and the scores of sound that has collapsed."""
    rows = [
        [name, f"{scores['bits_per_sample']:.3f}", *[""] * 8]
        for name, scores in first["baselines"].items()
        if "bits_per_sample" in scores
    ]
    for name, scores in first["controls"].items():
        cells = (f"{scores[measure]:.2f}" for measure in ("survival", "frechet_ratio", "spectral_ratio"))
        rows.append([name, "", *cells, *[""] * 5])
    return rows


def main() -> None:
    """Trains and measures all variants, and prints the table."""
    keep_freed_memory()
    parser = arguments(__doc__ or "")
    parser.add_argument("--runs", type=Path, default=Path("runs/audio"), help="folder for runs and their scores")
    parser.add_argument("--variants", default="echoic", help="separated by semicolons, or all: " + "; ".join(ROWS))
    parser.add_argument("--minutes", type=float, default=60.0, help="training time of each variant")
    parser.add_argument("--rate-hz", type=int, default=16_000, help="sampling rate")
    parser.add_argument("--seconds", type=int, default=500, help="length of each generated stream")
    parser.add_argument("--streams", type=int, default=32, help="number of generated streams")
    options = parse(parser, "speech_allison_16k")
    if options.smoke:
        options.variants = f"O1, frames of 200;{ONE_TIER}"
        options.runs, options.rate_hz, options.seconds, options.streams = options.data / "runs", 2000, 8, 2
        options.overrides["split"] = (0.5, 0.25, 0.25)
    options.runs.mkdir(parents=True, exist_ok=True)
    names = ROWS if options.variants == "all" else options.variants.split(";")
    runs = {name: [results(options, name, seed) for seed in range(options.seeds)] for name in names}
    headers = [
        "", "bits per sample", "survival", "Frechet", "log-spectral", "slopes", "memorized", "weights", "minutes",
        "real time, one stream",
    ]  # fmt: skip
    body = table(
        headers, [*(row(name, results) for name, results in runs.items()), *baseline_rows(next(iter(runs.values()))[0])]
    )
    title = (
        f"One voice at {options.rate_hz / 1000:g} kHz: {options.streams} streams of {options.seconds} s, "
        f"{options.seeds} seeds"
    )
    publish(f"audio-{options.minutes:g}-{options.rate_hz}", title, body, write=options.write)


if __name__ == "__main__":
    main()
