"""Trains on Python's documentation of strings, or on your text, and continues it."""

import argparse
import tempfile
from pathlib import Path

import echoic


def documentation() -> str:
    """The docstrings of the methods of strings."""
    return "\n\n".join(f"{name}: {getattr(str, name).__doc__}" for name in dir(str))


def main() -> None:
    """Trains, scores and writes."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("text", nargs="?", help="a text file; by default Python's documentation of str")
    parser.add_argument("--epochs", type=int, default=40)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        path = Path(options.text or Path(folder) / "str.txt")
        if not options.text:
            path.write_text(documentation())
        settings = {"split": (0.9, 0.1, 0), "layers": [128], "batch_size": 8}
        run = echoic.train("text", path, epochs=options.epochs, **settings)
        evaluation = run.evaluate(split="dev")
        for name, scores in {"network": evaluation.scores, **evaluation.baselines}.items():
            print(f"{name}: nats a character: {scores['nats_per_char']:.3f}")
        print(run.generate(200, temperature=0.7, seed=1))


if __name__ == "__main__":
    main()
