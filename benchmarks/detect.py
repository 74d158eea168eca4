"""Syllables of a Bengalese finch (Bird0): frames and strings of labels, by the published split.

Dev chose the recipes; the test songs are scored by these runs only. The published figures are those of TweetyNet (mean
of ten runs), read from the file beside the data. Their frames are of 2 ms, as are ours; their sound reaches 16 kHz, and
ours 8.
"""

import csv
import statistics
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import echoic
from common import arguments, publish, spread, table
from echoic.cli.allocator import keep_freed_memory

BOTH_WAYS: dict[str, Any] = {
    "hop_ms": 2, "window_ms": 16, "low_hz": 500, "conv_stride": 4, "conv_channels": (16, 32), "bidirectional": True,
    "cell": "lstm", "layers": (64,), "excerpt_s": 2.0, "epochs": 30, "lr": 3e-3, "patience": 99,
}  # fmt: skip

ONE_WAY = BOTH_WAYS | {"bidirectional": False, "cell": "gru", "layers": (96,), "delay_ms": 40, "epochs": 20}
"""With half a window and the rest of a stride, it hears 54 ms of what follows."""

WORK: dict[str, tuple[float, dict[str, Any], str]] = {
    "both ways, 480 s": (480.0, BOTH_WAYS, "1.45 / 1.2 %; 0.10 / 0.06; cleaned 1.15 %, 0.03"),
    "one way, 40 ms late, 902 s": (1e9, ONE_WAY, "1.8 / 1.45 %"),
}
"""Seconds of training songs, recipe, and bar / aim of frame error and segment error."""

Scores = dict[str, float]


def shortened(split: Path, folder: Path, seconds: float) -> Path:
    """The split table with the first training songs that make up `seconds`."""
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


def kept_events(events: Path, split: Path, folder: Path) -> Path:
    """The events of the songs that the split names."""
    files = {row["file"] for row in csv.DictReader(split.open())}
    path = folder / "events.csv"
    with events.open() as source, path.open("w", newline="") as file:
        rows = csv.DictReader(source)
        kept = csv.DictWriter(file, rows.fieldnames or [])
        kept.writeheader()
        kept.writerows(row for row in rows if row["file"] in files)
    return path


def measured(data: Path, name: str, seed: int, threads: int | None) -> dict[str, Any]:
    """One run: scores on test, raw and cleaned, and those of the naive ways."""
    place = data / "sed_birdsong_bird0"
    seconds, recipe, _ = WORK[name]
    with tempfile.TemporaryDirectory() as folder:
        split = shortened(place / "split.csv", Path(folder), seconds)
        events = kept_events(place / "events.csv", split, Path(folder))
        started_at = time.monotonic()
        run = echoic.train(
            "detect", events, audio=place / "audio", split_table=split, seed=seed, threads=threads, **recipe
        )
        took = time.monotonic() - started_at
        found = run.evaluate()
    return {"raw": found.scores, "cleaned": found.cleaned, "baselines": found.baselines, "seconds": took}


def published(data: Path) -> list[list[str]]:
    """TweetyNet's means with 480 s of songs."""
    with (data / "sed_birdsong_bird0" / "published_tweetynet_bird0.csv").open() as file:
        rows = [row for row in csv.DictReader(file) if row["train_set_dur"] == "480"]
    told = []
    for cleanup in sorted({row["cleanup"] for row in rows}):
        own = [row for row in rows if row["cleanup"] == cleanup]
        error, edits = (
            statistics.fmean(float(row[name]) for row in own) for name in ("avg_error", "avg_segment_error_rate")
        )
        told.append([f"TweetyNet, 480 s ({cleanup.replace('_', ' ')})", f"{error:.2f}", f"{edits:.4f}", "", "", "", ""])
    return told


def line(name: str, runs: Sequence[Scores], seconds: str = "") -> list[str]:
    """A row of scores."""
    return [
        name,
        spread([100 * one["frame_error_rate"] for one in runs], 2),
        spread([one["label_error_rate"] for one in runs], 4),
        spread([one["event_f1"] for one in runs], 3),
        spread([one["extra_transitions_per_s"] for one in runs], 2),
        seconds,
        WORK[name][2] if name in WORK else "",
    ]


def main() -> None:
    """Work after work, seed after seed."""
    keep_freed_memory()
    parser = arguments(__doc__ or "")
    parser.add_argument("--work", default=";".join(WORK), help="of " + "; ".join(WORK))
    options = parser.parse_args()
    rows = []
    for name in options.work.split(";"):
        runs = [measured(options.data, name, seed, options.threads) for seed in range(options.seeds)]
        rows.append(line(name, [one["raw"] for one in runs], f"{statistics.fmean(one['seconds'] for one in runs):.0f}"))
        rows.append(line(f"{name}, cleaned up", [one["cleaned"] for one in runs]))
        rows += [line(f"{name}: {naive}", [one["baselines"][naive] for one in runs]) for naive in runs[0]["baselines"]]
    headers = ["", "frame error, %", "segment error", "event F1", "jitter a second", "seconds", "bar / aim"]
    title = f"Bird0, test songs, {options.seeds} seeds"
    publish("detect", title, table(headers, [*rows, *published(options.data)]), write=options.write)


if __name__ == "__main__":
    main()
