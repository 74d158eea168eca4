"""Plain `train` without options on everything given: how far are the defaults from the best baseline of each table?"""

import argparse
import gzip
import math
import statistics
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

import zoo
from common import arguments, parse, publish, spread, table
from verdict import train, verdict

HORIZONS = (1, 12)

MAX_STATISTICAL_WINDOWS = 500
"""ETS and Theta stand in the tables of sets with at most this many test windows."""


class Task(NamedTuple):
    """A data set, and the options that say what it is, never how to train."""

    name: str
    data: Any
    options: dict[str, Any]
    test: Any = None


class Row(NamedTuple):
    """Error over that of the best baseline in hindsight, and over the one that dev would have chosen."""

    name: str
    hindsight: float
    chosen: float
    best: str
    coverage: float
    seconds: float


def main() -> None:
    """Runs all sets and seeds and prints the table."""
    parser = arguments(__doc__ or "", seeds=3)
    parser.add_argument("--kinds", default="zoo,small,panels", help="kinds of sets: zoo, small, panels")
    options = parse(parser)
    if options.smoke:
        options.kinds = "zoo"
    rows: dict[str, list[Row]] = {}
    for kind in options.kinds.split(","):
        for seed in range(options.seeds):
            for task in KINDS[kind](options, seed):
                row = measure(task, seed, options)
                print(
                    f"{row.name:34s} seed {seed}: {row.hindsight:.3f} {row.chosen:.3f} {row.seconds:.1f} s", flush=True
                )
                rows.setdefault(task.name, []).append(row)
    publish("defaults", f"Forecast defaults, {options.seeds} seeds", body(rows), write=options.write)


def measure(task: Task, seed: int, options: argparse.Namespace) -> Row:
    """Trains with the defaults and scores the test split, or the test file."""
    run, _, seconds = train("forecast", task.data, options, seed, **task.options)
    evaluation = run.evaluate(task.test)
    if evaluation.details["windows"] <= MAX_STATISTICAL_WINDOWS:
        evaluation = run.evaluate(task.test, statistical=True)
    singles = {name: one for name, one in evaluation.baselines.items() if name != "combination"}
    score = "mase" if "mase" in evaluation.scores else "mae"
    best = min(singles, key=lambda name: singles[name][score])
    on_dev = run.evaluate(split="dev").baselines
    chosen = min(singles, key=lambda name: on_dev[name][score] if name in on_dev else math.inf)
    own = evaluation.scores[score]
    hindsight, on_dev_ratio = (own / max(singles[name][score], 1e-300) for name in (best, chosen))
    return Row(task.name, hindsight, on_dev_ratio, best, evaluation.scores.get("coverage_80", math.nan), seconds)


def body(rows: dict[str, list[Row]]) -> str:
    """The table of all sets, and the geometric means and worst sets over them."""
    cells = [
        [
            name,
            spread([one.hindsight for one in own], 3),
            spread([one.chosen for one in own], 3),
            statistics.mode(one.best for one in own),
            f"{statistics.fmean(one.coverage for one in own):.2f}",
            f"{statistics.fmean(one.seconds for one in own):.1f}",
        ]
        for name, own in rows.items()
    ]
    headers = ["set", "over best in hindsight", "over best on dev", "best", "coverage of 80 %", "CPU seconds to train"]
    means = {
        label: [statistics.fmean(getattr(one, field) for one in own) for own in rows.values()]
        for label, field in (("in hindsight", "hindsight"), ("on dev", "chosen"))
    }
    summary = [
        f"Best baseline {label}: ratio {statistics.geometric_mean(found):.3f} (geometric mean), worst {max(found):.3f}."
        for label, found in means.items()
    ]
    coverage = [statistics.fmean(one.coverage for one in own) for own in rows.values()]
    outside = sum(not 0.7 <= one <= 0.9 for one in coverage)
    summary.append(f"Coverage of 80 % intervals outside 70 to 90 %: {outside} of {len(coverage)} sets.")
    summary.append(verdict({name: [1 - one.hindsight for one in own] for name, own in rows.items()}, "seeds"))
    return table(headers, cells) + "\n\n" + "\n".join(summary)


def zoo_tasks(options: argparse.Namespace, seed: int) -> Iterator[Task]:
    """Synthetic series; each seed has other draws."""
    names = list(zoo.SERIES)[:2] if options.smoke else list(zoo.SERIES)
    for name in names:
        for horizon in HORIZONS:
            if horizon == 1 or zoo.SERIES[name][0] >= 100:
                yield Task(f"{name}, {horizon}", zoo.make(name, seed), {"horizon": horizon})


def small_tasks(options: argparse.Namespace, _seed: int) -> Iterator[Task]:
    """Classic real series."""
    folder = options.data / "forecast_small"
    for name in ("Airline", "Lynx", "sunspots", "co2"):
        values = last_column(folder / f"{name}.csv")
        for horizon in HORIZONS:
            yield Task(f"{name}, {horizon}", values, {"horizon": horizon})


def panel_tasks(options: argparse.Namespace, _seed: int) -> Iterator[Task]:
    """Several columns or series."""
    for name, horizon in (("Weekly", 13), ("Hourly", 48)):
        folder = options.data / f"m4_{name.lower()}"
        train, test = (str(folder / f"{name}-{split}.csv") for split in ("train", "test"))
        yield Task(f"M4 {name}, {horizon}", train, {"format": "m4", "horizon": horizon}, test)
    rates = exchange_rates(options.data / "exchange_rate" / "exchange_rate.txt.gz")
    for horizon in HORIZONS:
        yield Task(f"exchange rates, {horizon}", rates, {"horizon": horizon})
    yield Task("ETTh1, 24", str(options.data / "ett_h1" / "ETTh1.csv"), {"horizon": 24, "time": "date"})


KINDS: dict[str, Callable[[argparse.Namespace, int], Iterator[Task]]] = {
    "zoo": zoo_tasks,
    "small": small_tasks,
    "panels": panel_tasks,
}


def last_column(path: Path) -> NDArray[np.float64]:
    """The last column of a CSV file."""
    rows = path.read_text().splitlines()[1:]
    return np.array([float(row.rpartition(",")[2] or "nan") for row in rows])


def exchange_rates(path: Path) -> NDArray[np.float64]:
    """The last 3,000 days of eight currencies, `(days, 8)`."""
    with gzip.open(path, "rt") as file:
        return np.loadtxt(file, delimiter=",")[-3000:]


if __name__ == "__main__":
    main()
