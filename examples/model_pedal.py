"""Learn the sound of a diode clipper, the heart of many distortion pedals, from a simulated circuit."""

import argparse
import time
from pathlib import Path

import numpy as np
import soundfile
from numpy.typing import NDArray

import echoic

Floats = NDArray[np.float64]

RATE_HZ = 44_100
OVERSAMPLING = 8

RESISTANCE_OHM, CAPACITANCE_F = 2200.0, 10e-9
SATURATION_A, EMISSION_V = 2.52e-9, 0.0453
"""Two antiparallel 1N4148 diodes: saturation current, and emission coefficient times thermal voltage."""

DRIVE_V = 4.0
"""Volts of a sound at full scale."""


def plucked(clips: int, seconds: float, seed: int = 0) -> Floats:
    """Plucked strings `(clips, samples)` of many pitches and loudnesses, full scale 1."""
    draws = np.random.default_rng(seed)
    time_s = np.arange(round(seconds * RATE_HZ)) / RATE_HZ
    return np.stack([_strings(draws, time_s, seconds) for _ in range(clips)])


def _strings(draws: np.random.Generator, time_s: Floats, seconds: float) -> Floats:
    """Some plucked strings one after the other."""
    sound = np.zeros(len(time_s))
    for _ in range(draws.integers(2, 6)):
        since_s = np.maximum(0.0, time_s - draws.uniform(0, 0.7 * seconds))
        pitch_hz, decay_s = 82.4 * 2 ** (draws.integers(0, 37) / 12), draws.uniform(0.2, 1.0)
        for partial in range(1, int(min(20, 8000 / pitch_hz)) + 1):
            fading = np.exp(-since_s * partial**0.5 / decay_s) * np.minimum(1, since_s * 500)
            sound += draws.normal() / partial * fading * np.sin(2 * np.pi * partial * pitch_hz * since_s)
    return np.asarray(sound * 10 ** draws.uniform(-1.2, 0) / np.abs(sound).max())


def diode_clipper(sounds: Floats) -> Floats:
    """The voltage over the diodes, for sounds `(clips, samples)` that drive them through a resistor.

    The circuit is dv/dt = (u - v) / RC - 2 I / C sinh(v / V), by the trapezoidal rule with Newton's method, at eight
    times the sampling rate; the input is interpolated linearly.
    """
    step_s = 1 / (RATE_HZ * OVERSAMPLING)
    rate, diodes = 1 / (RESISTANCE_OHM * CAPACITANCE_F), 2 * SATURATION_A / CAPACITANCE_F
    voltage, made = np.zeros(len(sounds)), np.zeros_like(sounds)
    before, slope = np.zeros(len(sounds)), np.zeros(len(sounds))
    for sample, after in enumerate(DRIVE_V * sounds.T):
        for part in range(1, OVERSAMPLING + 1):
            drive = before + (after - before) * part / OVERSAMPLING
            known, guess = voltage + step_s / 2 * slope, voltage
            for _ in range(3):
                bent = guess / EMISSION_V
                slope = (drive - guess) * rate - diodes * np.sinh(bent)
                steepness = -rate - diodes / EMISSION_V * np.cosh(bent)
                guess = guess - (guess - known - step_s / 2 * slope) / (1 - step_s / 2 * steepness)
            voltage = guess
            slope = (drive - voltage) * rate - diodes * np.sinh(voltage / EMISSION_V)
        before = after
        made[:, sample] = voltage
    return made


def write_pairs(folder: Path, clips: int, seconds: float) -> None:
    """Writes `dry/` and `wet/`, with a sound of the same name in each."""
    dry = plucked(clips, seconds)
    for name, sounds in (("dry", dry), ("wet", diode_clipper(dry))):
        (folder / name).mkdir(parents=True)
        for number, sound in enumerate(sounds):
            soundfile.write(folder / name / f"{number:02}.wav", sound, RATE_HZ, "FLOAT")


def main() -> None:
    """Writes the pairs, trains for some minutes, and predicts a sound."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--clips", type=int, default=60)
    parser.add_argument("--seconds", type=float, default=2.0, help="length of a clip")
    parser.add_argument("--minutes", type=float, default=3.0)
    parser.add_argument("--folder", type=Path, default=Path("pedal"))
    options = parser.parse_args()

    write_pairs(options.folder, options.clips, options.seconds)
    run = echoic.train(
        "map",
        options.folder / "dry",
        targets=options.folder / "wet",
        layers=(32,),
        loss="esr",
        minutes=options.minutes,
        out=options.folder / "run",
    )
    evaluation = run.evaluate()
    print(f"error-to-signal ratio: {100 * evaluation.scores['esr']:.3f} %")
    for name, scores in evaluation.baselines.items():
        print(f"  {name}: {100 * scores['esr']:.2f} %")

    started_at = time.monotonic()
    print(run.write_signals(options.folder / "out.wav", options.folder / "dry" / "00.wav"))
    print(f"{options.seconds / (time.monotonic() - started_at):.0f} times faster than real time")


if __name__ == "__main__":
    main()
