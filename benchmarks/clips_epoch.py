"""Time of an epoch over 4,500 clips of 501 steps and 40 bands, for the networks of O4 and `torch.nn.LSTM`.

Epochs of all networks alternate, so that a busy machine slows all of them. The clips are noise, since only time is
measured. echoic's networks are trained by the classify job, with the batches, dropout and optimizer of every user.
"""

import statistics
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import nn

import echoic
from common import arguments, parse, publish, table
from echoic.cli.allocator import keep_freed_memory
from echoic.training import Progress

BANDS, CLASSES = 40, 15
BATCH = 32
SGD: dict[str, Any] = {
    "optimizer": "sgd", "lr": 1e-3, "lr_schedule": "constant", "warmup_fraction": 0.0, "dropout": 0.0,
    "batch_size": BATCH, "split": (0.98, 0.01, 0.01),
}  # fmt: skip
NETWORKS: dict[str, dict[str, Any]] = {
    "LSTM(128), last step": {"cell": "lstm", "layers": (128,), "pooling": "last"},
    "2 x GRU(256)": {"cell": "gru", "layers": (256, 256), "pooling": "last"},
    "convnet": {"model": "convnet"},
}
TARGETS = {"LSTM(128), last step": "25 / 11 s (30 min on a CPU, 11 s on a K80)"}
"""Required and targeted time, and those of the original system."""


def job_epochs(folder: Path, network: dict[str, Any], threads: int | None) -> Iterator[float]:
    """Yields the seconds of one epoch of the job."""
    files: dict[str, Any] = {"labels_path": folder / "labels.npy", "axes": "clip,band,frame", "threads": threads}
    while True:
        times: list[float] = []

        def on_progress(_: Progress, times: list[float] = times) -> None:
            times.append(time.monotonic())

        settings = files | SGD | network | {"epochs": 1}
        echoic.train("classify", folder / "features.npy", on_progress=on_progress, **settings)
        # The first batch is not counted: it includes reading and normalizing the data.
        yield (times[-1] - times[0]) * len(times) / (len(times) - 1)


def peer_epochs(folder: Path, threads: int | None) -> Iterator[float]:
    """Yields the seconds of one epoch of `torch.nn.LSTM` in a plain training loop."""
    clips = torch.from_numpy(np.load(folder / "features.npy")).transpose(1, 2).contiguous()
    labels = torch.from_numpy(np.load(folder / "labels.npy"))
    lstm, head = nn.LSTM(BANDS, 128, batch_first=True), nn.Linear(128, CLASSES)
    optimizer = torch.optim.SGD([*lstm.parameters(), *head.parameters()], 1e-3)
    if threads is not None:
        torch.set_num_threads(threads)
    while True:
        started_at = time.monotonic()
        for rows in torch.split(torch.randperm(len(clips)), BATCH):
            optimizer.zero_grad()
            scores = head(lstm(clips[rows])[0][:, -1])
            nn.functional.cross_entropy(scores, labels[rows]).backward()
            optimizer.step()
        yield time.monotonic() - started_at


def main() -> None:
    """Measures all networks in turn, and prints the table."""
    keep_freed_memory()
    options = parse(arguments(__doc__ or ""))
    clips, steps = (100, 10) if options.smoke else (4500, 501)
    generator = np.random.default_rng(0)
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place)
        np.save(folder / "features.npy", generator.standard_normal((clips, BANDS, steps), np.float32))
        np.save(folder / "labels.npy", generator.integers(0, CLASSES, clips))
        contenders = {name: job_epochs(folder, network, options.threads) for name, network in NETWORKS.items()}
        contenders["torch.nn.LSTM(128), plain loop"] = peer_epochs(folder, options.threads)
        times = {name: list[float]() for name in contenders}
        for _ in range(options.seeds):
            for name, epochs in contenders.items():
                times[name].append(next(epochs))
    rows = [
        [name, f"{statistics.median(seconds):.1f}", f"{min(seconds):.1f} to {max(seconds):.1f}", TARGETS.get(name, "")]
        for name, seconds in times.items()
    ]
    title = f"An epoch of {clips:,} clips of {steps} x {BANDS}, {options.threads or torch.get_num_threads()} threads"
    headers = ["", "seconds, median", "range", "required / target"]
    publish("clips-epoch", title, table(headers, rows), write=options.write)


if __name__ == "__main__":
    main()
