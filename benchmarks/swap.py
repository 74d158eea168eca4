"""Two public-style training scripts with only `nn.LSTM` swapped: the same loss curve, and how much sooner.

The processes take turns, with the same seeds, and glibc's allocator as it comes: what a user's plain script gets.
"""

import json
import os
import statistics
import subprocess
import sys
from pathlib import Path
from typing import Any

from common import arguments, publish, spread, table

FOLDER = Path(__file__).parent / "drop_in"
LAYERS = ("torch", "echoic")


def run(command: list[str], layer: str, seed: int, threads: int) -> dict[str, Any]:
    """What a script printed."""
    words = [sys.executable, *command, "--layer", layer, "--seed", str(seed)]
    environment = {**os.environ, "OMP_NUM_THREADS": str(threads)}
    done = subprocess.run(words, check=True, stdout=subprocess.PIPE, text=True, env=environment)
    found: dict[str, Any] = json.loads(done.stdout)
    return found


def gap(found: dict[str, list[dict[str, Any]]]) -> tuple[float, float]:
    """The largest distance between the two mean loss curves, and between two seeds of torch's at the same place."""
    curves = {layer: [one["losses"] for one in runs] for layer, runs in found.items()}
    means = [[statistics.mean(column) for column in zip(*curves[layer], strict=True)] for layer in LAYERS]
    between = max(abs(a - b) for a, b in zip(*means, strict=True))
    return between, max(max(column) - min(column) for column in zip(*curves["torch"], strict=True))


def main() -> None:
    """Seeds one after the other, the layers in turn."""
    parser = arguments(__doc__ or "")
    parser.set_defaults(threads=os.cpu_count())
    options = parser.parse_args()
    text = (options.data / "text_tinyshakespeare" / "input.txt").resolve()
    scripts = {
        "word language model": [str(FOLDER / "word_model.py"), str(text), "--steps", "100"],
        "sequence tagger": [str(FOLDER / "tagger.py"), "--steps", "140"],
    }
    rows = []
    for name, command in scripts.items():
        found: dict[str, list[dict[str, Any]]] = {layer: [] for layer in LAYERS}
        for seed in range(options.seeds):
            for layer in LAYERS:
                found[layer].append(run(command, layer, seed, options.threads))
        seconds = {layer: [one["seconds"] for one in runs] for layer, runs in found.items()}
        faster = [theirs / ours for theirs, ours in zip(seconds["torch"], seconds["echoic"], strict=True)]
        between, seeds = gap(found)
        rows.append(
            [
                name,
                *(spread([one["held_out"] for one in found[layer]]) for layer in LAYERS),
                f"{between:.4f} ({seeds:.4f})",
                *(f"{statistics.median(seconds[layer]):.1f}" for layer in LAYERS),
                f"{statistics.median(faster):.2f} ({min(faster):.2f}..{max(faster):.2f})",
            ]
        )
    headers = ["script", "held-out loss, torch", "with echoic", "largest gap of mean loss curves (of torch's seeds)"]
    headers += ["seconds, torch", "with echoic", "times faster, pair by pair"]
    title = f"Training scripts with only nn.LSTM swapped, {options.seeds} seeds, {options.threads} threads"
    publish("swap", title, table(headers, rows), write=options.write)


if __name__ == "__main__":
    main()
