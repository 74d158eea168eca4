"""Classifiers of three sounds from five and ten examples each: `train classify --live`, beside the plain defaults.

Held-out clips are played between pauses of 0.7 s, in silence and in noise at -55 dB of full scale, and cut out of the
stream by its pauses of 0.3 s. A clip that the stream misses counts as an error; of several clips in one sound the
longest counts. Examples are drawn by the seed. The problems took no part in the choice of the settings.
"""

import csv
import statistics
import tempfile
import time
from argparse import Namespace
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from itertools import product
from multiprocessing import get_context
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import soundfile
from numpy.typing import NDArray

import echoic
from common import arguments, parse, publish, spread, table
from echoic.cli.allocator import keep_freed_memory

PAUSE_S, GAP_S = 0.3, 0.7
NOISE_DB = -55.0
HELD_OUT = 20
"""Held-out clips per class, at most; with speakers, of those of the examples and of others."""

SETTINGS: dict[str, dict[str, Any]] = {"--live": {"live": True, "split": (1, 0, 0)}, "defaults": {}}

Sound = NDArray[np.float32]
Labelled = list[tuple[str, Sound]]


class Problem(NamedTuple):
    """Examples to learn from, clips to test on by whose they are, and their rate."""

    examples: Labelled
    held_out: Mapping[str, Labelled]
    rate_hz: int


class Scores(NamedTuple):
    """Accuracies on held-out clips: offline, live in silence and in noise, of the nearest centroid; and CPU seconds."""

    offline: float
    silence: float
    noise: float
    centroid: float
    seconds: float


def digits(names: str, speakers: Sequence[str]) -> Callable[[Path, int, int], Problem]:
    """Spoken digits; examples are of `speakers` in turn."""

    def make(data: Path, examples: int, seed: int) -> Problem:
        folder, draws = data / "fsdd" / "recordings", np.random.default_rng(seed)
        everyone = sorted({path.stem.split("_")[1] for path in folder.glob("*.wav")})
        own = [name for name in everyone if name in speakers]
        others = [name for name in everyone if name not in speakers]
        learned, held_out = Labelled(), {"same speakers": Labelled(), "other speakers": Labelled()}
        for digit in names:
            takes = {
                name: draws.permutation(sorted(folder.glob(f"{digit}_{name}_*.wav"))).tolist() for name in everyone
            }
            for number in range(examples):
                learned.append((digit, read(takes[own[number % len(own)]].pop())))
            for kind, group in (("same speakers", own), ("other speakers", others)):
                for name in group:
                    held_out[kind] += [(digit, read(path)) for path in takes[name][: HELD_OUT // len(group)]]
        return Problem(learned, held_out, 8000)

    return make


def sounds(labels: Sequence[str]) -> Callable[[Path, int, int], Problem]:
    """Sounds of ESC-10; held-out clips are of other recordings."""

    def make(data: Path, examples: int, seed: int) -> Problem:
        place, draws = data / "esc10_16k", np.random.default_rng(seed)
        with (place / "meta.csv").open() as file:
            rows = list(csv.DictReader(file))
        learned, held_out = Labelled(), Labelled()
        for label in labels:
            own = [row for row in rows if row["label"] == label]
            recordings = draws.permutation(sorted({row["freesound_id"] for row in own})).tolist()
            own.sort(key=lambda row: recordings.index(row["freesound_id"]))
            known = {row["freesound_id"] for row in own[:examples]}
            new = [row for row in own if row["freesound_id"] not in known][:HELD_OUT]
            learned += [(label, read(place / "audio" / row["file"])) for row in own[:examples]]
            held_out += [(label, read(place / "audio" / row["file"])) for row in new]
        return Problem(learned, {"other recordings": held_out}, 16_000)

    return make


def syllables(labels: str) -> Callable[[Path, int, int], Problem]:
    """Syllables of one bird, cut out of its songs."""

    def make(data: Path, examples: int, seed: int) -> Problem:
        place, draws = data / "sed_birdsong_bird0", np.random.default_rng(seed)
        with (place / "events.csv").open() as file:
            rows = list(csv.DictReader(file))
        learned, held_out = Labelled(), Labelled()
        for label in labels:
            own = [row for row in rows if row["label"] == label]
            drawn = [own[number] for number in draws.permutation(len(own))[: examples + HELD_OUT]]
            cut = [
                (label, read(place / "audio" / row["file"], float(row["onset_s"]), float(row["offset_s"])))
                for row in drawn
            ]
            learned += cut[:examples]
            held_out += cut[examples:]
        return Problem(learned, {"same bird": held_out}, 16_000)

    return make


PROBLEMS: dict[str, Callable[[Path, int, int], Problem]] = {
    "digits 4 7 9 of one speaker": digits("479", ["jackson"]),
    "digits 0 1 2 of one speaker": digits("012", ["lucas"]),
    "digits 7 8 9 of five speakers": digits("789", ["george", "jackson", "lucas", "nicolas", "theo"]),
    "baby, sneezing, rooster": sounds(["crying_baby", "sneezing", "rooster"]),
    "syllables 1 5 8": syllables("158"),
}
MINIATURE = {"digits 0 1 of one speaker": digits("01", ["george"])}
"""For --smoke."""


def read(path: Path, begin_s: float = 0.0, end_s: float | None = None) -> Sound:
    """A sound, or a part of it."""
    sound, rate_hz = soundfile.read(path, dtype="float32")
    found: Sound = sound[round(begin_s * rate_hz) : None if end_s is None else round(end_s * rate_hz)]
    return found


def write(clips: Labelled, folder: Path, rate_hz: int) -> Path:
    """Writes the clips into a folder per class."""
    for number, (label, sound) in enumerate(clips):
        (folder / label).mkdir(parents=True, exist_ok=True)
        soundfile.write(folder / label / f"{number}.wav", sound, rate_hz, subtype="FLOAT")
    return folder


def measure(case: tuple[str, str, int, int], options: Namespace) -> dict[str, Scores]:
    """Scores by whose the held-out clips are, of a kind of settings, a problem, a number of examples and a seed."""
    kind, name, examples, seed = case
    problem = (MINIATURE if options.smoke else PROBLEMS)[name](options.data, examples, seed)
    found = {}
    with tempfile.TemporaryDirectory() as temporary:
        folder, rate_hz = Path(temporary), problem.rate_hz
        clips = write(problem.examples, folder / "examples", rate_hz)
        started_at = time.process_time()
        settings = SETTINGS[kind] | {"seed": seed, "threads": 1, "cache_dir": "none"} | options.overrides
        run = echoic.train("classify", clips, out=folder / "run", **settings)
        seconds = time.process_time() - started_at
        for whose, held_out in problem.held_out.items():
            if not held_out:
                continue
            evaluation = run.evaluate(write(held_out, folder / whose, rate_hz))
            found[whose] = Scores(
                evaluation.scores["accuracy"],
                live_accuracy(run, held_out, rate_hz, None),
                live_accuracy(run, held_out, rate_hz, NOISE_DB),
                evaluation.baselines["nearest_centroid"]["accuracy"],
                seconds,
            )
    print(*case, found, flush=True)
    return found


def live_accuracy(run: echoic.Run, held_out: Labelled, rate_hz: int, noise_db: float | None) -> float:
    """The fraction of the clips that a stream finds and names, played one after the other."""
    gap = np.zeros(round(GAP_S * rate_hz), np.float32)
    parts, spans, at = [gap], list[tuple[str, float, float]](), len(gap)
    for label, sound in held_out:
        spans.append((label, at / rate_hz, (at + len(sound)) / rate_hz))
        parts += [sound, gap]
        at += len(sound) + len(gap)
    played = np.concatenate(parts)
    if noise_db is not None:
        noise = np.random.default_rng(0).standard_normal(len(played))
        played = played + (10 ** (noise_db / 20) * noise).astype(np.float32)
    stream = run.stream(pause_s=PAUSE_S)
    result, state = stream.push(played, stream.start())
    found = [*result.ended, *stream.finish(state).ended]

    def named(begin_s: float, end_s: float) -> str | None:
        shared = [(min(one.offset_s, end_s) - max(one.onset_s, begin_s), one.label) for one in found]
        longest_s, label = max(shared, default=(0.0, ""))
        return label if longest_s > 0 else None

    return statistics.fmean(named(begin_s, end_s) == label for label, begin_s, end_s in spans)


def percent(values: Sequence[float]) -> str:
    """Mean and standard deviation in percent."""
    return spread([100 * value for value in values], 1)


def main() -> None:
    """Trains and plays all problems, and prints the table."""
    keep_freed_memory()
    parser = arguments(__doc__ or "")
    parser.add_argument("--processes", type=int, default=1, help="trainings at a time, of one thread each")
    options = parse(parser, "fsdd")
    names = list(MINIATURE if options.smoke else PROBLEMS)
    groups = [*product(["--live"], names, [5, 10]), *product(["defaults"], names, [10])]
    cases = [(*group, seed) for group in groups for seed in range(options.seeds)]
    if options.processes > 1:
        with ProcessPoolExecutor(options.processes, get_context("spawn")) as pool:
            measured = list(pool.map(measure, cases, [options] * len(cases)))
    else:
        measured = [measure(case, options) for case in cases]
    rows = []
    for number, (kind, name, examples) in enumerate(groups):
        runs = measured[number * options.seeds : (number + 1) * options.seeds]
        for whose in runs[0]:
            columns = list(zip(*(run[whose] for run in runs), strict=True))
            cells = [percent(column) for column in columns[:4]]
            rows.append([name, examples, kind, whose, *cells, f"{statistics.fmean(columns[4]):.0f}"])
    headers = [
        "three sounds", "examples of each", "settings", "held-out clips of", "offline, %", "live in silence, %",
        f"live in noise at {NOISE_DB:g} dB, %", "nearest centroid, offline, %", "CPU seconds to train",
    ]  # fmt: skip
    title = f"Classifiers from few examples, {options.seeds} seeds"
    publish("few-examples", title, table(headers, rows), write=options.write)


if __name__ == "__main__":
    main()
