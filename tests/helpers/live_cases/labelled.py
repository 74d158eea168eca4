"""Detectors and classifiers, on sound and on the values of sensors."""

from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import soundfile
from job_data import beeps, overlapping, phrases, signals

import echoic
from live_cases.case import COMMON, FLOAT32, Case


def events(rows: list[tuple[float, float, float]]) -> np.ndarray:
    return np.array(rows, np.float64).reshape(-1, 3)


def found_events(results: list[Any]) -> np.ndarray:
    return events([(one.onset_s, one.offset_s, one.confidence) for result in results for one in result.events])


def detect(folder: Path, **settings: Any) -> Case:
    small = {"n_mels": 8, "hop_ms": 10, "conv_channels": (4,), "excerpt_s": 0.5, "lr": 2e-2} | settings
    run = echoic.train("detect", signals(folder), out=folder / "run", **COMMON | small | {"epochs": 12})
    file = next(folder.glob("test*.wav"))

    def offline() -> np.ndarray:
        table = run.predict(file)
        assert len(table["onset_s"]) > 3  # there is something to compare
        return events(list(zip(table["onset_s"], table["offset_s"], table["confidence"], strict=True)))

    return Case(run, soundfile.read(file, dtype="float32")[0], found_events, offline, FLOAT32)


def detect_late_in_strides(folder: Path) -> Case:
    return detect(folder, conv_channels=(4, 4), conv_stride=3, delay_ms=40)


def detect_without_convolutions(folder: Path) -> Case:
    return detect(folder, conv_channels=(), cell="lstm")


def detect_with_overlap(folder: Path) -> Case:
    small = {"n_mels": 8, "hop_ms": 10, "conv_channels": (4,), "excerpt_s": 1.0, "lr": 2e-2, "batch_size": 4}
    run = echoic.train("detect", overlapping(folder), out=folder / "run", **COMMON | small | {"epochs": 20})
    file = next(folder.glob("test*.wav"))

    def in_order(found: np.ndarray) -> np.ndarray:
        """Live events come as they become certain, which is not the order of their onsets."""
        return found[np.lexsort(found.T[::-1])]

    def offline() -> np.ndarray:
        table = run.predict(file)
        onset_s, offset_s = table["onset_s"], table["offset_s"]
        assert (onset_s[1:] < offset_s[:-1] - 0.02).sum() > 3  # some overlap
        return in_order(events(list(zip(onset_s, offset_s, table["confidence"], strict=True))))

    sound = soundfile.read(file, dtype="float32")[0]
    return Case(run, sound, lambda results: in_order(found_events(results)), offline, FLOAT32)


def detect_sensors(folder: Path) -> Case:
    draws = np.random.default_rng(0)
    labels = ["" if at // 20 % 2 else ("a", "b")[at // 40 % 2] for at in range(1200)]
    level = np.array([{"": 0.0, "a": 1.0, "b": -1.0}[label] for label in labels])
    values = np.stack([level, -level], 1) + 0.1 * draws.standard_normal((1200, 2))
    pl.DataFrame({"x": values[:, 0], "y": values[:, 1], "label": labels}).write_csv(folder / "sensors.csv")
    run = echoic.train(
        "detect", folder / "sensors.csv", out=folder / "run", step_rate_hz=50, **COMMON | {"epochs": 8, "lr": 2e-2}
    )

    def offline() -> np.ndarray:
        table = run.predict(values[:600])
        assert len(table["onset_s"]) > 3  # there is something to compare
        return events(list(zip(table["onset_s"], table["offset_s"], table["confidence"], strict=True)))

    return Case(run, values[:600], found_events, offline, FLOAT32)


def classify(folder: Path, **settings: Any) -> Case:
    run = echoic.train("classify", beeps(folder), out=folder / "run", n_mels=8, batch_size=4, **COMMON | settings)
    file = folder / "2-None.wav"

    def joined(results: list[Any]) -> np.ndarray:
        (clip,) = [one for result in results for one in result.ended]
        return np.array([clip.offset_s, *clip.probs])

    def offline() -> np.ndarray:
        table, sound = run.predict(file), soundfile.info(file)
        return np.array([sound.duration, *(table[f"p({name})"][0] for name in ("high", "low"))])

    return Case(run, soundfile.read(file, dtype="float32")[0], joined, offline, FLOAT32)


def classify_by_attention(folder: Path) -> Case:
    return classify(folder, pooling="attention", conv_channels=(4, 4), conv_stride=2)


def classify_by_the_last_step(folder: Path) -> Case:
    return classify(folder, pooling="last", cell="lstm")


def transcribe(folder: Path, **settings: Any) -> Case:
    small = {"n_mels": 8, "conv_channels": (4,), "layers": (24,), "batch_size": 4, "lr": 1e-2} | settings
    run = echoic.train("transcribe", phrases(folder), out=folder / "run", **COMMON | small | {"epochs": 60})
    sound = np.concatenate([soundfile.read(folder / f"phrase-{at}-None.wav", dtype="float32")[0] for at in (2, 5, 8)])

    def joined(results: list[Any]) -> np.ndarray:
        return events([(one.onset_s, one.offset_s, one.confidence) for result in results for one in result.units])

    def offline() -> np.ndarray:
        rows = run.predict(folder / "long.wav")["units"]
        units = [unit for row in rows for unit in row]
        assert len(units) > 3  # there is something to compare
        return events([(unit["onset_s"], unit["offset_s"], unit["confidence"]) for unit in units])

    soundfile.write(folder / "long.wav", sound, 2000, subtype="FLOAT")
    return Case(run, sound, joined, offline, FLOAT32)


def transcribe_greedily_in_strides(folder: Path) -> Case:
    return transcribe(folder, conv_stride=3, decoder="greedy", cell="lstm")
