"""Whole processes: `echoic train` on ETTh1, horizon 96, against NeuralForecast's GRU of the same size, batch and steps.

The same with the kernels off shows what they bring. Runs alternate, so that all meet the same machine. `--peer PYTHON`
is an interpreter with neuralforecast installed.
"""

import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from common import arguments, publish, table

LAYERS, WINDOWS, STEPS, HORIZON = 128, 64, 266, 96


def echoic_command(file: Path, out: str, strategy: str) -> list[str]:
    """Two epochs of batches of 64 windows of 7 channels: 266 steps, with a look at dev at the end."""
    options = {
        "time": "date", "lookback": 96, "horizon": HORIZON, "split": "8640,2880,2880", "layers": LAYERS,
        "batch-size": WINDOWS, "epochs": 2, "evals-per-epoch": 1, "strategy": strategy, "channels": "independent",
        "out": out,
    }  # fmt: skip
    flags = [part for name, value in options.items() for part in (f"--{name}", str(value))]
    return [sys.executable, "-m", "echoic", "train", "forecast", str(file), *flags]


def peer_command(peer: str, file: Path) -> list[str]:
    """The same number of steps of the same number of rows."""
    script = Path(__file__).parent / "peers" / "neuralforecast_gru.py"
    sizes = {"layers": LAYERS, "windows": WINDOWS, "steps": STEPS, "horizon": HORIZON}
    return [
        peer,
        str(script),
        str(file),
        *(part for name, value in sizes.items() for part in (f"--{name}", str(value))),
    ]


def seconds(command: list[str], kernel: str) -> float:
    """Wall time of a whole process, its output thrown away."""
    started_at = time.monotonic()
    with tempfile.TemporaryDirectory() as folder:
        environment = os.environ | {"ECHOIC_KERNEL": kernel}
        subprocess.run(command, cwd=folder, check=True, capture_output=True, env=environment)
    return time.monotonic() - started_at


def main() -> None:
    """Three interleaved rounds after one that is not counted."""
    parser = arguments(__doc__ or "")
    parser.add_argument("--peer", required=True, help="Python with neuralforecast")
    options = parser.parse_args()
    file = (options.data / "ett_h1" / "ETTh1.csv").resolve()
    segments, direct = (echoic_command(file, "run", strategy) for strategy in ("segments", "direct"))
    commands = {
        "NeuralForecast GRU": (peer_command(options.peer, file), "auto"),
        "echoic, segments (its default here)": (segments, "auto"),
        "echoic, segments, kernels off": (segments, "off"),
        "echoic, direct (a GRU over all 96 steps, as the peer's)": (direct, "auto"),
        "echoic, direct, kernels off": (direct, "off"),
    }
    times: dict[str, list[float]] = {name: [] for name in commands}
    for round_number in range(options.seeds + 1):
        for name, (command, kernel) in commands.items():
            took = seconds(command, kernel)
            if round_number:
                times[name].append(took)
    peer = times["NeuralForecast GRU"]
    rows = []
    for name, took in times.items():
        ratios = [theirs / ours for theirs, ours in zip(peer, took, strict=True)]
        rows.append([name, f"{statistics.median(took):.1f}", f"{statistics.median(ratios):.2f}", f"{min(ratios):.2f}"])
    version = subprocess.run(
        [options.peer, "-c", "from importlib.metadata import version as v; print(v('neuralforecast'), v('torch'))"],
        capture_output=True, text=True, check=True,
    ).stdout.split()  # fmt: skip
    body = table(["process", "median seconds", "times faster than the peer (median)", "worst round"], rows)
    body += (
        f"\n\nneuralforecast {version[0]} with torch {version[1]}; {STEPS} steps of {WINDOWS * 7} rows, {LAYERS} units."
    )
    publish("speed", "Whole training runs against NeuralForecast", body, write=options.write)


if __name__ == "__main__":
    main()
