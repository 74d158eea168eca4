"""Chorales and folk tunes: test loss in nats per step, for each head, with recipes chosen on dev.

The splits are those of the files. The first step of each song is not scored, and the total is divided by all steps.
"""

import time
from argparse import Namespace
from pathlib import Path
from typing import Any, cast

import echoic
from common import arguments, parse, publish, spread, table
from echoic.jobs.music.evaluate import MusicEvaluation

SETS = {"jsb": "JSB_Chorales.mat", "nottingham": "Nottingham.mat"}

RECIPES: dict[tuple[str, str], dict[str, Any]] = {
    ("jsb", "bernoulli"): {
        "transpose": "random", "layers": 256, "dropout": 0.15, "input_dropout": 0.0, "lr": 5e-3,
        "epochs": 400, "patience": 400,
    },
    ("jsb", "joint"): {"dropout": 0.6, "input_dropout": 0.3, "head_dropout": 0.5, "lr": 8e-3, "patience": 80},
    ("nottingham", "bernoulli"): {
        "transpose": "random", "layers": 512, "dropout": 0.3, "input_dropout": 0.0, "lr": 5e-3,
        "batch_size": 8, "tbptt_steps": 128, "epochs": 60, "patience": 60,
    },
    ("nottingham", "joint"): {"dropout": 0.4, "lr": 5e-3, "epochs": 14},
}  # fmt: skip
"""Settings that differ from the defaults of the job, by data set and head; chosen on dev."""

TARGETS = {
    ("jsb", "bernoulli"): "8.43 / 8.10",
    ("jsb", "joint"): "4.85 / 4.60",
    ("nottingham", "bernoulli"): "3.29 / 3.00",
    ("nottingham", "joint"): "2.31 / 2.00",
}
"""Required and targeted loss."""


def measure(path: Path, name: str, head: str, options: Namespace, seed: int) -> dict[str, Any]:
    """Scores of one run on dev and test, and the seconds of training."""
    started_at = time.monotonic()
    recipe = RECIPES.get((name, head), {}) | options.overrides
    run = echoic.train("music", path, grid="quarter", head=head, seed=seed, threads=options.threads, **recipe)
    seconds = time.monotonic() - started_at
    evaluation = cast("MusicEvaluation", run.evaluate())
    result = {"seconds": seconds, "dev": run.result()["best_dev_loss"], "memorized": evaluation.memorized_windows}
    return {**result, **evaluation.scores, "baselines": evaluation.baselines}


def main() -> None:
    """Trains and evaluates all data sets and heads, and prints a table for each data set."""
    parser = arguments(__doc__ or "")
    parser.add_argument("--sets", default=",".join(SETS), help="separated by commas, of: " + ", ".join(SETS))
    parser.add_argument("--heads", default="bernoulli,joint", help="separated by commas, of: bernoulli, joint")
    options = parse(parser, "music_bl2012")
    for name in options.sets.split(","):
        path = options.data / "music_bl2012" / SETS[name]
        rows, baselines, memorized = [], {}, 0.0
        for head in options.heads.split(","):
            runs = [measure(path, name, head, options, seed) for seed in range(options.seeds)]
            baselines, memorized = runs[0]["baselines"], runs[0]["memorized"]
            columns = ("dev", "nll_per_step", "nll_per_step_12_keys", "frame_accuracy", "seconds")
            digits = {"seconds": 0, "frame_accuracy": 4}
            cells = [spread([run[column] for run in runs], digits.get(column, 3)) for column in columns]
            rows.append([head, *cells, TARGETS[name, head]])
        rows += [
            [row, "", f"{scores['nll_per_step']:.3f}", "", f"{scores['frame_accuracy']:.4f}", "", ""]
            for row, scores in baselines.items()
        ]
        headers = [
            "head",
            "dev",
            "test",
            "test, all 12 keys",
            "frame accuracy",
            "seconds of training",
            "required / target",
        ]
        body = (
            table(headers, rows)
            + f"\n\n{memorized:.1%} of the 8-step windows of the test split occur in training songs, in any key."
        )
        publish(f"music-{name}", f"{SETS[name]}, nats per step, {options.seeds} seeds", body, write=options.write)


if __name__ == "__main__":
    main()
