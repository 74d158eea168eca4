"""Trains on whistled syllables, or on your sound, generates more of it, and measures its drift."""

import argparse
import tempfile
from pathlib import Path

import numpy as np
import soundfile

import echoic

RATE_HZ = 4000


def whistle(seconds: int, draws: np.random.Generator) -> np.ndarray:
    """Syllables that glide from one pitch to another, with pauses and a little hiss."""
    pieces = []
    while sum(map(len, pieces)) < seconds * RATE_HZ:
        length = int(draws.integers(400, 1200))
        pitch_hz = np.linspace(*draws.uniform(300, 900, 2), length)
        syllable = 0.5 * np.hanning(length) * np.sin(2 * np.pi * np.cumsum(pitch_hz) / RATE_HZ)
        pieces += [syllable, np.zeros(int(draws.integers(100, 500)))]
    sound = np.concatenate(pieces)[: seconds * RATE_HZ]
    return sound + 1e-3 * draws.standard_normal(len(sound))


def main() -> None:
    """Trains, scores, and writes some seconds."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("sound", nargs="?", help="a sound file or a folder; by default whistling")
    parser.add_argument("--epochs", type=int, default=30)
    parser.add_argument("--seconds", type=int, default=90, help="length of the whistling")
    parser.add_argument("-o", "--output", default="more.wav")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        place = Path(options.sound or folder)
        if not options.sound:
            soundfile.write(place / "whistle.wav", whistle(options.seconds, np.random.default_rng(0)), RATE_HZ)
        sizes = {"layers": [64], "fast_hidden_size": 48, "conditioning_size": 16, "batch_size": 8, "tbptt_steps": 32}
        run = echoic.train("audio", place, **sizes, lr=4e-3, history_noise=1, epochs=options.epochs)
        evaluation = run.evaluate()
        for name, scores in {"network": evaluation.scores, **evaluation.baselines}.items():
            if "bits_per_sample" in scores:
                print(f"{name}: bits a sample: {scores['bits_per_sample']:.3f}")
        sound = run.generate("5s")
    soundfile.write(options.output, sound.samples[0], sound.rate_hz)
    if evaluation.drift is not None:
        print(f"streams that are alive to their end: {evaluation.scores['survival']:.0%}")


if __name__ == "__main__":
    main()
