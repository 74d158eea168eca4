"""Sounds that overlap in scenes: each label by itself, and one label at a time.

Scenes of 10 s are made of the clips of ESC-10, as Salamon et al. (2017, Scaper) make theirs: two to seven clips of
random classes at random times, each cut to 0.5 to 4 s and 6 to 20 dB above pink noise. The clips of training, dev and
test scenes are those of folds 1 to 3, 4 and 5. All settings are the defaults; the test scenes are evaluated by these
runs only.
"""

import csv
import tempfile
import time
from argparse import Namespace
from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple, cast

import numpy as np
import soundfile
from numpy.typing import NDArray

import echoic
from common import arguments, parse, publish, spread, table
from echoic.cli.allocator import keep_freed_memory
from echoic.jobs.detect.evaluate import DetectEvaluation
from echoic.types import Event

RATE_HZ, SCENE_S = 16_000, 10.0
SCENES = {"train": (("1", "2", "3"), 400), "dev": (("4",), 80), "test": (("5",), 120)}
"""The folds of the clips, and the number of scenes."""

SCORES = ("frame_error_rate", "segment_f1", "segment_error_rate", "event_f1")


class Clip(NamedTuple):
    """A clip, its label and its samples from the first loud one on."""

    label: str
    samples: NDArray[np.float64]


def read_clips(data: Path, folds: Sequence[str]) -> list[Clip]:
    """The clips of some folds, without silence at both ends."""
    with (data / "meta.csv").open() as file:
        rows = [row for row in csv.DictReader(file) if row["fold"] in folds]
    clips = []
    for row in rows:
        samples, _ = soundfile.read(data / "audio" / row["file"])
        loud = np.flatnonzero(np.abs(samples) > 0.05 * np.abs(samples).max())
        clips.append(Clip(row["label"], samples[loud[0] : loud[-1] + 1]))
    return clips


def pink(draws: np.random.Generator, samples: int) -> NDArray[np.float64]:
    """Noise with a power of 1 that falls with frequency."""
    bins = np.fft.rfft(draws.standard_normal(samples))
    noise = np.fft.irfft(bins / np.sqrt(np.maximum(np.arange(len(bins)), 1)), samples)
    return np.asarray(noise / noise.std())


def scene(draws: np.random.Generator, clips: Sequence[Clip]) -> tuple[NDArray[np.float64], list[Event]]:
    """The sound of a scene, and the events in it."""
    samples = round(SCENE_S * RATE_HZ)
    sound, events = 0.01 * pink(draws, samples), list[Event]()
    for number in draws.integers(len(clips), size=int(draws.integers(2, 8))):
        label, whole = clips[number]
        own = whole[: round(draws.uniform(0.5, 4.0) * RATE_HZ)]
        begin = int(draws.integers(samples - len(own) + 1)) if len(own) < samples else 0
        level = 0.01 * 10 ** (draws.uniform(6, 20) / 20)
        sound[begin : begin + len(own)] += level * own / np.sqrt(np.mean(own**2))
        events.append(Event(begin / RATE_HZ, (begin + len(own)) / RATE_HZ, label))
    return np.clip(sound, -1, 1), events


def write_scenes(data: Path, folder: Path, *, smoke: bool) -> Path:
    """Writes all scenes, with `smoke` four of each split, and the table of their events; the same each time."""
    draws = np.random.default_rng(0)
    path = folder / "scenes.tsv"
    with path.open("w", newline="") as file:
        rows = csv.writer(file, delimiter="\t")
        rows.writerow(["filename", "onset", "offset", "event_label", "split"])
        for split, (folds, count) in SCENES.items():
            clips = read_clips(data, folds)
            for number in range(4 if smoke else count):
                name = f"{split}-{number}.flac"
                sound, events = scene(draws, clips)
                soundfile.write(folder / name, sound, RATE_HZ)
                for onset_s, offset_s, label in events:
                    rows.writerow([name, f"{onset_s:.4f}", f"{offset_s:.4f}", label, split])
    return path


def measure(options: Namespace, events: Path, seed: int, *, overlap: bool) -> dict[str, Any]:
    """Test scores of one run with post-processing, and of the baselines."""
    started_at = time.monotonic()
    settings = {"seed": seed, "threads": options.threads, "overlap": overlap} | options.overrides
    run = echoic.train("detect", events, **settings)
    elapsed = time.monotonic() - started_at
    found = cast("DetectEvaluation", run.evaluate())
    return {"model": found.postprocessed or found.scores, "baselines": found.baselines, "seconds": elapsed}


def main() -> None:
    """Makes the scenes, trains both kinds of networks, and prints the table."""
    keep_freed_memory()
    options = parse(arguments(__doc__ or ""), "esc10_16k")
    rows = list[list[str]]()

    def add(name: str, runs: Sequence[dict[str, float]], seconds: str = "") -> None:
        rows.append([name, *(spread([one[score] for one in runs], 4) for score in SCORES), seconds])

    with tempfile.TemporaryDirectory() as folder:
        events = write_scenes(options.data / "esc10_16k", Path(folder), smoke=options.smoke)
        for name, overlap in (("each label by itself", True), ("one label at a time", False)):
            runs = [measure(options, events, seed, overlap=overlap) for seed in range(options.seeds)]
            add(name, [one["model"] for one in runs], spread([one["seconds"] for one in runs], 0))
            for baseline in runs[0]["baselines"]:
                add(f"{name}: {baseline}", [runs[0]["baselines"][baseline]])
    title = f"Scenes of ESC-10 clips that overlap, {options.seeds} seeds"
    publish("overlap", title, table(["", *SCORES, "seconds"], rows), write=options.write)


if __name__ == "__main__":
    main()
