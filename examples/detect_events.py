"""Learns to detect two kinds of call in noise, then processes a recording chunk by chunk, as from a microphone."""

import argparse
import tempfile
from pathlib import Path

import numpy as np
import soundfile
import torch

import echoic

RATE_HZ = 8000
PITCH_HZ = {"cuckoo": 700, "owl": 350}
CHUNK_FRAMES = 7


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
        task = run.fitted.task
        (frames,) = task.features.of(task.series("test")[:1])
    for name, scores in {"network": evaluation.scores, **evaluation.baselines}.items():
        print(f"{name}: frame error rate {scores['frame_error_rate']:.1%}")
    stream, names, before, frame = run.stream(), ("", *task.labels), "", 0
    print(f"predictions with a latency of {1000 * task.latency_s:.0f} ms:")
    state = stream.start()
    for chunk in torch.split(frames, CHUNK_FRAMES):
        probs, state = stream.push(chunk, state)
        for row in probs:
            label = names[int(row.argmax())]
            if label != before:
                print(f"{frame * task.hop_s:5.2f} s  {label or '(no call)'}")
            before, frame = label, frame + 1


if __name__ == "__main__":
    main()
