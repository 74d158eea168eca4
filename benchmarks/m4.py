"""M4 Hourly or Weekly: the scores and the test file of the competition, with echoic's defaults."""

import csv
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

import echoic
from common import arguments, parse, publish, spread, table
from echoic.baselines.forecasts import naive2 as naive2_forecast
from echoic.metrics.forecasts import ForecastScores, owa, seasonal_scale

Array = NDArray[np.float64]


class Competition(NamedTuple):
    """What the competition's rules say of a frequency, and what others reached."""

    horizon: int
    season: int
    published: list[list[str]]


COMPETITIONS = {
    "Hourly": Competition(
        48,
        24,
        [
            ["ES-RNN, winner overall (published)", "9.328", "0.893", "0.440", ""],
            ["best of the competition (published)", "8.913", "0.801", "0.410", ""],
        ],
    ),
    "Weekly": Competition(
        13,
        1,
        [
            ["Theta (published)", "9.093", "2.637", "0.971", ""],
            ["ES-RNN, winner overall (published)", "7.817", "2.356", "0.851", ""],
            ["best of the competition (published)", "6.726", "2.133", "0.751", ""],
        ],
    ),
}


def main() -> None:
    """Trains with all seeds and prints the table."""
    parser = arguments(__doc__ or "")
    parser.add_argument("--set", choices=list(COMPETITIONS), default="Hourly", help="frequency of the series")
    parser.add_argument("--minutes", type=float, default=None, help="time budget instead of the default epochs")
    options = parse(parser, "m4_hourly")
    competition = COMPETITIONS[options.set]
    folder = options.data / f"m4_{options.set.lower()}"
    train, test = (folder / f"{options.set}-{split}.csv" for split in ("train", "test"))
    history, truth = read(train), read(test)
    naive2 = {
        name: naive2_forecast(values[None, :, None], competition.horizon, competition.season)[0, :, 0]
        for name, values in history.items()
    }
    reference = score(naive2, history, truth, competition)
    scores, seconds = [], []
    for seed in range(options.seeds):
        started_at = time.monotonic()
        budget: dict[str, Any] = {"minutes": options.minutes} if options.minutes else {}
        run = echoic.train(
            "forecast", str(train), format="m4", horizon=competition.horizon, seed=seed, threads=options.threads,
            **budget | options.overrides,
        )  # fmt: skip
        seconds.append(time.monotonic() - started_at)
        scores.append(score(forecasts(run), history, truth, competition))
    names = ("smape", "mase", "owa")
    for one in (reference, *scores):
        one["owa"] = owa(one, reference) or np.nan
    rows = [
        ["echoic", *(spread([one[name] for one in scores], 3) for name in names), spread(seconds, 0)],
        ["naive2", *(f"{reference[name]:.3f}" for name in names), ""],
        *competition.published,
    ]
    body = table(["forecaster", "sMAPE", "MASE", "OWA", "seconds to train"], rows)
    body += "\n\nOWA of each seed: " + ", ".join(f"{one['owa']:.4f}" for one in scores) + "."
    publish(f"m4-{options.set.lower()}", f"M4 {options.set}, {options.seeds} seeds", body, write=options.write)


def read(path: Path) -> dict[str, Array]:
    """The series of an M4 file by name."""
    with path.open(newline="") as file:
        return {row[0]: np.array([float(cell) for cell in row[1:] if cell]) for row in list(csv.reader(file))[1:]}


def forecasts(run: echoic.Run) -> dict[str, Array]:
    """The forecasts of all series beyond their ends."""
    rows = run.predict()
    return {str(name): rows["mean"][rows["unique_id"] == name] for name in np.unique(rows["unique_id"])}


def score(
    forecast: Mapping[str, Array], history: Mapping[str, Array], truth: Mapping[str, Array], competition: Competition
) -> dict[str, float]:
    """Scores by the rules of the competition: MASE with its season, means over all steps of all series."""
    scores = ForecastScores(competition.horizon, ["value"], [], {})
    for name, values in truth.items():
        target, mean = (one[None, :, None] for one in (values, forecast[name]))
        scale = seasonal_scale(history[name][:, None], competition.season)
        scores.add(target, mean, None, np.ones((1, 1, 1)), scale[None, None])
    return scores.table()


if __name__ == "__main__":
    main()
