"""Two typical training scripts with only `nn.LSTM` replaced by `echoic.nn.LSTM`: loss curves and speedup.

Processes alternate, with the same seeds. glibc's allocator has its default settings, as in a plain script of a user.
"""

import json
import os
import statistics
import subprocess
import sys
from pathlib import Path
from typing import Any

from common import arguments, parse, publish, spread, table

FOLDER = Path(__file__).parent / "drop_in"
LAYERS = ("torch", "echoic")


def run(command: list[str], layer: str, seed: int, threads: int) -> dict[str, Any]:
    """Runs a script; its results as printed in JSON."""
    arguments = [sys.executable, *command, "--layer", layer, "--seed", str(seed)]
    environment = {**os.environ, "OMP_NUM_THREADS": str(threads)}
    process = subprocess.run(arguments, check=True, stdout=subprocess.PIPE, text=True, env=environment)
    results: dict[str, Any] = json.loads(process.stdout)
    return results


def gap(results: dict[str, list[dict[str, Any]]]) -> tuple[float, float]:
    """Largest difference between the two mean loss curves, and between seeds of torch at the same step."""
    curves = {layer: [one["losses"] for one in runs] for layer, runs in results.items()}
    means = [[statistics.mean(column) for column in zip(*curves[layer], strict=True)] for layer in LAYERS]
    between = max(abs(a - b) for a, b in zip(*means, strict=True))
    return between, max(max(column) - min(column) for column in zip(*curves["torch"], strict=True))


def main() -> None:
    """Runs both scripts with both layers and all seeds, and prints the table."""
    parser = arguments(__doc__ or "")
    parser.set_defaults(threads=os.cpu_count())
    options = parse(parser, "text_tinyshakespeare")
    text = (options.data / "text_tinyshakespeare" / "input.txt").resolve()
    scripts = {
        "word language model": [str(FOLDER / "word_model.py"), str(text), "--steps", "2" if options.smoke else "100"],
        "sequence tagger": [str(FOLDER / "tagger.py"), "--steps", "2" if options.smoke else "140"],
    }
    if options.smoke:
        del scripts["word language model"]  # its libraries take seconds to load, four times
    rows = []
    for name, command in scripts.items():
        results: dict[str, list[dict[str, Any]]] = {layer: [] for layer in LAYERS}
        for seed in range(options.seeds):
            for layer in LAYERS:
                results[layer].append(run(command, layer, seed, options.threads))
        seconds = {layer: [one["seconds"] for one in runs] for layer, runs in results.items()}
        speedups = [theirs / ours for theirs, ours in zip(seconds["torch"], seconds["echoic"], strict=True)]
        difference, between_seeds = gap(results)
        rows.append(
            [
                name,
                *(spread([one["held_out"] for one in results[layer]]) for layer in LAYERS),
                f"{difference:.4f} ({between_seeds:.4f})",
                *(f"{statistics.median(seconds[layer]):.1f}" for layer in LAYERS),
                f"{statistics.median(speedups):.2f} ({min(speedups):.2f} to {max(speedups):.2f})",
            ]
        )
    headers = [
        "script",
        "held-out loss, torch",
        "with echoic",
        "largest difference of mean loss curves (of torch's seeds)",
    ]
    headers += ["seconds, torch", "with echoic", "speedup of each pair, median"]
    title = f"Training scripts with only nn.LSTM replaced, {options.seeds} seeds, {options.threads} threads"
    publish("swap", title, table(headers, rows), write=options.write)


if __name__ == "__main__":
    main()
