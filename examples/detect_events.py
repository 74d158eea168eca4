"""Learns to detect two kinds of call in noise, then processes a recording chunk by chunk, as from a microphone."""

import argparse
import tempfile
from pathlib import Path

import numpy as np
import soundfile

import echoic

RATE_HZ = 8000
PITCH_HZ = {"cuckoo": 700, "owl": 350}
CHUNK_SAMPLES = 400


def write_recordings(folder: Path, recordings: int, draws: np.random.Generator) -> Path:
    """Recordings of five seconds, and the table of the calls in them."""
    rows = ["file,onset_s,offset_s,label"]
    for number in range(recordings):
        sound, at_s = 0.3 * draws.standard_normal(5 * RATE_HZ), draws.uniform(0.1, 0.4)
        while at_s < 4.5:
            label, length_s = list(PITCH_HZ)[int(draws.integers(2))], draws.uniform(0.1, 0.3)
            begin, end = round(at_s * RATE_HZ), round((at_s + length_s) * RATE_HZ)
            sound[begin:end] += 0.1 * np.sin(2 * np.pi * PITCH_HZ[label] * np.arange(end - begin) / RATE_HZ)
            rows.append(f"{number}.wav,{at_s:.3f},{at_s + length_s:.3f},{label}")
            at_s += length_s + draws.uniform(0.1, 0.5)
        soundfile.write(folder / f"{number}.wav", sound, RATE_HZ)
    (folder / "events.csv").write_text("\n".join(rows))
    return folder / "events.csv"


def main() -> None:
    """Trains, evaluates, and detects events in the first recording of the test split."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--epochs", type=int, default=25)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        events = write_recordings(Path(folder), 32, np.random.default_rng(0))
        run = echoic.train(
            "detect", events, n_mels=20, layers=[24], conv_channels=[8], delay_ms=40, lr=5e-3, epochs=options.epochs
        )
        evaluation = run.evaluate()
        recording = run.fitted.task.series("test")[0].values[:, 0]
    for name, scores in {"network": evaluation.scores, **evaluation.baselines}.items():
        print(f"{name}: frame error rate {scores['frame_error_rate']:.1%}")
    stream = run.stream()
    print(f"events, known {1000 * stream.delay_s:.0f} ms after their end:")
    state = stream.start()
    for number, chunk in enumerate(np.array_split(recording, round(len(recording) / CHUNK_SAMPLES)), 1):
        result, state = stream.push(chunk, state)
        for event in result.events:
            heard_s = number * CHUNK_SAMPLES / RATE_HZ
            print(f"{heard_s:5.2f} s: {event.label} from {event.onset_s:.2f} to {event.offset_s:.2f} s")


if __name__ == "__main__":
    main()
