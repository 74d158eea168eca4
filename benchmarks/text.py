"""Tiny Shakespeare, 90/10: nats per character in one pass over the last tenth, with the state carried over.

The last tenth is both dev and test, as in the published results.
"""

import time
from argparse import Namespace
from pathlib import Path
from typing import Any

import echoic
from common import arguments, parse, publish, spread, table
from echoic.cli.allocator import keep_freed_memory

RECIPES: dict[str, dict[str, Any]] = {"60": {"minutes": None, "epochs": 12, "dropout": 0.5, "lr": 3e-3}}
"""Settings that differ from the defaults of the job, by minutes; 12 epochs take less than half an hour on one core."""


def measure(path: Path, options: Namespace, seed: int) -> dict[str, Any]:
    """Scores of one run, and its total seconds."""
    started_at = time.monotonic()
    recipe = RECIPES.get(f"{options.minutes:g}", {}) | options.overrides
    recipe = {"minutes": options.minutes, "precision": options.precision} | recipe
    run = echoic.train("text", path, split=(0.9, 0.1, 0.0), seed=seed, threads=options.threads, **recipe)
    seconds = time.monotonic() - started_at
    evaluation = run.evaluate(split="dev")
    return {
        "seconds": seconds,
        "epochs": run.result()["epochs"],
        **evaluation.scores,
        "baselines": evaluation.baselines,
    }


def main() -> None:
    """Trains with all seeds, with the allocator settings of the command, and prints the table."""
    keep_freed_memory()
    parser = arguments(__doc__ or "")
    parser.add_argument("--minutes", type=float, default=3.0, help="training time")
    parser.add_argument("--precision", choices=("float32", "bf16"), default="float32", help="of products")
    options = parse(parser, "text_tinyshakespeare")
    path = options.data / "text_tinyshakespeare" / "input.txt"
    runs = [measure(path, options, seed) for seed in range(options.seeds)]
    columns = ("nats_per_char", "bits_per_char")
    cells = [spread([run[column] for run in runs], 3) for column in columns]
    rows = [["echoic", *cells, spread([run["epochs"] for run in runs], 1), spread([run["seconds"] for run in runs], 0)]]
    rows += [
        [name, *(f"{scores[column]:.3f}" for column in columns), "", ""]
        for name, scores in runs[0]["baselines"].items()
    ]
    products, suffix = (", bfloat16", "-bf16") if options.precision == "bf16" else ("", "")
    title = f"Tiny Shakespeare, {options.minutes:g} minutes{products}, {options.seeds} seeds"
    body = table(["", "nats per character", "bits per character", "epochs", "seconds"], rows)
    publish(f"text-{options.minutes:g}{suffix}", title, body, write=options.write)


if __name__ == "__main__":
    main()
