"""Products in bfloat16 against float32: CPU seconds of training, and what it costs in quality.

Each job that offers both trains its defaults on real data for the same number of steps, in both precisions and from the
same seeds, which take turns. The losses are those of dev, which decides nothing else here.
"""

import statistics
import tempfile
import time
from argparse import Namespace
from pathlib import Path
from typing import Any, NamedTuple

import echoic
from common import arguments, parse, publish, spread, table
from echoic.ops import kernel
from echoic.training.records import Progress

PRECISIONS = ("float32", "bf16")


class Work(NamedTuple):
    """A training: its job, its data below `--data`, its settings, and the number of its steps."""

    job: str
    data: str
    settings: dict[str, Any]
    steps: int


ETTH1 = {"time": "date", "horizon": 96, "lookback": 96, "network_weight": 1.0}
WIENER_HAMMERSTEIN = {
    "dev": "wiener_hammerstein/WienerHammerstein_valid.hdf5",
    "inputs": ("u",),
    "targets": ("y",),
    "warmup": 1000,
}
ESC10 = {"audio": "esc10_16k/audio", "group": "freesound_id"}

WORKS = {
    "text, Tiny Shakespeare": Work("text", "text_tinyshakespeare/input.txt", {"network_weight": 1.0}, 300),
    "music, JSB chorales": Work("music", "music_bl2012/JSB_Chorales.mat", {}, 400),
    "forecast, ETTh1": Work("forecast", "ett_h1/ETTh1.csv", ETTH1, 400),
    "classify, ESC-10": Work("classify", "esc10_16k/meta.csv", ESC10, 400),
    "detect, Bird0": Work("detect", "sed_birdsong_bird0/events.csv", {"audio": "sed_birdsong_bird0/audio"}, 120),
    "map, Wiener-Hammerstein": Work("map", "wiener_hammerstein/WienerHammerstein_train.hdf5", WIENER_HAMMERSTEIN, 400),
    "transcribe, Morse code": Work("transcribe", "synth:morse", {}, 150),
}

PATHS = ("audio", "dev")
"""Settings that name files below `--data`."""


class Trained(NamedTuple):
    """The dev loss of a training, and its CPU seconds from the first step on."""

    loss: float
    seconds: float


def trained(work: Work, options: Namespace, precision: str, seed: int) -> Trained:
    """Trains once, in a folder that is forgotten."""
    data: Path = options.data
    settings = work.settings | {name: str(data / work.settings[name]) for name in PATHS if name in work.settings}
    settings |= {"seed": seed, "precision": precision, "threads": options.threads}
    settings |= options.overrides or {"steps": work.steps}
    source = work.data if work.data.startswith("synth:") else str(data / work.data)
    begun: list[float] = []

    def watch(progress: Progress) -> None:
        if progress.step >= 1 and not begun:
            begun.append(time.process_time())

    with tempfile.TemporaryDirectory() as folder:
        run = echoic.train(work.job, source, out=Path(folder) / "run", config=settings, on_progress=watch)
        return Trained(run.result()["best_dev_loss"], time.process_time() - begun[0])


def row(name: str, work: Work, options: Namespace) -> list[object]:
    """The line of a training in the table."""
    pairs = [[trained(work, options, precision, seed) for precision in PRECISIONS] for seed in range(options.seeds)]
    seconds = [f"{statistics.fmean(one.seconds for one in alike):.1f}" for alike in zip(*pairs, strict=True)]
    losses = [spread([one.loss for one in alike]) for alike in zip(*pairs, strict=True)]
    ratio = spread([plain.seconds / rounded.seconds for plain, rounded in pairs], 2)
    change = spread([rounded.loss - plain.loss for plain, rounded in pairs])
    return [name, work.steps, *seconds, ratio, *losses, change]


def main() -> None:
    """Measures the chosen jobs."""
    parser = arguments(__doc__.partition("\n")[0])
    parser.add_argument("--jobs", default=",".join(work.job for work in WORKS.values()), help="some, after commas")
    options = parse(parser, "text_tinyshakespeare")
    rows, jobs = [], ["text"] if options.smoke else options.jobs.split(",")
    for name, work in WORKS.items():
        if work.job in jobs:
            rows.append(row(name, work, options))
            print(*rows[-1], flush=True)
    times = ["float32: CPU s", "bf16: CPU s", "times as fast"]
    headers = ["training", "steps", *times, "float32: dev loss", "bf16: dev loss", "change"]
    title = f"Training with products in bfloat16, {options.seeds} seeds"
    publish("precision", title, f"Kernel in use: {kernel()}.\n\n{table(headers, rows)}", write=options.write)


if __name__ == "__main__":
    main()
