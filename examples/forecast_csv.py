"""Trains on a CSV, evaluates the forecasts, and writes the report.

python examples/forecast_csv.py                             made-up hourly data
python examples/forecast_csv.py sales.csv --time month      your own
"""

import argparse
import csv
import math
import random
from datetime import datetime, timedelta
from pathlib import Path

import echoic
from echoic.api.report import write_report


def make_up_data(path: Path) -> None:
    """Writes three weeks of an hourly load with a daily rhythm."""
    draw = random.Random(0)  # noqa: S311
    with path.open("w", newline="") as file:
        table = csv.writer(file)
        table.writerow(["time", "load"])
        for hour in range(21 * 24):
            load = (
                50 + 12 * math.sin(2 * math.pi * hour / 24) + 4 * math.sin(2 * math.pi * hour / 12) + draw.gauss(0, 1)
            )
            table.writerow([datetime(2024, 1, 1) + timedelta(hours=hour), round(load, 2)])  # noqa: DTZ001


def main() -> None:
    """Trains, evaluates, forecasts and writes the report."""
    parser = argparse.ArgumentParser(description="Train on a CSV and write the report.")
    parser.add_argument("data", nargs="?", type=Path, help="CSV file; made-up data without it")
    parser.add_argument("--time", default="time", help="column of timestamps")
    parser.add_argument("--horizon", type=int, default=12, help="steps to forecast")
    parser.add_argument("--epochs", type=int, default=10, help="passes over the data")
    parser.add_argument("--out", type=Path, default=Path("runs/forecast-csv"), help="run folder to make")
    chosen = parser.parse_args()

    data = chosen.data
    if data is None:
        data = Path("load.csv")
        make_up_data(data)
    run = echoic.train(
        "forecast", data, out=chosen.out, time=chosen.time, horizon=chosen.horizon, epochs=chosen.epochs, layers=[16]
    )

    evaluation = run.evaluate()
    print(f"mean absolute error over {evaluation.windows} forecasts of the test part")
    for name, scores in {"echoic": evaluation.scores, **evaluation.baselines}.items():
        print(f"  {name:12} {scores['mae']:.3f}")
    print(f"80 % intervals hold {evaluation.scores['coverage_80']:.0%} of the values")

    forecast = run.predict()
    for when, mean, low, high in zip(*(forecast[name] for name in ("ds", "mean", "lo-80", "hi-80")), strict=True):
        print(f"  {when.astype('datetime64[m]')}  {mean:8.2f}  ({low:.2f} to {high:.2f})")
    print(f"report: {write_report([run], None)}")


if __name__ == "__main__":
    main()
