"""Learn to read Morse code from generated signals, then write the text of a signal while it comes."""

import argparse
from pathlib import Path

import numpy as np

import echoic


def main() -> None:
    """Trains, evaluates, and writes the text of a test signal in blocks of 0.1 s."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--clips", type=int, default=4000)
    parser.add_argument("--minutes", type=float, default=5.0)
    parser.add_argument("--out", type=Path, default=Path("morse"))
    options = parser.parse_args()

    data = f"synth:morse,clips={options.clips},seconds=3,min_snr_db=0"
    run = echoic.train("transcribe", data, minutes=options.minutes, out=options.out)
    evaluation = run.evaluate()
    print(f"character error rate: {evaluation.scores['character_error_rate']:.3f}")
    for name, scores in evaluation.baselines.items():
        print(f"  {name}: {scores['character_error_rate']:.3f}")

    recording = run.fitted.task.series("test")[0]
    stream = run.stream()
    state = stream.start()
    for block in np.array_split(recording.values[:, 0], 30):
        result, state = stream.push(block, state)
        if result.current is not None:
            print(f"  so far: {result.current.text}")
    lines = [line.text for line in stream.finish(state).ended]
    print(f"found: {' '.join(lines)!r}, true: {recording.annotations.text!r}")


if __name__ == "__main__":
    main()
