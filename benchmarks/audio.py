"""One voice (24.6 minutes of speech): bits a sample, and whether what the network makes by itself stays like speech.

Each variant is trained for the same time, but for the origin's networks, which are done sooner. Its streams begin in
silence and run on by themselves; they are compared with the test part, in units of what real speech differs from real
speech by. Runs and figures are kept in `--runs`, and are not made anew when they are there.
"""

import json
import math
import statistics
import time
from pathlib import Path
from typing import Any

import numpy as np

import echoic
from common import arguments, publish, spread, table
from echoic.api.run import Run
from echoic.cli.allocator import keep_freed_memory
from echoic.drift.report import Reference, measure_streams
from echoic.jobs.audio.task import scored_batches
from echoic.training import total_loss

O1: dict[str, Any] = {
    "model": "frames", "cell": "lstm", "layers": (600, 600, 600), "batch_size": 8, "lr": 1e-3, "ema_decay": 0.0,
    "minutes": 3.0,
}  # fmt: skip
"""The origin's network. Three minutes on one core are 18 epochs of frames of 16,000, whose dev error rises from the
sixth on, and 3 of frames of 200, whose dev error still falls slowly."""

ONE_TIER = "one tier (a frame is a sample)"
"""Sample by sample, a second of its sound takes 13 s of work, so none is made: it has bits only."""

DROPOUT: dict[str, Any] = {"dropout": 0.1, "input_dropout": 0.1}
"""The default when the ablation was made; it found that there had better be none."""

FROM_DROPOUT: dict[str, dict[str, Any]] = {
    "no noise in the history": {"history_noise": 0.0},
    "no gain": {"max_gain_db": 0.0},
    "scheduled sampling 0.1": {"scheduled_sampling": 0.1},
    "back through 64 frames": {"tbptt_steps": 64, "batch_size": 16},
    "state carried over 256 frames": {"state_reset_steps": 256},
    "learned initial state": {"learn_initial_state": True},
    "a layer of 192": {"layers": 192},
    ONE_TIER: {"frame_samples": 1, "history_samples": 1, "layers": 256, "tbptt_steps": 512},
}
"""Settings that differ from those with dropout."""

VARIANTS: dict[str, dict[str, Any]] = {
    "echoic": {},
    "dropout": DROPOUT,
    **{name: DROPOUT | settings for name, settings in FROM_DROPOUT.items()},
    "O1, frames of 200": O1 | {"frame_samples": 200, "tbptt_steps": 80},
    "O1, frames of 16,000": O1 | {"frame_samples": 16_000, "tbptt_steps": 10},
}
"""Settings that differ from the job's own."""

DRAWN: dict[str, dict[str, float]] = {
    "temperature 0.97": {"temperature": 0.97},
    "temperature 1.03": {"temperature": 1.03},
    "floor 0.002": {"prob_floor": 0.002},
    "loudness at temperature 1": {"loudness_temperature": 1.0},
}
"""Rows of the networks with dropout whose sound is drawn in another way."""

ROWS = [*VARIANTS, *DRAWN]


def trained(options: Any, name: str, seed: int) -> Run:
    """The run of a variant, made if it is not there."""
    if name in DRAWN:
        name = "dropout"
    folder: Path = options.runs / f"{name.replace(' ', '-')}-{options.rate_hz}-{options.minutes:g}-{seed}"
    if (folder / "model.safetensors").exists():
        return echoic.load(folder)
    sounds = options.data / "speech_allison_16k" / "audio"
    wanted = {"rate_hz": options.rate_hz, "minutes": options.minutes, "seed": seed, "threads": options.threads}
    return echoic.train("audio", sounds, out=folder, **wanted | VARIANTS[name])


def figures(options: Any, name: str, seed: int) -> dict[str, Any]:
    """Everything that is told of a run."""
    asked = f"{options.rate_hz}-{options.minutes:g}-{options.streams}x{options.seconds}s-{seed}"
    kept: Path = options.runs / f"{name.replace(' ', '-')}-{asked}.json"
    if kept.exists():
        found: dict[str, Any] = json.loads(kept.read_text())
        return found
    run = trained(options, name, seed)
    found = bits_of(run) if name == ONE_TIER else drift_of(options, run, DRAWN.get(name, {}))
    found |= {
        "weights": sum(weights.numel() for weights in run.model.parameters()),
        "epochs": run.result()["epochs"],
        "minutes": run.config["settings"]["train"]["minutes"],
    }
    kept.write_text(json.dumps(found))
    return found


def bits_of(run: Run) -> dict[str, Any]:
    """Bits a sample of the test part."""
    task = run.fitted.task
    nats, samples = total_loss(run.model, scored_batches(task.frames["test"]))
    return {"scores": {"bits_per_sample": nats / samples / math.log(2)}}


def drift_of(options: Any, run: Run, drawn: dict[str, float]) -> dict[str, Any]:
    """All scores, how sound drifts that is made in the way `drawn`, and how fast it is made."""
    task = run.fitted.task
    evaluation = run.evaluate()
    started_at = time.monotonic()
    made = run.generate(f"{options.seconds}s", streams=options.streams, **drawn).samples
    took = time.monotonic() - started_at
    started_at = time.monotonic()
    run.generate("5s", **drawn)
    alone = 5 / (time.monotonic() - started_at)
    reference = Reference(np.concatenate(task.sounds("test")), task.splits["train"])
    report = measure_streams(iter(made), len(made), task.rate_hz, reference)
    return {
        "scores": evaluation.scores | report.scores,
        "baselines": evaluation.baselines,
        "controls": {control: drift.scores for control, drift in report.controls.items()},
        "real_time": options.seconds * options.streams / took,
        "real_time_alone": alone,
    }


def row(name: str, runs: list[dict[str, Any]]) -> list[str]:
    """A variant's row: bits, survival, distances, slope, copies, size, minutes of training, speed of one stream."""
    scores = [one["scores"] for one in runs]
    slopes = [f"{one['slope_low']:.2f} to {one['slope_high']:.2f}" for one in scores if "slope" in one]
    memorized = [one["memorized"] for one in scores if "memorized" in one]
    return [
        name,
        spread_of(scores, "bits_per_sample", 3),
        spread_of(scores, "survival", 2),
        spread_of(scores, "frechet_ratio", 2),
        spread_of(scores, "spectral_ratio", 2),
        ", ".join(slopes),
        f"{statistics.fmean(memorized):.2f}" if memorized else "",
        f"{runs[0]['weights'] / 1e6:.2f} M",
        f"{runs[0]['minutes']:g}",
        spread_of(runs, "real_time_alone", 2),
    ]


def spread_of(found: list[dict[str, Any]], name: str, digits: int) -> str:
    """Mean and spread of a figure; empty where it was not measured."""
    return spread([one[name] for one in found], digits) if name in found[0] else ""


def beside(first: dict[str, Any]) -> list[list[str]]:
    """Baselines of bits, and sound that has collapsed for certain."""
    rows = [
        [name, f"{scores['bits_per_sample']:.3f}", *[""] * 8]
        for name, scores in first["baselines"].items()
        if "bits_per_sample" in scores
    ]
    for name, scores in first["controls"].items():
        told = (f"{scores[measure]:.2f}" for measure in ("survival", "frechet_ratio", "spectral_ratio"))
        rows.append([name, "", *told, *[""] * 5])
    return rows


def main() -> None:
    """Variant after variant, seed after seed."""
    keep_freed_memory()
    parser = arguments(__doc__ or "")
    parser.add_argument("--runs", type=Path, required=True, help="folder for runs and figures")
    parser.add_argument("--variants", default="echoic", help="of " + "; ".join(ROWS) + "; or all")
    parser.add_argument("--minutes", type=float, default=60.0, help="of training, each")
    parser.add_argument("--rate-hz", type=int, default=16_000)
    parser.add_argument("--seconds", type=int, default=500, help="of each stream")
    parser.add_argument("--streams", type=int, default=32)
    options = parser.parse_args()
    options.runs.mkdir(parents=True, exist_ok=True)
    names = ROWS if options.variants == "all" else options.variants.split(";")
    runs = {name: [figures(options, name, seed) for seed in range(options.seeds)] for name in names}
    headers = [
        "", "bits a sample", "survival", "Frechet", "log-spectral", "slopes", "memorized", "weights", "minutes",
        "real time, one stream",
    ]  # fmt: skip
    body = table(headers, [*(row(name, found) for name, found in runs.items()), *beside(next(iter(runs.values()))[0])])
    title = (
        f"One voice at {options.rate_hz / 1000:g} kHz: {options.streams} streams of {options.seconds} s, "
        f"{options.seeds} seeds"
    )
    publish(f"audio-{options.minutes:g}-{options.rate_hz}", title, body, write=options.write)


if __name__ == "__main__":
    main()
