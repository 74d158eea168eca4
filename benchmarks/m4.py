"""M4 Hourly: the scores and the test file of the competition, with echoic's defaults for many series."""

import time
from typing import Any

import echoic
from common import arguments, parse, publish, spread, table

PUBLISHED = [
    ["ES-RNN, winner overall (published)", "9.328", "0.893", "0.440", ""],
    ["best of the competition (published)", "8.913", "0.801", "0.410", ""],
]


def main() -> None:
    """Trains with all seeds and prints the table."""
    parser = arguments(__doc__ or "")
    parser.add_argument("--minutes", type=float, default=None, help="time budget instead of the default epochs")
    options = parse(parser, "m4_hourly")
    folder = options.data / "m4_hourly"
    scores, seconds, baselines = [], [], {}
    for seed in range(options.seeds):
        started_at = time.monotonic()
        budget: dict[str, Any] = {"minutes": options.minutes} if options.minutes else {}
        run = echoic.train(
            "forecast", str(folder / "Hourly-train.csv"), format="m4", horizon=48, season=24, seed=seed,
            threads=options.threads, **budget | options.overrides,
        )  # fmt: skip
        seconds.append(time.monotonic() - started_at)
        evaluation = run.evaluate(str(folder / "Hourly-test.csv"))
        scores.append(evaluation.scores)
        baselines = evaluation.baselines
    rows = [
        ["echoic", *(spread([one[name] for one in scores], 3) for name in ("smape", "mase", "owa")), spread(seconds, 0)]
    ]
    rows += [
        [name, *(f"{baselines[name][score]:.3f}" for score in ("smape", "mase", "owa")), ""]
        for name in ("seasonal", "naive2", "linear")
    ]
    body = table(["forecaster", "sMAPE", "MASE", "OWA", "seconds to train"], rows + PUBLISHED)
    body += "\n\nOWA of each seed: " + ", ".join(f"{one['owa']:.4f}" for one in scores) + "."
    publish("m4", f"M4 Hourly, {options.seeds} seeds", body, write=options.write)


if __name__ == "__main__":
    main()
