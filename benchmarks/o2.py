"""O2: its five functions with the last 30 steps held out, and its study of the parameters, with seeds and spread."""

import math

import numpy as np

import echoic
from common import arguments, publish, spread, table
from echoic.config.data import TableSettings
from echoic.sources import read

HELD_OUT = 30
FUNCTIONS = {
    "sin(x)*5 + 10, 100 points": "o2-sine-short",
    "sin(x)*5 + 10, 1,000 points": "o2-sine-long",
    "sin(x)*5 + 10*noise": "o2-noisy",
    "sin(x)*x + 10*noise": "o2-growing",
    "sin(x)*a + 10*noise": "o2-random-amplitude",
}
UNIFORM_NOISE = 10 / math.sqrt(12)
FLOORS = {"o2-noisy": UNIFORM_NOISE, "o2-growing": UNIFORM_NOISE}
"""Root mean squared error that no forecast can beat: the deviation of 10 times uniform noise."""

STUDY = {
    "learning rate": [("lr", rate) for rate in (0.1, 0.01, 0.001, 0.0001, 0.00001)],
    "forget bias": [("forget_bias", bias) for bias in (1.0, 0.5, 0.1)],
    "layers": [("layers", (32,) * layers) for layers in (1, 2, 3, 5, 7)],
}


def held_out_rmse(signal: str, seed: int, threads: int | None, **settings: object) -> tuple[float, dict[str, float]]:
    """RMSE of the last 30 steps, each forecast fed back as the origin did, and those of the naive forecasts."""
    (series,) = read(
        f"synth:{signal},seed=0" if signal not in {"o2-sine-short", "o2-sine-long"} else f"synth:{signal}",
        TableSettings(),
    ).series
    values = series.values[:, 0]
    seen, truth = values[:-HELD_OUT], values[-HELD_OUT:].astype(np.float64)
    dev = max(10, len(seen) // 10)
    common = {"lookback": 30, "seed": seed, "threads": threads, "split": (len(seen) - dev, dev, 0), "refit": False}
    run = echoic.train("forecast", seen, **common | settings)
    (made,) = run.generate(HELD_OUT)
    season = run.settings.scaling.season
    naive = {"persistence": np.full(HELD_OUT, float(seen[-1]))}
    if season:
        naive["seasonal"] = seen[-season[0] :][np.arange(HELD_OUT) % season[0]]
    errors = {name: float(np.sqrt(np.mean((forecast - truth) ** 2))) for name, forecast in naive.items()}
    return float(np.sqrt(np.mean((made.values[:, 0] - truth) ** 2))), errors


def main() -> None:
    """Runs everything and prints the table."""
    options = arguments(__doc__ or "").parse_args()
    rows = []
    for title, signal in FUNCTIONS.items():
        results = [
            held_out_rmse(signal, seed, options.threads, lookahead="step", epochs=100, patience=30)
            for seed in range(options.seeds)
        ]
        naive = results[0][1]
        floor = f"{FLOORS[signal]:.3f}" if signal in FLOORS else ("0" if "sine" in signal else "not known")
        rows.append(
            [title, spread([rmse for rmse, _ in results], 3), f"{naive['persistence']:.3f}",
             f"{naive['seasonal']:.3f}" if "seasonal" in naive else "no season", floor]
        )  # fmt: skip
    body = table(["function", "echoic, RMSE of 30 steps", "persistence", "seasonal naive", "noise floor"], rows)
    study = []
    for name, choices in STUDY.items():
        for field, value in choices:
            results = [
                held_out_rmse(
                    "o2-sine-long", seed, options.threads, lookahead="step", cell="lstm", epochs=40,
                    schedule="constant",
                    **{"layers": (32, 32, 32), "lr": 0.001} | {field: value},
                )[0]
                for seed in range(options.seeds)
            ]  # fmt: skip
            study.append([name, f"{len(value)} x 32" if field == "layers" else value, spread(results, 3)])
    body += "\n\nThe study, on sin(x)*5 + 10 with 1,000 points; 3 x 32 LSTM, 40 epochs, fed back for 30 steps:\n\n"
    body += table(["parameter", "value", "RMSE of 30 steps"], study)
    publish("o2", f"O2: functions and their study, {options.seeds} seeds", body, write=options.write)


if __name__ == "__main__":
    main()
