"""Tiny Shakespeare, 90/10: nats a character in one pass over the last tenth, the state carried.

The last tenth chooses the epoch and is what is scored, as in the runs that this is set beside.
"""

import time
from typing import Any

import echoic
from common import arguments, publish, spread, table
from echoic.cli.allocator import keep_freed_memory

RECIPES: dict[str, dict[str, Any]] = {"60": {"minutes": None, "epochs": 12, "dropout": 0.5, "lr": 3e-3}}
"""Settings that differ from the job's own, by minutes; 12 epochs take less than half of the hour on one core."""


def measured(path: Any, minutes: float, seed: int, threads: int | None) -> dict[str, Any]:
    """One run of so many minutes: its score and how long it took in all."""
    started_at = time.monotonic()
    wanted = {"split": (0.9, 0.1, 0.0), "minutes": minutes, "seed": seed, "threads": threads}
    run = echoic.train("text", path, **wanted | RECIPES.get(f"{minutes:g}", {}))
    seconds = time.monotonic() - started_at
    evaluation = run.evaluate(split="dev")
    return {
        "seconds": seconds,
        "epochs": run.result()["epochs"],
        **evaluation.scores,
        "baselines": evaluation.baselines,
    }


def main() -> None:
    """Seed after seed, with the memory kept as the command keeps it."""
    keep_freed_memory()
    parser = arguments(__doc__ or "")
    parser.add_argument("--minutes", type=float, default=3.0, help="of training")
    options = parser.parse_args()
    path = options.data / "text_tinyshakespeare" / "input.txt"
    runs = [measured(path, options.minutes, seed, options.threads) for seed in range(options.seeds)]
    columns = ("nats_per_char", "bits_per_char")
    cells = [spread([run[column] for run in runs], 3) for column in columns]
    rows = [["echoic", *cells, spread([run["epochs"] for run in runs], 1), spread([run["seconds"] for run in runs], 0)]]
    rows += [
        [name, *(f"{scores[column]:.3f}" for column in columns), "", ""]
        for name, scores in runs[0]["baselines"].items()
    ]
    title = f"Tiny Shakespeare, {options.minutes:g} minutes, {options.seeds} seeds"
    body = table(["", "nats a character", "bits", "epochs", "seconds"], rows)
    publish(f"text-{options.minutes:g}", title, body, write=options.write)


if __name__ == "__main__":
    main()
