"""M4 Hourly: the competition's own scores on its own test file, echoic's defaults for many series."""

import time

import echoic
from common import arguments, publish, spread, table

PUBLISHED = [
    ["ES-RNN, winner overall (published)", "9.328", "0.893", "0.440", ""],
    ["best of the competition (published)", "8.913", "0.801", "0.410", ""],
]


def main() -> None:
    """Runs everything and prints the table."""
    parser = arguments(__doc__ or "")
    parser.add_argument("--minutes", type=float, default=None, help="time budget instead of the default epochs")
    options = parser.parse_args()
    folder = options.data / "m4_hourly"
    scores, seconds, naive = [], [], {}
    for seed in range(options.seeds):
        started_at = time.monotonic()
        budget = {"minutes": options.minutes} if options.minutes else {}
        run = echoic.train(
            "forecast", str(folder / "Hourly-train.csv"), format="m4", horizon=48, season=24, seed=seed,
            threads=options.threads, **budget,
        )  # fmt: skip
        seconds.append(time.monotonic() - started_at)
        evaluation = run.evaluate(str(folder / "Hourly-test.csv"))
        scores.append(evaluation.scores)
        naive = evaluation.baselines
    rows = [
        ["echoic", *(spread([one[name] for one in scores], 3) for name in ("smape", "mase", "owa")), spread(seconds, 0)]
    ]
    rows += [
        [name, *(f"{naive[name][score]:.3f}" for score in ("smape", "mase", "owa")), ""]
        for name in ("seasonal", "naive2", "linear")
    ]
    body = table(["forecast", "sMAPE", "MASE", "OWA", "seconds to train"], rows + PUBLISHED)
    body += "\n\nEach seed: " + ", ".join(f"{one['owa']:.4f}" for one in scores) + "."
    publish("m4", f"M4 Hourly, {options.seeds} seeds", body, write=options.write)


if __name__ == "__main__":
    main()
