"""Small data for each job, made in a folder."""

import json
from pathlib import Path

import numpy as np
import soundfile

HUGE = 1e6
STEPS = 400
SIZES = (240, 80, 80)


def sine(_folder: Path, changed: str | None = None) -> np.ndarray:
    """A sine; from the changed part on it is something else."""
    values = np.sin(np.arange(STEPS) / 4).astype(np.float32)
    first = {"train": SIZES[0] - 40, "dev": SIZES[0], "test": SIZES[0] + SIZES[1], None: STEPS}[changed]
    values[first:] = HUGE + 7 * np.arange(STEPS - first) % 11
    return values


def tunes(folder: Path, changed: str | None = None) -> Path:
    """A scale that goes up and down over a drone, in JSON; the changed part has another melody, beyond its range."""
    scale = [60, 62, 64, 65, 67, 65, 64, 62]
    songs = {split: [[[48, pitch] for pitch in scale * 4] for _ in range(4)] for split in ("train", "valid", "test")}
    if changed is not None:
        songs[{"dev": "valid"}.get(changed, changed)] = [[[20, 90 + step % 5] for step in range(32)] for _ in range(4)]
    path = folder / "tunes.json"
    path.write_text(json.dumps(songs))
    return path


def lines(folder: Path, changed: str | None = None) -> Path:
    """The alphabet over and over; the changed part has its letters in another order."""
    text = list("abcdefghij" * (STEPS // 10))
    first = {"train": SIZES[0] - 40, "dev": SIZES[0], "test": SIZES[0] + SIZES[1], None: STEPS}[changed]
    last = SIZES[0] if changed == "train" else STEPS
    text[first:last] = "jbahcgdief" * ((last - first) // 10)
    path = folder / "text.txt"
    path.write_text("".join(text))
    return path


def hum(folder: Path, changed: str | None = None) -> Path:
    """A tone with an overtone; from the changed part on it is another one, and louder."""
    samples = 10 * STEPS
    wave = 0.3 * np.sin(np.arange(samples) * 0.3) + 0.1 * np.sin(np.arange(samples) * 0.9)
    first = 10 * {"train": SIZES[0] - 40, "dev": SIZES[0], "test": SIZES[0] + SIZES[1], None: STEPS}[changed]
    wave[first:] = 0.8 * np.sin(np.arange(samples - first) * 0.7)
    path = folder / "hum.wav"
    soundfile.write(path, wave, 2000)
    return path


def beeps(folder: Path, changed: str | None = None) -> Path:
    """High and low tones of unequal length, in a table that names their parts; the changed part is noise."""
    draws = np.random.default_rng(0)
    rows = ["file,label,split"]
    for number in range(48):
        split, label = ("train", "dev", "test")[number % 3], ("low", "high")[number // 3 % 2]
        time = np.arange(int(draws.integers(300, 700)))
        tone = np.sin(time * {"low": 0.3, "high": 0.9}[label] + draws.uniform(0, 6)) * draws.uniform(0.1, 0.5)
        noise = draws.standard_normal(len(time))
        name = f"{number}-{changed}.wav"
        soundfile.write(folder / name, 0.9 * np.tanh(noise) if split == changed else tone + 0.01 * noise, 2000)
        rows.append(f"{name},{label},{split}")
    path = folder / f"beeps-{changed}.csv"
    path.write_text("\n".join(rows))
    return path


def signals(folder: Path, changed: str | None = None) -> Path:
    """Tones of two pitches with pauses, a recording a part; the changed part has other pitches at other times."""
    draws = np.random.default_rng(0)
    events = ["file,onset_s,offset_s,label,split"]
    for split in ("train", "dev", "test"):
        name, sound = f"{split}-{changed}.wav", 0.02 * draws.standard_normal(8000)
        for at in range(300, 7600, 500 if split != changed else 700):
            label = ("low", "high")[int(draws.integers(2))]
            pitch = {"low": 0.4, "high": 1.2}[label] + (0.5 if split == changed else 0)
            sound[at : at + 250] += 0.4 * np.sin(np.arange(250) * pitch)
            events.append(f"{name},{at / 2000},{(at + 250) / 2000},{label},{split}")
        soundfile.write(folder / name, sound, 2000)
    path = folder / f"events-{changed}.csv"
    path.write_text("\n".join(events))
    return path


def overlapping(folder: Path) -> Path:
    """Tones of two pitches that sound independently of each other, a recording a part."""
    draws = np.random.default_rng(1)
    events = ["filename,onset,offset,event_label,split"]
    for split in ("train", "train", "dev", "test"):
        name, sound = f"{split}-{len(events)}.wav", 0.02 * draws.standard_normal(16000)
        for label, pitch in (("low", 0.4), ("high", 1.2)):
            at = int(draws.integers(200, 600))
            while at < 15000:
                length = int(draws.integers(200, 700))
                sound[at : at + length] += 0.2 * np.sin(np.arange(length) * pitch)
                events.append(f"{name},{at / 2000},{(at + length) / 2000},{label},{split}")
                at += length + int(draws.integers(200, 700))
        soundfile.write(folder / name, sound, 2000, subtype="FLOAT")
    path = folder / "events.csv"
    path.write_text("\n".join(events))
    return path


def driven(folder: Path, changed: str | None = None) -> Path:
    """An input, and a target that is a saturated and smoothed version of it; the changed part is something else."""
    draws = np.random.default_rng(0)
    inputs = draws.standard_normal(STEPS)
    target = np.zeros(STEPS)
    for step in range(STEPS):
        target[step] = 0.6 * target[step - 1] + np.tanh(2 * inputs[step]) if step else 0.0
    first = {"train": SIZES[0] - 40, "dev": SIZES[0], "test": SIZES[0] + SIZES[1], None: STEPS}[changed]
    inputs[first:], target[first:] = 5 * inputs[first:], HUGE + 7 * np.arange(STEPS - first) % 11
    path = folder / "driven.csv"
    np.savetxt(path, np.stack([inputs, target], 1), header="u,y", comments="", delimiter=",", fmt="%.7g")
    return path


def phrases(folder: Path, changed: str | None = None) -> Path:
    """Sequences of three tones, a letter each, in a table with their texts; the changed part has other tones."""
    draws = np.random.default_rng(0)
    rows = ["file,text,split"]
    for number in range(48):
        split = ("train", "dev", "test")[number % 3]
        text = "".join("abc"[one] for one in draws.integers(3, size=int(draws.integers(2, 5))))
        sound = [np.zeros(100)]
        for letter in text:
            pitch = {"a": 0.3, "b": 0.7, "c": 1.2}[letter] + (0.25 if split == changed else 0)
            sound += [0.4 * np.sin(np.arange(240) * pitch), np.zeros(160)]
        noise = 0.01 * draws.standard_normal(sum(map(len, sound)))
        name = f"phrase-{number}-{changed}.wav"
        soundfile.write(folder / name, np.concatenate(sound) + noise, 2000)
        rows.append(f"{name},{text[::-1] if split == changed else text},{split}")
    path = folder / f"phrases-{changed}.csv"
    path.write_text("\n".join(rows))
    return path
