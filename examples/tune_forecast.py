"""Lets the machine choose the learning rate and the layers of a forecast, and says how much of the win was luck.

python examples/tune_forecast.py                    a made-up signal, a few minutes
python examples/tune_forecast.py --trials 4         quicker
"""

import argparse
from pathlib import Path

import echoic


def main() -> None:
    """Tunes, compares with the defaults, and writes the report."""
    parser = argparse.ArgumentParser(description="Tune a forecast.")
    parser.add_argument("--trials", type=int, default=20, help="number of trials")
    parser.add_argument("--epochs", type=int, default=10, help="passes over the data in each trial")
    parser.add_argument("--workers", type=int, default=2, help="number of processes that train")
    parser.add_argument("--out", type=Path, default=Path("studies/sine"), help="study folder to make")
    chosen = parser.parse_args()

    fixed = {"strategy": "recursive", "lookback": 30, "epochs": chosen.epochs}
    study = echoic.tune(
        "forecast",
        "synth:sine,steps=600",
        out=chosen.out,
        trials=chosen.trials,
        workers=chosen.workers,
        search=["lr=0.0001..0.1,log", "layers=8;16;32;16,16"],
        **fixed,
    )
    for trial in sorted(study.trials, key=lambda trial: trial.loss)[:5]:
        print(f"trial {trial.number}: dev loss {trial.loss:.5f}, {dict(trial.settings)}")
    print(study.verdict)

    default = echoic.train("forecast", "synth:sine,steps=600", **fixed)
    for name, run in {"defaults": default, "tuned": study.best}.items():
        print(f"{name}: mean absolute error {run.evaluate().scores['mae']:.4f} on the test split")
    print(f"report: {study.report()}")


if __name__ == "__main__":
    main()
