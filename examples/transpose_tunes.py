"""Compares training on tunes in one key with training in random keys, and generates a new tune.

Writes `transposed.mid` into the current folder.
"""

import argparse
import tempfile
from pathlib import Path

import echoic
from echoic.types.score import Key, Note, Song
from echoic.writers.midi import midi_bytes

PATTERNS = [(0, 4, 7, 12), (0, 7, 4, 7), (12, 7, 4, 0), (0, 2, 4, 5)]


def write_tunes(folder: Path) -> None:
    """Broken chords over I, IV, V and I, in C."""
    for number in range(12):
        pattern = PATTERNS[number % len(PATTERNS)]
        notes = [
            Note(4.0 * bar + beat, 60 + root + pattern[(beat + number) % 4], 1.0)
            for bar, root in enumerate((0, 5, 7, 0) * 2)
            for beat in range(4)
        ]
        (folder / f"tune{number}.mid").write_bytes(midi_bytes(Song("tune", tuple(notes), keys=(Key(0.0, "C"),))))


def main() -> None:
    """Trains both networks, and generates with the second."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--epochs", type=int, default=60)
    options = parser.parse_args()
    settings = {"grid": "quarter", "pitch_range": "48-96", "layers": [64], "dropout": 0.2}
    with tempfile.TemporaryDirectory() as folder:
        write_tunes(Path(folder))
        for keys in ("none", "random"):
            run = echoic.train("music", folder, **settings, transpose=keys, epochs=options.epochs)
            scores = run.evaluate().scores
            print(f"trained in {'one key' if keys == 'none' else 'random keys'}:")
            print(f"  nats per step, songs as given: {scores['nll_per_step']:.2f}")
            print(f"  in all twelve keys: {scores['nll_per_step_12_keys']:.2f}")
        made = run.generate("4bars", temperature=0.7, seed=1)
    Path("transposed.mid").write_bytes(midi_bytes(made.song))
    print(f"transposed.mid: {made.summary}")


if __name__ == "__main__":
    main()
