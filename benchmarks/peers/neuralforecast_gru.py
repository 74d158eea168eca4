"""NeuralForecast's GRU on ETTh1, as in its documentation; benchmarks/speed.py runs it with the Python of `--peer`."""

import argparse

import pandas as pd
from neuralforecast import NeuralForecast
from neuralforecast.models import GRU

TRAIN, DEV = 8640, 2880


def main() -> None:
    """Trains on the seven columns in long format, standardised with the train split."""
    parser = argparse.ArgumentParser()
    parser.add_argument("file")
    for name in ("layers", "windows", "steps", "horizon"):
        parser.add_argument(f"--{name}", type=int, required=True)
    options = parser.parse_args()
    wide = pd.read_csv(options.file, parse_dates=["date"]).iloc[: TRAIN + DEV]
    columns = [name for name in wide.columns if name != "date"]
    wide[columns] = (wide[columns] - wide[columns][:TRAIN].mean()) / wide[columns][:TRAIN].std(ddof=0)
    long = wide.melt("date", var_name="unique_id", value_name="y").rename(columns={"date": "ds"})
    model = GRU(
        h=options.horizon,
        input_size=96,
        encoder_n_layers=1,
        encoder_hidden_size=options.layers,
        max_steps=options.steps,
        batch_size=len(columns),
        windows_batch_size=options.windows * len(columns),
        learning_rate=1e-3,
        val_check_steps=options.steps,
        accelerator="cpu",
        enable_progress_bar=False,
        logger=False,
    )
    forecaster = NeuralForecast(models=[model], freq="h")
    forecaster.fit(long, val_size=DEV)


if __name__ == "__main__":
    main()
