"""ETTh1, multivariate, with echoic's defaults and the usual protocol.

The splits are 12, 4 and 4 months; series are standardised, and all test windows are evaluated.
"""

import statistics
import time

import echoic
from common import arguments, parse, publish, spread, table

NLINEAR_96 = {96: 0.383, 192: 0.434, 336: 0.475, 720: 0.470}
SEGRNN_96 = {96: 0.368, 192: 0.408, 336: 0.444, 720: 0.446}


def main() -> None:
    """Trains with all horizons and prints the table."""
    parser = arguments(__doc__ or "")
    parser.add_argument("--lookback", type=int, default=96, help="input steps")
    parser.add_argument("--horizons", type=int, nargs="+", default=[96, 192, 336, 720], help="forecast steps")
    options = parse(parser, "ett_h1")
    split = (8640, 2880, 2880)
    if options.smoke:
        options.lookback, options.horizons, split = 24, [96], (480, 240, 240)
    rows, means = [], []
    for horizon in options.horizons:
        mse, mae, dev, seconds, baselines = [], [], [], [], {}
        for seed in range(options.seeds):
            started_at = time.monotonic()
            run = echoic.train(
                "forecast", str(options.data / "ett_h1" / "ETTh1.csv"), time="date", lookback=options.lookback,
                horizon=horizon, split=split, seed=seed, threads=options.threads, **options.overrides,
            )  # fmt: skip
            seconds.append(time.monotonic() - started_at)
            dev.append(run.evaluate(split="dev").scores["mse"])
            test = run.evaluate()
            mse.append(test.scores["mse"])
            mae.append(test.scores["mae"])
            baselines = test.baselines
        means.append(statistics.fmean(mse))
        errors = [baselines[name] for name in ("persistence", "seasonal", "linear")]
        cells = [f"{one['mse']:.3f} / {one['mae']:.3f}" for one in errors]
        rows.append([horizon, spread(mse), spread(mae), spread(dev), *cells, SEGRNN_96[horizon], spread(seconds, 0)])
    headers = [
        "horizon",
        "test MSE",
        "test MAE",
        "dev MSE",
        "persistence",
        "seasonal (24)",
        "linear map",
        "SegRNN's README",
    ]
    body = table([*headers, "seconds to train"], rows)
    if len(means) > 1:
        body += f"\n\nMean test MSE over the horizons: {statistics.fmean(means):.4f} (SegRNN's README at 96: 0.4165)."
    title = f"ETTh1, lookback {options.lookback}, {options.seeds} seeds"
    publish(f"ett-{options.lookback}", title, body, write=options.write)


if __name__ == "__main__":
    main()
