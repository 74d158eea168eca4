"""The defaults of each job against a study that takes as many minutes, by dev loss and test score.

Jobs whose trainings are long get the minutes as the time of one training with the defaults, or as the budget of a study
of short trainings; the others train with the defaults until dev stops them.
"""

import argparse
import math
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import echoic
from common import spread, table
from defaults import exchange_rates
from echoic.cli.allocator import keep_freed_memory
from echoic.metrics.goals import goal
from echoic.studies.training import dev_loss
from studies import counted, fresh_runs, settings_text, study_of

CIRCUIT = "wiener_hammerstein/WienerHammerstein_{}.hdf5"

TRIALS_PER_STUDY = 10
"""The time of a short training is this part of the budget of its study."""


class Set(NamedTuple):
    """A data set: its job, options that say what the data are, and whether its trainings are long."""

    job: str
    data: Callable[[Path], Any]
    options: Callable[[Path], dict[str, Any]] = lambda _: {}
    is_long: bool = False


class Scores(NamedTuple):
    """The lowest dev loss, and the headline score of test with its name."""

    dev: float
    test: float
    name: str


def _archive(folder: str, name: str) -> Set:
    """Series in a training and a test file."""
    return Set(
        "classify",
        lambda data: str(data / folder / f"{name}_TRAIN.ts"),
        lambda data: {"test_data": str(data / folder / f"{name}_TEST.ts")},
    )


def _circuit(data: Path) -> dict[str, Any]:
    files = {name: data / CIRCUIT.format(part) for name, part in (("dev", "valid"), ("test", "test"))}
    return files | {"inputs": ("u",), "targets": ("y",), "warmup": 1000}


def _birds(data: Path) -> dict[str, Any]:
    place = data / "sed_birdsong_bird0"
    return {"audio": place / "audio", "split_table": place / "split.csv"}


SETS: dict[str, Set] = {
    "ETTh1": Set(
        "forecast", lambda data: str(data / "ett_h1" / "ETTh1.csv"), lambda _: {"time": "date", "horizon": 24}
    ),
    "exchange rates": Set(
        "forecast",
        lambda data: exchange_rates(data / "exchange_rate" / "exchange_rate.txt.gz"),
        lambda _: {"horizon": 12},
    ),
    "JapaneseVowels": _archive("uea_japanesevowels", "JapaneseVowels"),
    "ItalyPowerDemand": _archive("ucr_small", "ItalyPowerDemand"),
    "bird0": Set("detect", lambda data: str(data / "sed_birdsong_bird0" / "events.csv"), _birds, is_long=True),
    "JSB chorales": Set("music", lambda data: str(data / "music_bl2012" / "JSB_Chorales.mat"), is_long=True),
    "Nottingham": Set("music", lambda data: str(data / "music_bl2012" / "Nottingham.mat"), is_long=True),
    "Tiny Shakespeare": Set("text", lambda data: str(data / "text_tinyshakespeare" / "input.txt"), is_long=True),
    "GPL-3": Set("text", lambda _: "/usr/share/common-licenses/GPL-3", is_long=True),
    "one voice": Set(
        "audio", lambda data: str(data / "speech_allison_16k" / "audio"), lambda _: {"rate_hz": 8000}, is_long=True
    ),
    "Wiener-Hammerstein": Set("map", lambda data: str(data / CIRCUIT.format("train")), _circuit, is_long=True),
    "prompts": Set(
        "transcribe",
        lambda data: str(data / "speech_allison_16k" / "text.csv"),
        lambda data: {"audio": data / "speech_allison_16k" / "audio"},
        is_long=True,
    ),
}


def defaults(options: argparse.Namespace) -> str:
    """A row per data set."""
    keep_freed_memory()
    names = ["ETTh1"] if options.smoke else options.sets.split(",") if options.sets else list(SETS)
    rows = []
    for name in names:
        job, data, settings = SETS[name].job, SETS[name].data(options.data), SETS[name].options(options.data)
        limits = [options.minutes, options.minutes / TRIALS_PER_STUDY] if SETS[name].is_long else [None, None]
        plain_config, short_config = ({"train": {"minutes": limit}} if limit else {} for limit in limits)
        plain = []
        for seed in range(1, options.seeds + 1):
            given = settings | {"seed": seed, "threads": options.threads} | options.overrides
            plain.append(_scores(echoic.train(job, data, config=plain_config, **given)))
            print(f"{name}, defaults, seed {seed}: dev {plain[-1].dev:.5g} test {plain[-1].test:.5g}", flush=True)
        study = study_of(name.replace(" ", "-"), job, data, options, config=short_config, **settings)
        tuned = [_scores(run) for run in fresh_runs(study, data, options, config=short_config, **settings)]
        dev = _spreads([[one.dev for one in kind] for kind in (plain, tuned)])
        test = _spreads([[one.test for one in kind] for kind in (plain, tuned)])
        score = plain[0].name
        better = "lower" if goal(score) == "low" else "higher"
        winner = settings_text(study.winner.settings)
        rows.append([job, name, *dev, f"{score} ({better} is better)", *test, counted(study), winner])
    headers = [
        "job", "data", "defaults: dev loss", "tuned: dev loss", "test score", "defaults: test", "tuned: test", "trials",
        "winner",
    ]  # fmt: skip
    return table(headers, rows)


def _spreads(kinds: list[list[float]]) -> list[str]:
    """Means and spreads, with three digits of the lowest value that is not 0."""
    lowest = min((abs(value) for kind in kinds for value in kind if value), default=1.0)
    return [spread(kind, max(3, 2 - math.floor(math.log10(lowest)))) for kind in kinds]


def _scores(run: echoic.Run) -> Scores:
    evaluation = run.evaluate()
    return Scores(dev_loss(run), evaluation.result[evaluation.headline], evaluation.headline)
