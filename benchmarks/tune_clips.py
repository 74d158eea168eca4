"""Classifiers that are tuned without a look at the test clips, against the defaults with the same seeds."""

import argparse
import csv
import statistics
from pathlib import Path
from typing import Any

import clip_sets
import echoic
from common import spread, table
from echoic.cli.allocator import keep_freed_memory
from echoic.studies.study import Study
from studies import counted, settings_text, study_of

VOWELS_SPLIT = (0.7, 0.3, 0)
"""Of the training file while settings are searched: a tenth of 270 utterances would say little."""

HEADERS = ["defaults: test accuracy, %", "tuned: test accuracy, %", "seeds", "trials", "winner"]


def vowels(options: argparse.Namespace) -> str:
    """One row; the winner and the defaults are trained on the whole training file."""
    keep_freed_memory()
    train, test = (
        str(options.data / "uea_japanesevowels" / f"JapaneseVowels_{split}.ts") for split in ("TRAIN", "TEST")
    )
    study = study_of("vowels", "classify", train, options, split=VOWELS_SPLIT)
    plain, tuned = _accuracies(study, train, options, "vowels", test_data=test)
    return table(HEADERS, [[spread(plain, 2), spread(tuned, 2), *_about(study, tuned)]])


def esc10(options: argparse.Namespace) -> str:
    """A row per outer fold, which is tested on; of the others one is dev while settings are searched."""
    keep_freed_memory()
    rows, every = [], list[tuple[list[float], list[float]]]()
    for fold in options.folds.split(",")[: 1 if options.smoke else None]:
        place = options.data / "esc10_16k"
        inner = _without_outer_fold(place / "meta.csv", fold, options.studies or options.scratch)
        settings: dict[str, Any] = {"audio": place / "audio", "group": "freesound_id"}
        study = study_of(f"esc10-{fold}", "classify", str(inner), options, **settings)
        outer = clip_sets.sounds(options.data, fold)
        plain, tuned = _accuracies(study, str(outer.data), options, f"fold {fold}", **outer.options)
        every.append((plain, tuned))
        rows.append([fold, spread(plain, 2), spread(tuned, 2), *_about(study, tuned)])
    body = table(["outer fold", *HEADERS], rows)
    if len(rows) > 1:
        # A seed has a score on every fold, and the mean of them is its accuracy.
        kinds = [[statistics.fmean(one) for one in zip(*kind, strict=True)] for kind in zip(*every, strict=True)]
        body += f"\n\nMean of the folds: defaults {spread(kinds[0], 2)} %, tuned {spread(kinds[1], 2)} %."
    return body


def _accuracies(
    study: Study, data: str, options: argparse.Namespace, name: str, **settings: Any
) -> tuple[list[float], list[float]]:
    """Test accuracies in percent of the defaults and of the winner, with seeds that the search has not seen.

    `settings` say what the data are.
    """
    found = list[list[float]]()
    for kind, chosen in (("defaults", {}), ("tuned", dict(study.winner.settings))):
        found.append([])
        for seed in range(1, options.seeds + 1):
            given = settings | chosen | {"seed": seed, "threads": options.threads} | options.overrides
            scores = echoic.train("classify", data, **given).evaluate().scores
            found[-1].append(100 * scores["accuracy"])
            print(f"{name}, {kind}, seed {seed}: test accuracy {found[-1][-1]:.2f} %", flush=True)
    return found[0], found[1]


def _about(study: Study, tuned: list[float]) -> list[object]:
    return [len(tuned), counted(study), settings_text(study.winner.settings)]


def _without_outer_fold(meta: Path, fold: str, folder: Path) -> Path:
    """A table of the other folds, the first after the outer one as dev."""
    with meta.open() as file:
        rows = list(csv.DictReader(file))
    folds = sorted({row["fold"] for row in rows})
    dev = folds[(folds.index(fold) + 1) % len(folds)]
    kept = [row | {"split": "dev" if row["fold"] == dev else "train"} for row in rows if row["fold"] != fold]
    path = folder / f"esc10-without-{fold}.csv"
    with path.open("w", newline="") as file:
        writer = csv.DictWriter(file, kept[0])
        writer.writeheader()
        writer.writerows(kept)
    return path
