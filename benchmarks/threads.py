"""Training steps with one and two threads, and OpenMP's barrier spinning as long as it comes, briefly, or not at all.

Each measurement is a process of its own, and the rows of a network alternate, so that a busy machine slows all of them.
`--busy` starts processes that keep a core busy each; other work on the machine shows in the load averages.
"""

import os
import statistics
import subprocess
import sys
import time
from argparse import Namespace
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import torch

import echoic
from common import arguments, parse, publish, table
from echoic.training import default_threads, training_work

BARRIERS: dict[str, dict[str, str]] = {
    "as it comes": {},
    "short (GOMP_SPINCOUNT=1000)": {"GOMP_SPINCOUNT": "1000"},
    "none (OMP_WAIT_POLICY=passive)": {"OMP_WAIT_POLICY": "passive"},
}
VARIANTS = [(1, "as it comes"), *((2, barrier) for barrier in BARRIERS)]
NETWORKS = ("16,16", "32", "64", "128", "256")
BATCH_SIZE, STEPS = 64, 100


def train_steps(layers: str, threads: int, seconds: float) -> None:
    """Trains for `seconds` and prints milliseconds per step, work per step and the default number of threads."""
    settings: dict[str, Any] = {"strategy": "recursive", "lookback": STEPS, "batch_size": BATCH_SIZE, "layers": layers}
    task = echoic.prepare("forecast", "synth:sine", **settings).task
    batch = next(iter(task.train_batches().epoch(0, 0)))
    model = task.build_model().train()
    default = default_threads(model, batch)
    torch.set_num_threads(threads)
    optimizer = torch.optim.AdamW(model.parameters(), fused=True)
    done, started_at = -1, time.perf_counter()
    while done < 1 or time.perf_counter() - started_at < seconds:
        if done == 0:
            started_at = time.perf_counter()  # the first step is not counted
        optimizer.zero_grad()
        loss = model.loss(batch)
        (loss.total / loss.num_values).backward()
        torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step()
        done += 1
    print((time.perf_counter() - started_at) / done * 1000, training_work(model, batch), default)


def measure(layers: str, threads: int, barrier: str, seconds: float) -> list[float]:
    """The numbers that `train_steps` prints, from a process of its own."""
    own = {name: value for name, value in os.environ.items() if not name.startswith(("OMP_", "GOMP_"))}
    command = [sys.executable, __file__, "--worker", layers, str(threads), str(seconds)]
    process = subprocess.run(command, env=own | BARRIERS[barrier], check=True, capture_output=True, text=True)
    return [float(number) for number in process.stdout.split()]


@contextmanager
def busy(count: int) -> Iterator[None]:
    """Keeps `count` cores busy for the block."""
    processes = [subprocess.Popen([sys.executable, "-c", "while True: pass"]) for _ in range(count)]
    try:
        yield
    finally:
        for process in processes:
            process.kill()
            process.wait()


def rows_of(layers: str, options: Namespace) -> list[list[str]]:
    """The rows of one network."""
    variants = VARIANTS[1:2] if options.smoke else VARIANTS
    found: dict[tuple[int, str], list[float]] = {variant: [] for variant in variants}
    work, default = 0.0, 0.0
    for _ in range(options.seeds):
        for variant, times in found.items():
            milliseconds, work, default = measure(layers, *variant, options.seconds)
            times.append(milliseconds)
    return [
        [
            layers, f"{work / 1e6:.1f}", f"{default:.0f}", str(threads), barrier if threads > 1 else "-",
            f"{statistics.median(times):.1f}", f"{min(times):.1f} to {max(times):.1f}",
        ]
        for (threads, barrier), times in found.items()
    ]  # fmt: skip


def main() -> None:
    """Measures all rows in interleaved rounds and prints the table."""
    if sys.argv[1:2] == ["--worker"]:
        train_steps(sys.argv[2], int(sys.argv[3]), float(sys.argv[4]))
        return
    parser = arguments(__doc__ or "")
    parser.add_argument("--busy", type=int, default=0, help="processes that keep a core busy each")
    parser.add_argument("--seconds", type=float, default=3.0, help="time of each measurement")
    options = parse(parser)
    if options.smoke:
        options.seconds = 0.01
    before = os.getloadavg()[0]
    with busy(options.busy):
        rows = [row for layers in NETWORKS[: 1 if options.smoke else None] for row in rows_of(layers, options)]
    headers = [
        "layers",
        "million multiplications",
        "default threads",
        "threads",
        "spin of the barrier",
        "ms per step",
        "spread",
    ]
    load = f"load average {before:.1f} before and {os.getloadavg()[0]:.1f} after, {options.busy} of it started here"
    body = (
        f"{table(headers, rows)}\n\nMedian and spread over {options.seeds} rounds of {options.seconds:g} s; "
        f"{BATCH_SIZE} windows of {STEPS} steps, GRU; {os.cpu_count()} cores, {load}."
    )
    publish(
        f"threads-busy-{options.busy}", f"One thread and two, {options.busy} busy processes", body, write=options.write
    )


if __name__ == "__main__":
    main()
