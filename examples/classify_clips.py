"""Trains a classifier of rising, falling and steady whistles, or of your clips in one folder per class."""

import argparse
import tempfile
from pathlib import Path

import numpy as np
import soundfile

import echoic

RATE_HZ = 8000
KINDS = {"falling": (1.3, 0.7), "rising": (0.7, 1.3), "steady": (1.0, 1.0)}
"""Start and end of a whistle relative to its pitch; rising and falling ones have the same mean pitch."""


def write_whistles(folder: Path, each: int, draws: np.random.Generator) -> None:
    """Writes `each` whistles of about half a second per kind, at random pitches, in noise."""
    for kind, (start, end) in KINDS.items():
        (folder / kind).mkdir()
        for number in range(each):
            samples = int(draws.uniform(0.3, 0.6) * RATE_HZ)
            pitch_hz = draws.uniform(600, 2000) * np.linspace(start, end, samples)
            sound = 0.3 * np.sin(2 * np.pi * np.cumsum(pitch_hz) / RATE_HZ) + 0.1 * draws.standard_normal(samples)
            soundfile.write(folder / kind / f"{number}.wav", sound, RATE_HZ)


def main() -> None:
    """Trains, evaluates, and predicts the classes of the first clips of the test split."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("clips", nargs="?", help="a folder with one folder of sound files per class")
    parser.add_argument("--epochs", type=int, default=40)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        if not options.clips:
            write_whistles(Path(folder), 100, np.random.default_rng(0))
        run = echoic.train("classify", options.clips or folder, layers=[48], hop_ms=16, lr=4e-3, epochs=options.epochs)
        evaluation = run.evaluate()
        predicted = run.predict()
    for name, scores in {"network": evaluation.scores, **evaluation.baselines}.items():
        print(f"{name}: accuracy: {scores['accuracy']:.1%}")
    for row in range(5):
        print(f"{predicted['file'][row]}: {predicted['label'][row]} ({predicted['confidence'][row]:.0%})")


if __name__ == "__main__":
    main()
