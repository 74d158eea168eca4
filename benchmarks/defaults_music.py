"""Plain `train music` with a time budget and no other option: nats per step in the given key and in all twelve.

Both sets are in a common key; each is also tried with its songs moved to different keys. The splits are those of the
files.
"""

import argparse
import statistics
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import NamedTuple

from common import arguments, parse, publish, spread, table
from echoic.cli.allocator import keep_freed_memory
from echoic.metrics.evaluation import Evaluation
from mixed_keys import write_mixed
from verdict import Trained, best_baseline, seconds_to_train, train, verdict

SETS = {
    f"{name}{suffix}": (file, mixed)
    for suffix, mixed in (("", False), (", mixed keys", True))
    for name, file in (("JSB chorales", "JSB_Chorales.mat"), ("Nottingham", "Nottingham.mat"))
}
"""File of each set, and whether its songs are moved to different keys."""

SCORE, SCORE_ALL_KEYS = "nll_per_step", "nll_per_step_12_keys"

GOAL = 0.15
"""Nats per step that all keys may cost at most, for songs in different keys."""


class Result(NamedTuple):
    """A trained run, and its scores of the test split."""

    trained: Trained
    evaluation: Evaluation

    @property
    def gap(self) -> float:
        """Nats per step in all twelve keys beyond those in the given key."""
        return self.evaluation.scores[SCORE_ALL_KEYS] - self.evaluation.scores[SCORE]


def main() -> None:
    """Trains with the defaults on both sets with all seeds and prints the table."""
    keep_freed_memory()
    parser = arguments(__doc__ or "")
    parser.add_argument("--minutes", type=float, default=1.0, help="training time")
    parser.add_argument("--sets", default=";".join(SETS), help="separated by semicolons, of: " + "; ".join(SETS))
    options = parse(parser, "music_bl2012")
    rows, gains, gaps = [], {}, {}
    for name in options.sets.split(";"):
        with songs(name, options.data / "music_bl2012") as path:
            results = [measure(name, path, options, seed) for seed in range(options.seeds)]
        best = best_baseline([one.evaluation for one in results], SCORE)
        rows.append([name, *cells(results, best)])
        gains[name] = [one.evaluation.baselines[best][SCORE] - one.evaluation.scores[SCORE] for one in results]
        gaps[name] = statistics.fmean(one.gap for one in results)
    headers = [
        "songs", "nats per step", "in all 12 keys", "gap", "best baseline", "transposition of training songs",
        "seconds to train (CPU)",
    ]  # fmt: skip
    missed = [name for name, gap in gaps.items() if gap > GOAL and SETS[name][1]]
    goal = f"Songs in different keys with a gap of more than {GOAL} nats: {', '.join(missed) or 'none'}."
    body = "\n\n".join([table(headers, rows), f"{verdict(gains, 'seeds')}\n{goal}"])
    title = f"Music defaults, {options.minutes:g} min, {options.seeds} seeds"
    publish(f"defaults-music-{options.minutes:g}", title, body, write=options.write)


@contextmanager
def songs(name: str, folder: Path) -> Iterator[Path]:
    """The file of a set, moved to different keys if it is one of those."""
    file, mixed = SETS[name]
    with TemporaryDirectory() as temporary:
        path = Path(temporary) / "mixed.json"
        if mixed:
            write_mixed(folder / file, path)
        yield path if mixed else folder / file


def measure(name: str, path: Path, options: argparse.Namespace, seed: int) -> Result:
    """Trains with the defaults and scores the test split."""
    trained = train("music", path, options, seed, minutes=options.minutes)
    result = Result(trained, trained.run.evaluate())
    print(f"{name}, seed {seed}: {result.evaluation.scores} {trained.seconds:.0f} s", flush=True)
    return result


def cells(results: Sequence[Result], best: str) -> list[str]:
    """The cells of a set behind its name; `best` is its best baseline."""
    scores = [one.evaluation.scores for one in results]
    return [
        *(spread([one[column] for one in scores], 3) for column in (SCORE, SCORE_ALL_KEYS)),
        spread([one.gap for one in results], 3),
        f"{best} {results[0].evaluation.baselines[best][SCORE]:.3f}",
        results[0].trained.run.fitted.task.settings.pitch.transpose,
        seconds_to_train([one.trained for one in results]),
    ]


if __name__ == "__main__":
    main()
