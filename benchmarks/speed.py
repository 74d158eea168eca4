"""Time of whole processes: `echoic train` on ETTh1, horizon 96, and NeuralForecast's GRU of the same size.

Batch size and number of steps are the same, too. echoic also runs with its kernels off, to show their effect. Processes
alternate, so that a busy machine slows all of them. `--peer` is a Python interpreter with neuralforecast installed.
"""

import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from common import arguments, parse, publish, table

PEER = "NeuralForecast GRU"
LAYERS, WINDOWS, STEPS, HORIZON = 128, 64, 266, 96


def echoic_command(file: Path, strategy: str, *, smoke: bool) -> list[str]:
    """Two epochs with 64 windows of 7 channels per batch: 266 steps, then an evaluation on dev."""
    options: dict[str, object] = {
        "time": "date", "lookback": 96, "horizon": HORIZON, "split": "8640,2880,2880", "layers": LAYERS,
        "batch-size": WINDOWS, "epochs": 2, "evals-per-epoch": 1, "strategy": strategy, "channels": "independent",
        "out": "run",
    }  # fmt: skip
    if smoke:
        options |= {"split": "960,320,320", "layers": 8, "epochs": 1, "lookback": 24, "horizon": 8}
    flags = [part for name, value in options.items() for part in (f"--{name}", str(value))]
    return [sys.executable, "-m", "echoic", "train", "forecast", str(file), *flags]


def peer_command(peer: str, file: Path) -> list[str]:
    """The same number of steps and of rows per batch."""
    script = Path(__file__).parent / "peers" / "neuralforecast_gru.py"
    sizes = {"layers": LAYERS, "windows": WINDOWS, "steps": STEPS, "horizon": HORIZON}
    return [
        peer,
        str(script),
        str(file),
        *(part for name, value in sizes.items() for part in (f"--{name}", str(value))),
    ]


def time_process(command: list[str], kernel: str) -> float:
    """Wall time of a process in seconds; its output is discarded."""
    started_at = time.monotonic()
    with tempfile.TemporaryDirectory() as folder:
        environment = os.environ | {"ECHOIC_KERNEL": kernel}
        subprocess.run(command, cwd=folder, check=True, capture_output=True, env=environment)
    return time.monotonic() - started_at


def peer_versions(peer: str | None) -> list[str]:
    """Versions of neuralforecast and torch in an interpreter; empty if they are not installed."""
    code = "from importlib.metadata import version as v; print(v('neuralforecast'), v('torch'))"
    if peer is None:
        return []
    return subprocess.run([peer, "-c", code], check=False, capture_output=True, text=True).stdout.split()


def main() -> None:
    """Measures all processes in interleaved rounds, the first of them not counted, and prints the table."""
    parser = arguments(__doc__ or "")
    parser.add_argument("--peer", help="Python with neuralforecast installed; its row is left out by default")
    options = parse(parser, "ett_h1")
    file = (options.data / "ett_h1" / "ETTh1.csv").resolve()
    segments, direct = (echoic_command(file, strategy, smoke=options.smoke) for strategy in ("segments", "direct"))
    commands = {
        "echoic, segments (default)": (segments, "auto"),
        "echoic, segments, kernels off": (segments, "off"),
        "echoic, direct (a GRU over all 96 steps, like the peer)": (direct, "auto"),
        "echoic, direct, kernels off": (direct, "off"),
    }
    versions = peer_versions(options.peer)
    if versions:
        commands = {PEER: (peer_command(options.peer, file), "auto"), **commands}
        note = f"neuralforecast {versions[0]} with torch {versions[1]}; "
    else:
        note = "NeuralForecast is left out: it requires `--peer`, a Python with neuralforecast installed. "
    if options.smoke:
        commands = dict(list(commands.items())[:1])
    times: dict[str, list[float]] = {name: [] for name in commands}
    for round_number in range(options.seeds + (not options.smoke)):
        for name, (command, kernel) in commands.items():
            elapsed = time_process(command, kernel)
            if round_number or options.smoke:
                times[name].append(elapsed)
    headers = ["process", "median seconds", "speedup over the peer (median)", "lowest"]
    rows = [[name, f"{statistics.median(one):.1f}", *speedup(times.get(PEER), one)] for name, one in times.items()]
    body = f"{table(headers, rows)}\n\n{note}{STEPS} steps of {WINDOWS * 7} rows, {LAYERS} units."
    publish("speed", "Whole training runs against NeuralForecast", body, write=options.write)


def speedup(peer: list[float] | None, seconds: list[float]) -> tuple[str, str]:
    """Median and minimum, over rounds, of the ratio of the peer's time to ours."""
    if peer is None:
        return "-", "-"
    ratios = [theirs / ours for theirs, ours in zip(peer, seconds, strict=True)]
    return f"{statistics.median(ratios):.2f}", f"{min(ratios):.2f}"


if __name__ == "__main__":
    main()
