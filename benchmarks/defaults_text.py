"""Plain `train text` with a time budget and no other option, next to the best n-gram model of up to six characters.

The test split is the last twentieth of each text.
"""

import argparse
import statistics
import sysconfig
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

import echoic
from common import arguments, parse, publish, spread, table
from echoic.cli.allocator import keep_freed_memory
from echoic.jobs.text.evaluate import mixture_of
from echoic.jobs.text.mixture import BLOCK_STEPS, mix
from echoic.jobs.text.scoring import network_log_probs, ngram_log_probs
from echoic.jobs.text.task import EVAL_CHUNK
from echoic.windows import ChunkSampler
from verdict import seconds_to_train, train, verdict

LICENCE = Path("/usr/share/common-licenses/GPL-3")

SOURCE_CHARACTERS, SMOKE_CHARACTERS = 3_000_000, 20_000

Floats = NDArray[np.float64]


class Scored(NamedTuple):
    """Log-probabilities of the test characters by the network, n-gram models and the mixture."""

    network: Floats
    ngrams: dict[int, Floats]
    mixture: Floats
    weight: float


def main() -> None:
    """Trains with the defaults on all texts and seeds and prints the table."""
    keep_freed_memory()
    parser = arguments(__doc__ or "")
    parser.add_argument("--minutes", type=float, default=1.0, help="training time")
    options = parse(parser, "text_tinyshakespeare")
    rows, gains = [], {}
    with tempfile.TemporaryDirectory() as folder:
        for name, path in texts(options, Path(folder)):
            trained = [train("text", path, options, seed, minutes=options.minutes) for seed in range(options.seeds)]
            runs = [score(one.run) for one in trained]
            order = max(runs[0].ngrams, key=lambda n: runs[0].ngrams[n].mean())
            rows.append([name, f"{len(path.read_text('utf-8')):,}", *cells(runs, order), seconds_to_train(trained)])
            print(*rows[-1], sep=" | ", flush=True)
            gains[name] = block_gains(runs, order)
    headers = [
        "text", "characters", "network, nats per character", "best n-gram model", "mixture", "mixture / n-gram model",
        "weight of the network", "seconds to train (CPU)",
    ]  # fmt: skip
    body = table(headers, rows) + "\n\n" + verdict(gains, f"blocks of {BLOCK_STEPS} test characters")
    title = f"Text defaults, {options.minutes:g} min, {options.seeds} seeds"
    publish("defaults-text", title, body, write=options.write)


def texts(options: argparse.Namespace, folder: Path) -> Iterator[tuple[str, Path]]:
    """Name and file of each text; a licence that the machine lacks is left out."""
    yield "Tiny Shakespeare", options.data / "text_tinyshakespeare" / "input.txt"
    length = SMOKE_CHARACTERS if options.smoke else SOURCE_CHARACTERS
    yield "Python's standard library", standard_library(folder / "library.txt", length)
    if LICENCE.exists():
        yield LICENCE.name, LICENCE
    else:
        print(f"{LICENCE} is left out: no such file.")


def standard_library(path: Path, length: int) -> Path:
    """Writes the first `length` characters of the top-level modules of this Python, in the order of their names."""
    modules = sorted(Path(sysconfig.get_path("stdlib")).glob("*.py"))
    path.write_text("".join(module.read_text("utf-8") for module in modules)[:length], "utf-8")
    return path


def score(run: echoic.Run) -> Scored:
    """What `evaluate` averages, character by character, and for n-gram models of every order."""
    task, mixture = run.fitted.task, mixture_of(run.fitted)
    ranges = task.splits["test"]
    network, _ = network_log_probs(run.model, ChunkSampler.whole_series(ranges, 1, EVAL_CHUNK), task.symbols)
    ngrams = ngram_log_probs(task.ngram, task.symbols, ranges)
    return Scored(network, ngrams, mix(network, ngrams[mixture.order], mixture.weight), mixture.weight)


def nats(log_probs: Floats) -> float:
    """Nats per character."""
    return -float(log_probs.mean())


def cells(runs: Sequence[Scored], order: int) -> list[str]:
    """The cells of a text behind its name and length, but for the last; `order` is that of the best n-gram model."""
    ratios = [nats(one.mixture) / nats(one.ngrams[order]) for one in runs]
    return [
        spread([nats(one.network) for one in runs], 3),
        f"{nats(runs[0].ngrams[order]):.3f} (n = {order})",
        spread([nats(one.mixture) for one in runs], 3),
        spread(ratios, 3),
        f"{statistics.fmean(one.weight for one in runs):.2f}",
    ]


def block_gains(runs: Sequence[Scored], order: int) -> list[float]:
    """The advantage of the mixture over the n-gram model in each block of test characters: means over seeds.

    Neighbouring characters are not independent; the rest of the last block is left out.
    """
    gains = np.mean([one.mixture - one.ngrams[order] for one in runs], 0)
    blocks = len(gains) // BLOCK_STEPS
    return list(gains[: blocks * BLOCK_STEPS].reshape(blocks, BLOCK_STEPS).mean(1))


if __name__ == "__main__":
    main()
