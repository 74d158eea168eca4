"""Airline passengers, one month ahead: 80 months of train, 16 of dev and 48 of test."""

from typing import Any

import echoic
from common import arguments, parse, publish, spread, table


def main() -> None:
    """Trains all variants and prints the table."""
    options = parse(arguments(__doc__ or "", seeds=5), "forecast_small")
    rows = []
    settings: dict[str, Any]
    for name, settings in (
        ("echoic's defaults", {}),
        ("with a Gaussian head, 2 x 16", {"head": "gaussian", "layers": (16, 16)}),
        ("without a residual baseline", {"residual_baseline": "none", "epochs": 300}),
    ):
        test, dev, baselines = [], [], {}
        for seed in range(options.seeds):
            run = echoic.train(
                "forecast", str(options.data / "forecast_small" / "Airline.csv"), time="Date", target="Passengers",
                split=(80, 16, 48), seed=seed, threads=options.threads, **settings | options.overrides,
            )  # fmt: skip
            evaluation = run.evaluate()
            test.append(evaluation.scores["rmse"])
            dev.append(run.evaluate(split="dev").scores["rmse"])
            baselines = evaluation.baselines
        rows.append([name, spread(dev, 2), spread(test, 2)])
    rows += [[name, "", f"{scores['rmse']:.2f}"] for name, scores in baselines.items()]
    body = table(["forecaster", "dev RMSE", "test RMSE"], rows)
    publish("airline", f"Airline, {options.seeds} seeds", body, write=options.write)


if __name__ == "__main__":
    main()
