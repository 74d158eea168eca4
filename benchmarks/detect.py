"""Syllables of a Bengalese finch (Bird0): frame and label error rates with the published split.

The recipes were chosen on dev; the test songs are evaluated by these runs only. The published results are those of
TweetyNet (means of ten runs), read from a file of the data set. Both use frames of 2 ms; TweetyNet's sound extends to
16 kHz, and ours to 8 kHz.
"""

import csv
import statistics
import tempfile
import time
from argparse import Namespace
from collections.abc import Sequence
from pathlib import Path
from typing import Any, cast

import echoic
from common import arguments, parse, publish, spread, table
from echoic.cli.allocator import keep_freed_memory
from echoic.jobs.detect.evaluate import DetectEvaluation

BIDIRECTIONAL: dict[str, Any] = {
    "hop_ms": 2, "window_ms": 16, "low_hz": 500, "conv_stride": 4, "conv_channels": (16, 32), "bidirectional": True,
    "cell": "lstm", "layers": (64,), "excerpt_s": 2.0, "epochs": 30, "lr": 3e-3, "patience": 99,
}  # fmt: skip

CAUSAL = BIDIRECTIONAL | {"bidirectional": False, "cell": "gru", "layers": (96,), "delay_ms": 40, "epochs": 20}
"""With half an analysis window and the rest of a stride, each output depends on 54 ms of future sound."""

TASKS: dict[str, tuple[float, dict[str, Any], str]] = {
    "bidirectional, 480 s": (480.0, BIDIRECTIONAL, "1.45 / 1.2 %; 0.10 / 0.06; postprocessed 1.15 %, 0.03"),
    "causal, 40 ms delay, 902 s": (1e9, CAUSAL, "1.8 / 1.45 %"),
}
"""Seconds of training songs, recipe, and required / targeted frame and label error rates."""

Scores = dict[str, float]


def shorten_split(split: Path, folder: Path, seconds: float) -> Path:
    """Writes a split table that keeps only the first `seconds` of training songs."""
    path, left = folder / "split.csv", seconds
    with split.open() as source, path.open("w", newline="") as file:
        rows = csv.writer(file)
        rows.writerow(["file", "split"])
        for row in csv.DictReader(source):
            if row["split"] == "train" and left <= 0:
                continue
            left -= float(row["duration_s"]) if row["split"] == "train" else 0
            rows.writerow([row["file"], row["split"]])
    return path


def select_events(events: Path, split: Path, folder: Path) -> Path:
    """Writes the events of the songs in the split table."""
    with split.open() as source:
        files = {row["file"] for row in csv.DictReader(source)}
    path = folder / "events.csv"
    with events.open() as source, path.open("w", newline="") as file:
        rows = csv.DictReader(source)
        selected = csv.DictWriter(file, rows.fieldnames or [])
        selected.writeheader()
        selected.writerows(row for row in rows if row["file"] in files)
    return path


def measure(options: Namespace, name: str, seed: int) -> dict[str, Any]:
    """Scores of one run on test, with and without postprocessing, and those of the baselines."""
    place = options.data / "sed_birdsong_bird0"
    seconds, recipe, _ = TASKS[name]
    with tempfile.TemporaryDirectory() as folder:
        split = shorten_split(place / "split.csv", Path(folder), seconds)
        events = select_events(place / "events.csv", split, Path(folder))
        started_at = time.monotonic()
        files: dict[str, Any] = {"audio": place / "audio", "split_table": split}
        settings = recipe | options.overrides | {"seed": seed, "threads": options.threads}
        run = echoic.train("detect", events, **files, **settings)
        elapsed = time.monotonic() - started_at
        evaluation = cast("DetectEvaluation", run.evaluate())
    return {
        "raw": evaluation.scores,
        "postprocessed": evaluation.postprocessed,
        "baselines": evaluation.baselines,
        "seconds": elapsed,
    }


def published(data: Path) -> list[list[str]]:
    """Mean results of TweetyNet with 480 s of training songs."""
    with (data / "sed_birdsong_bird0" / "published_tweetynet_bird0.csv").open() as file:
        rows = [row for row in csv.DictReader(file) if row["train_set_dur"] == "480"]
    results = []
    for cleanup in sorted({row["cleanup"] for row in rows}):
        matching = [row for row in rows if row["cleanup"] == cleanup]
        error, edits = (
            statistics.fmean(float(row[name]) for row in matching) for name in ("avg_error", "avg_segment_error_rate")
        )
        results.append(
            [f"TweetyNet, 480 s ({cleanup.replace('_', ' ')})", f"{error:.2f}", f"{edits:.4f}", "", "", "", ""]
        )
    return results


def line(name: str, runs: Sequence[Scores], seconds: str = "") -> list[str]:
    """A table row of scores."""
    return [
        name,
        spread([100 * one["frame_error_rate"] for one in runs], 2),
        spread([one["label_error_rate"] for one in runs], 4),
        spread([one["event_f1"] for one in runs], 3),
        spread([one["extra_transitions_per_s"] for one in runs], 2),
        seconds,
        TASKS[name][2] if name in TASKS else "",
    ]


def main() -> None:
    """Trains and evaluates all tasks, and prints the table."""
    keep_freed_memory()
    parser = arguments(__doc__ or "")
    parser.add_argument("--tasks", default=";".join(TASKS), help="separated by semicolons, of: " + "; ".join(TASKS))
    options = parse(parser, "sed_birdsong_bird0")
    rows = []
    for name in options.tasks.split(";"):
        runs = [measure(options, name, seed) for seed in range(options.seeds)]
        rows.append(line(name, [one["raw"] for one in runs], f"{statistics.fmean(one['seconds'] for one in runs):.0f}"))
        rows.append(line(f"{name}, postprocessed", [one["postprocessed"] for one in runs]))
        rows += [line(f"{name}: {one}", [run["baselines"][one] for run in runs]) for one in runs[0]["baselines"]]
    headers = [
        "",
        "frame error rate, %",
        "label error rate",
        "event F1",
        "extra transitions per second",
        "seconds",
        "required / target",
    ]
    title = f"Bird0, test songs, {options.seeds} seeds"
    publish("detect", title, table(headers, [*rows, *published(options.data)]), write=options.write)


if __name__ == "__main__":
    main()
