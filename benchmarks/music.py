"""Chorales and folk tunes: nats a step on the test part, by each head, with the recipes that dev chose.

The split is that of the files; the first step of each song is not scored, and the total is divided by all steps.
"""

import time
from pathlib import Path
from typing import Any

import echoic
from common import arguments, publish, spread, table

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
"""Settings that differ from the job's own, by set and head; chosen on dev."""

GOALS = {
    ("jsb", "bernoulli"): "8.43 / 8.10",
    ("jsb", "joint"): "4.85 / 4.60",
    ("nottingham", "bernoulli"): "3.29 / 3.00",
    ("nottingham", "joint"): "2.31 / 2.00",
}
"""Bar and aim."""


def measured(path: Path, name: str, head: str, seed: int, threads: int | None) -> dict[str, Any]:
    """One run: its scores on dev and test, and how long it took."""
    started_at = time.monotonic()
    wanted = {"grid": "quarter", "head": head, "seed": seed, "threads": threads} | RECIPES.get((name, head), {})
    run = echoic.train("music", path, **wanted)
    seconds = time.monotonic() - started_at
    evaluation = run.evaluate()
    found = {"seconds": seconds, "dev": run.result()["best_dev_loss"], "known": evaluation.known_windows}
    return found | evaluation.scores | {"baselines": evaluation.baselines}


def main() -> None:
    """Every set and head, seed after seed."""
    parser = arguments(__doc__ or "")
    parser.add_argument("--sets", default=",".join(SETS), help="of " + ", ".join(SETS))
    parser.add_argument("--heads", default="bernoulli,joint", help="of bernoulli, joint")
    options = parser.parse_args()
    for name in options.sets.split(","):
        path = options.data / "music_bl2012" / SETS[name]
        rows, naive, known = [], {}, 0.0
        for head in options.heads.split(","):
            runs = [measured(path, name, head, seed, options.threads) for seed in range(options.seeds)]
            naive, known = runs[0]["baselines"], runs[0]["known"]
            columns = ("dev", "nll_per_step", "nll_per_step_12_keys", "frame_accuracy", "seconds")
            digits = {"seconds": 0, "frame_accuracy": 4}
            cells = [spread([run[column] for run in runs], digits.get(column, 3)) for column in columns]
            rows.append([head, *cells, GOALS[name, head]])
        rows += [
            [row, "", f"{scores['nll_per_step']:.3f}", "", f"{scores['frame_accuracy']:.4f}", "", ""]
            for row, scores in naive.items()
        ]
        headers = ["head", "dev", "test", "test, all 12 keys", "frame accuracy", "seconds of training", "bar / aim"]
        body = (
            table(headers, rows)
            + f"\n\n{known:.1%} of the test part's 8-step windows are in training songs, in any key."
        )
        publish(f"music-{name}", f"{SETS[name]}, nats a step, {options.seeds} seeds", body, write=options.write)


if __name__ == "__main__":
    main()
