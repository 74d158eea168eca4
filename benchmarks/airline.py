"""Airline: one month ahead, trained and scaled on the first 96 months (the last 16 of them dev), tested on 48."""

import echoic
from common import arguments, publish, spread, table


def main() -> None:
    """Runs everything and prints the table."""
    options = arguments(__doc__ or "", seeds=5).parse_args()
    rows = []
    for name, settings in (
        ("echoic's defaults", {}),
        ("the same with a Gaussian head, 2 x 16", {"head": "gaussian", "layers": (16, 16)}),
        ("without a base", {"residual_baseline": "none", "epochs": 300}),
    ):
        test, dev, naive = [], [], {}
        for seed in range(options.seeds):
            run = echoic.train(
                "forecast", str(options.data / "forecast_small" / "Airline.csv"), time="Date", target="Passengers",
                split=(80, 16, 48), seed=seed, threads=options.threads, **settings,
            )  # fmt: skip
            evaluation = run.evaluate()
            test.append(evaluation.scores["rmse"])
            dev.append(run.evaluate(split="dev").scores["rmse"])
            naive = evaluation.baselines
        rows.append([name, spread(dev, 2), spread(test, 2)])
    rows += [[name, "", f"{scores['rmse']:.2f}"] for name, scores in naive.items()]
    body = table(["forecast", "dev RMSE", "test RMSE"], rows)
    publish("airline", f"Airline, {options.seeds} seeds", body, write=options.write)


if __name__ == "__main__":
    main()
