"""Plain `train classify` without options on small sets of series and of sounds, next to the baselines of each table.

The test split is that of the archive for series, takes 0 to 4 of every speaker and digit for FSDD, and each of the five
folds in turn for ESC-10.
"""

import argparse
import statistics
import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import NamedTuple, cast

import numpy as np

import clip_sets
from common import arguments, parse, publish, spread, table
from echoic.cli.allocator import keep_freed_memory
from echoic.jobs.classify.evaluate import ClassifyEvaluation
from echoic.metrics.paired import lead
from verdict import best_baseline, train, verdict


class Entry(NamedTuple):
    """The accuracy that is required and aimed at, and the data, given the folders of all data and of further files."""

    goal: str
    clips: Callable[[Path, Path], clip_sets.ClipSet]


def series(folder: str, name: str) -> Callable[[Path, Path], clip_sets.ClipSet]:
    """A set of series with the split of the archive, in `.ts` files."""

    def clips(data: Path, _: Path) -> clip_sets.ClipSet:
        train_file, test_file = (data / folder / f"{name}_{split}.ts" for split in ("TRAIN", "TEST"))
        return clip_sets.ClipSet(train_file, {"test_data": test_file})

    return clips


def sounds(fold: str) -> Callable[[Path, Path], clip_sets.ClipSet]:
    """ESC-10 with a test fold."""
    return lambda data, _: clip_sets.sounds(data, fold)


SETS = {
    "GunPoint": Entry("0.95 / 0.99", series("ucr_small", "GunPoint")),
    "ItalyPowerDemand": Entry("0.94 / 0.965", series("ucr_small", "ItalyPowerDemand")),
    "BasicMotions": Entry("0.95 / 1.00", series("ucr_small", "BasicMotions")),
    "JapaneseVowels": Entry("(none)", series("uea_japanesevowels", "JapaneseVowels")),
    "FSDD": Entry("(none)", clip_sets.digits),
    **{f"ESC-10 fold {fold}": Entry("(none)", sounds(fold)) for fold in "12345"},
}


def main() -> None:
    """Trains with the defaults on all sets and seeds and prints the table."""
    keep_freed_memory()
    parser = arguments(__doc__ or "")
    parser.add_argument("--sets", default=",".join(SETS), help="separated by commas, of: " + ", ".join(SETS))
    options = parse(parser, "ucr_small", "uea_japanesevowels", "fsdd", "esc10_16k")
    rows, gains = [], {}
    for name in options.sets.split(","):
        evaluations, seconds = measure(name, options)
        others = ", ".join(
            f"{row} {statistics.fmean(one.baselines[row]['accuracy'] for one in evaluations):.3f}"
            for row in evaluations[0].baselines
        )
        accuracies = [one.scores["accuracy"] for one in evaluations]
        gains[name] = clip_gains(evaluations)
        own = lead(np.zeros(len(gains[name])), np.array(gains[name]))
        compared = (
            f"{own.outcome}: {own.mean:+.4f} ± {own.standard_error or 0:.4f} ({best_baseline(evaluations, 'accuracy')})"
        )
        cells = [SETS[name].goal, others, compared, f"{statistics.fmean(seconds):.0f}"]
        rows.append([name, spread(accuracies, 3), *cells])
    headers = ["set", "accuracy", "required / aimed at", "baselines", "lead over the best", "CPU seconds to train"]
    body = table(headers, rows) + "\n\n" + verdict(gains, "test clips")
    publish("defaults-classify", f"Classify defaults, {options.seeds} seeds", body, write=options.write)


def measure(name: str, options: argparse.Namespace) -> tuple[list[ClassifyEvaluation], list[float]]:
    """The evaluation of the test split and the CPU seconds of training, for each seed."""
    evaluations, seconds = [], []
    with tempfile.TemporaryDirectory() as folder:
        clips = SETS[name].clips(options.data, Path(folder))
        for seed in range(options.seeds):
            trained = train("classify", clips.data, options, seed, **clips.options)
            evaluations.append(cast("ClassifyEvaluation", trained.run.evaluate()))
            seconds.append(trained.cpu_seconds)
            print(f"{name}, seed {seed}: {evaluations[-1].scores['accuracy']:.3f} {seconds[-1]:.0f} CPU s", flush=True)
    return evaluations, seconds


def clip_gains(evaluations: Sequence[ClassifyEvaluation]) -> list[float]:
    """For each test clip 1 if only the model is correct, and -1 if only the best baseline is: means over seeds."""
    best = best_baseline(evaluations, "accuracy")
    items = [one.item_errors for one in evaluations if one.item_errors is not None]
    return list(np.mean([one.baselines[best] - one.own for one in items], 0))


if __name__ == "__main__":
    main()
