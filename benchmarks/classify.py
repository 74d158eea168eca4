"""Clip classification: spoken digits, environmental sounds and vowels, with their published splits.

The recipes were chosen on dev, a tenth of the training split; the test split is evaluated by these runs only. With
cross-validation, one network is trained per fold, and the result of a seed is the mean over folds.
"""

import csv
import statistics
import tempfile
import time
from argparse import Namespace
from collections.abc import Callable
from pathlib import Path
from typing import Any

import clip_sets
import echoic
from common import arguments, parse, publish, spread, table
from echoic.cli.allocator import keep_freed_memory

DIGITS: dict[str, Any] = {
    "conv_channels": (16, 32), "conv_stride": 2, "layers": (128,), "pooling": "last", "epochs": 25, "noise_std": 0.1,
    "max_gain_db": 6, "n_time_masks": 1, "n_freq_masks": 1, "patience": 99,
}  # fmt: skip
"""Unidirectional, so that it can run live."""

SOUNDS: dict[str, Any] = {
    "hop_ms": 40, "window_ms": 64, "conv_channels": (16, 32), "conv_stride": 2, "layers": (96,), "bidirectional": True,
    "pooling": "attention", "dropout": 0.4, "noise_std": 0.1, "max_gain_db": 6, "n_time_masks": 2,
    "time_mask_param": 15, "n_freq_masks": 2, "epochs": 50, "batch_size": 16, "ema_decay": 0.99, "patience": 99,
}  # fmt: skip

VOWELS: dict[str, Any] = {
    "layers": (256,), "bidirectional": True, "dropout": 0.5, "noise_std": 0.5, "epochs": 120, "patience": 999,
    "conv_channels": (), "batch_size": 32, "lr": 2e-3, "weight_decay": 0.0, "refit": False, "network_weight": 1.0,
}  # fmt: skip

TARGETS = {
    "digits": "98.0 / 99.5 %",
    "digits, speakers left out": "(no target)",
    "sounds": "80 / 88 %; random forest 72.7, people 95.7",
    "vowels": "98 / 99 %",
}
"""Required and targeted accuracy, and published results."""

Scores = dict[str, float]


def digits(data: Path, folder: Path, **settings: Any) -> list[echoic.Run]:
    """Digits with the official split."""
    clips = clip_sets.digits(data, folder)
    return [echoic.train("classify", clips.data, **clips.options | DIGITS | settings)]


def speakers(data: Path, folder: Path, **settings: Any) -> list[echoic.Run]:
    """Digits with one fold per speaker: the network is tested on a speaker that it was not trained on."""
    clips = clip_sets.digits(data, folder)
    with clips.data.open() as file:
        names = sorted({row["speaker"] for row in csv.DictReader(file)})
    recipe = clips.options | DIGITS | {"fold": "speaker", "folds": len(names), "split_column": "none"} | settings
    return [echoic.train("classify", clips.data, test_fold=name, **recipe) for name in names]


def sounds(data: Path, _folder: Path, **settings: Any) -> list[echoic.Run]:
    """ESC-10 with its five folds; dev shares no recording with train."""
    folds = (clip_sets.sounds(data, name) for name in "12345")
    return [echoic.train("classify", fold.data, **fold.options | SOUNDS | settings) for fold in folds]


def vowels(data: Path, _folder: Path, **settings: Any) -> list[echoic.Run]:
    """JapaneseVowels with the split of the archive."""
    name = data / "uea_japanesevowels" / "JapaneseVowels"
    return [echoic.train("classify", f"{name}_TRAIN.ts", test_data=f"{name}_TEST.ts", **VOWELS | settings)]


TASKS: dict[str, Callable[..., list[echoic.Run]]] = {
    "digits": digits, "digits, speakers left out": speakers, "sounds": sounds, "vowels": vowels,
}  # fmt: skip


def mean_of(rows: list[Scores]) -> Scores:
    """The mean of each score."""
    return {name: statistics.fmean(row[name] for row in rows) for name in rows[0]}


def measure(name: str, options: Namespace, seed: int) -> tuple[Scores, dict[str, Scores], float]:
    """Scores and baselines, both as means over folds, and the seconds of training."""
    with tempfile.TemporaryDirectory() as folder:
        started_at = time.monotonic()
        runs = TASKS[name](options.data, Path(folder), seed=seed, threads=options.threads, **options.overrides)
        seconds = time.monotonic() - started_at
        evaluations = [run.evaluate() for run in runs]
    print(name, seed, [round(one.scores["accuracy"], 4) for one in evaluations], f"{seconds:.0f} s", flush=True)
    baselines = {name: mean_of([one.baselines[name] for one in evaluations]) for name in evaluations[0].baselines}
    return mean_of([one.scores for one in evaluations]), baselines, seconds


def percent(values: list[float]) -> str:
    """Mean and standard deviation in percent."""
    return spread([100 * value for value in values], 2)


def main() -> None:
    """Trains and evaluates all tasks, and prints the table."""
    keep_freed_memory()
    parser = arguments(__doc__ or "")
    parser.add_argument("--tasks", default=";".join(TASKS), help="separated by semicolons, of: " + "; ".join(TASKS))
    options = parse(parser, "fsdd", "esc10_16k", "uea_japanesevowels")
    rows = []
    for name in options.tasks.split(";"):
        runs = [measure(name, options, seed) for seed in range(options.seeds)]
        accuracies = [percent([scores[column] for scores, _, _ in runs]) for column in ("accuracy", "macro_f1")]
        nats = spread([scores["nats_per_clip"] for scores, _, _ in runs], 3)
        baselines = " / ".join(f"{100 * scores['accuracy']:.1f}" for scores in runs[0][1].values())
        seconds = f"{statistics.fmean(elapsed for _, _, elapsed in runs):.0f}"
        rows.append([name, *accuracies, nats, baselines, seconds, TARGETS[name]])
    headers = [
        "",
        "accuracy, %",
        "macro F1, %",
        "nats per clip",
        "majority / nearest centroid, %",
        "seconds",
        "required / target",
    ]
    publish("classify", f"Clip classification, {options.seeds} seeds", table(headers, rows), write=options.write)


if __name__ == "__main__":
    main()
