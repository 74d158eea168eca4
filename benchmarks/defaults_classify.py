"""Plain `train classify` without options on small sets of series, next to the baselines of each table."""

import time

import echoic
from common import arguments, parse, publish, spread, table

SETS = {
    "GunPoint": ("ucr_small", "0.95 / 0.99"),
    "ItalyPowerDemand": ("ucr_small", "0.94 / 0.965"),
    "BasicMotions": ("ucr_small", "0.95 / 1.00"),
    "JapaneseVowels": ("uea_japanesevowels", "(none)"),
}
"""Folder of each set, and the accuracy that is required and aimed at."""


def main() -> None:
    """Trains with the defaults on all sets and seeds and prints the table."""
    options = parse(arguments(__doc__ or ""), *{folder for folder, _ in SETS.values()})
    rows = []
    for name, (folder, goal) in SETS.items():
        train, test = (str(options.data / folder / f"{name}_{split}.ts") for split in ("TRAIN", "TEST"))
        accuracies, baselines, seconds = [], {}, []
        for seed in range(options.seeds):
            started_at = time.monotonic()
            settings = {"test_data": test, "seed": seed, "threads": options.threads} | options.overrides
            run = echoic.train("classify", train, **settings)
            seconds.append(time.monotonic() - started_at)
            evaluation = run.evaluate()
            accuracies.append(evaluation.scores["accuracy"])
            baselines = {row: scores["accuracy"] for row, scores in evaluation.baselines.items()}
            print(f"{name}, seed {seed}: {accuracies[-1]:.3f} {seconds[-1]:.0f} s", flush=True)
        others = ", ".join(f"{row} {accuracy:.3f}" for row, accuracy in baselines.items())
        rows.append([name, spread(accuracies, 3), goal, others, f"{sum(seconds) / len(seconds):.0f}"])
    headers = ["set", "accuracy", "required / aimed at", "baselines", "seconds to train"]
    publish("defaults-classify", f"Classify defaults, {options.seeds} seeds", table(headers, rows), write=options.write)


if __name__ == "__main__":
    main()
