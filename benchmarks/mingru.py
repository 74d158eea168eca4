"""minGRU against GRU: dev loss, parameters and CPU time on ETTh1 (segments) and Tiny Shakespeare.

The cells take turns within each seed, so that a busy machine slows all of them down alike. `--fraction` makes a short
version: that fraction of the training and dev windows of ETTh1, and the beginning of the text.
"""

import tempfile
import time
from argparse import Namespace
from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple

import echoic
from common import arguments, parse, publish, spread, table

ETT: dict[str, Any] = {
    "time": "date", "strategy": "segments", "lookback": 336, "horizon": 96, "evals_per_epoch": 1,
}  # fmt: skip
ETT_SPLIT = (8640, 2880, 2880)
TEXT: dict[str, Any] = {"split": (0.9, 0.1, 0.0), "epochs": 4}

HEADERS = ["data", "cell", "layers", "parameters", "dev loss", "to the GRU"]


class Network(NamedTuple):
    """A cell and the sizes of its layers."""

    cell: str
    layers: tuple[int, ...]


class Result(NamedTuple):
    """The outcome of one training."""

    dev_loss: float
    parameters: int
    cpu_seconds: float


def measure(job: str, data: Path, network: Network, seed: int, settings: dict[str, Any]) -> Result:
    """Trains one network."""
    with tempfile.TemporaryDirectory() as folder:
        prepared = echoic.prepare(job, data, cell=network.cell, seed=seed, **{"layers": network.layers} | settings)
        started_at = time.process_time()
        run = echoic.fit(prepared, out=Path(folder) / "run")
        cpu_seconds = time.process_time() - started_at
        parameters = sum(weights.numel() for weights in run.model.parameters())
        return Result(float(run.result()["best_dev_loss"]), parameters, cpu_seconds)


def compare(
    name: str, job: str, data: Path, networks: Sequence[Network], settings: dict[str, Any], options: Namespace
) -> list[list[object]]:
    """Trains all networks with all seeds, and prints a row of each training; the rows of the table."""
    settings = settings | {"threads": options.threads} | options.overrides
    results: dict[Network, list[Result]] = {network: [] for network in networks}
    for seed in range(options.seeds):
        for network in networks:
            result = measure(job, data, network, seed, settings)
            results[network].append(result)
            cells = [name, network.cell, str(network.layers), f"seed {seed}", f"{result.dev_loss:.4f}"]
            print("| " + " | ".join([*cells, f"{result.cpu_seconds:.0f} s"]) + " |", flush=True)
    rows: list[list[object]] = []
    gru = results[networks[0]]
    for network in networks:
        if network.cell == "gru":
            gru = results[network]
        rows.append(row(name, network, results[network], gru, times=options.times))
    return rows


def row(name: str, network: Network, own: Sequence[Result], gru: Sequence[Result], *, times: bool) -> list[object]:
    """A row of the table; ratios are to the GRU above it with the same seed."""
    pairs = list(zip(own, gru, strict=True))
    cells: list[object] = [name, network.cell, ", ".join(map(str, network.layers)), f"{own[0].parameters:,}"]
    cells += [spread([one.dev_loss for one in own]), spread([one.dev_loss / other.dev_loss for one, other in pairs], 3)]
    if times:
        cells += [spread([one.cpu_seconds for one in own], 0)]
        cells += [spread([one.cpu_seconds / other.cpu_seconds for one, other in pairs], 2)]
    return cells


def beginning(path: Path, fraction: float, folder: Path) -> Path:
    """A copy of the first part of a text."""
    text = path.read_text("utf-8")
    copy = folder / path.name
    copy.write_text(text[: round(fraction * len(text))], "utf-8")
    return copy


def main() -> None:
    """Trains on both data sets and prints the table."""
    parser = arguments(__doc__ or "")
    parser.add_argument("--fraction", type=float, default=1.0, help="fraction of the training data (default 1)")
    parser.add_argument("--sizes", type=int, nargs="+", default=[128, 256], help="hidden sizes of the layers")
    parser.add_argument("--times", action="store_true", help="add CPU seconds to the table (on an idle machine)")
    options = parse(parser, "ett_h1", "text_tinyshakespeare")
    ett = ETT | ({"split": (480, 160, 160), "lookback": 96, "horizon": 24} if options.smoke else {"split": ETT_SPLIT})
    ett |= {"stride": round(1 / options.fraction), "max_dev_windows": max(round(600 * options.fraction), 60)}
    if options.smoke:
        options.sizes = [8]
    networks = [Network(cell, (size,)) for size in options.sizes for cell in ("gru", "mingru")]
    rows = compare("ETTh1", "forecast", options.data / "ett_h1" / "ETTh1.csv", networks, ett, options)
    with tempfile.TemporaryDirectory() as folder:
        path = options.data / "text_tinyshakespeare" / "input.txt"
        text = beginning(path, options.fraction, Path(folder))
        networks = [
            Network(cell, (size,) * depth)
            for size in options.sizes
            for cell, depth in (("gru", 1), ("mingru", 1), ("mingru", 2))
        ]
        rows += compare("Tiny Shakespeare", "text", text, networks, TEXT, options)
    headers = [*HEADERS, "CPU seconds", "to the GRU"] if options.times else HEADERS
    body = table(headers, rows)
    if options.fraction < 1:
        body += f"\n\nTrained on {options.fraction:g} of the data: the networks are far from converged."
    publish("mingru", f"minGRU and GRU, {options.seeds} seeds", body, write=options.write)


if __name__ == "__main__":
    main()
