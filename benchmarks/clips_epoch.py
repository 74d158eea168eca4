"""What an epoch over 4,500 clips of 501 steps of 40 bands costs: the networks that O4 used, and torch's own LSTM.

Epochs of all networks take turns, so that a busy machine is busy for all of them. The clips are noise: only time is
measured. Training goes through the job, with batches, dropout and optimiser as a user has them.
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
from common import arguments, publish, table
from echoic.cli.allocator import keep_freed_memory

CLIPS, STEPS, BANDS, CLASSES = 4500, 501, 40, 15
BATCH = 32
SGD: dict[str, Any] = {
    "optimizer": "sgd", "lr": 1e-3, "lr_schedule": "constant", "warmup_fraction": 0.0, "dropout": 0.0,
    "batch_size": BATCH,
    "pooling": "last", "split": (0.98, 0.01, 0.01),
}  # fmt: skip
NETWORKS: dict[str, tuple[dict[str, Any], str]] = {
    "LSTM(128), last step": ({"cell": "lstm", "layers": (128,)}, "25 / 11 s (30 min on a CPU, 11 s on a K80)"),
    "2 x GRU(256)": ({"cell": "gru", "layers": (256, 256)}, ""),
    "convnet": ({"model": "convnet"}, ""),
}


def epochs_of(folder: Path, wanted: dict[str, Any], threads: int | None) -> Iterator[float]:
    """Seconds of an epoch, again and again."""
    files = {"labels": folder / "labels.npy", "axes": "clip,band,frame", "threads": threads}
    while True:
        times: list[float] = []
        echoic.train(
            "classify",
            folder / "features.npy",
            **files,
            **SGD,
            **wanted,
            epochs=1,
            on_progress=lambda _at, times=times: times.append(time.monotonic()),
        )
        # The first batch is left out: it comes after reading and normalising.
        yield (times[-1] - times[0]) * len(times) / (len(times) - 1)


def peer_epochs(folder: Path, threads: int | None) -> Iterator[float]:
    """The same with `torch.nn.LSTM` in a plain loop."""
    clips = torch.from_numpy(np.load(folder / "features.npy")).transpose(1, 2).contiguous()
    labels = torch.from_numpy(np.load(folder / "labels.npy"))
    lstm, head = nn.LSTM(BANDS, 128, batch_first=True), nn.Linear(128, CLASSES)
    optimizer = torch.optim.SGD([*lstm.parameters(), *head.parameters()], 1e-3)
    if threads is not None:
        torch.set_num_threads(threads)
    while True:
        started_at = time.monotonic()
        for rows in torch.split(torch.randperm(CLIPS), BATCH):
            optimizer.zero_grad()
            scores = head(lstm(clips[rows])[0][:, -1])
            nn.functional.cross_entropy(scores, labels[rows]).backward()
            optimizer.step()
        yield time.monotonic() - started_at


def main() -> None:
    """Round after round."""
    keep_freed_memory()
    options = arguments(__doc__ or "").parse_args()
    draws = np.random.default_rng(0)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        np.save(folder / "features.npy", draws.standard_normal((CLIPS, BANDS, STEPS), np.float32))
        np.save(folder / "labels.npy", draws.integers(0, CLASSES, CLIPS))
        rows = {what: epochs_of(folder, wanted, options.threads) for what, (wanted, _) in NETWORKS.items()}
        rows["torch.nn.LSTM(128), plain loop"] = peer_epochs(folder, options.threads)
        times = {what: list[float]() for what in rows}
        for _ in range(options.seeds):
            for what, epochs in rows.items():
                times[what].append(next(epochs))
    body = [
        [what, f"{statistics.median(took):.1f}", f"{min(took):.1f} to {max(took):.1f}", NETWORKS.get(what, ({}, ""))[1]]
        for what, took in times.items()
    ]
    title = f"An epoch of {CLIPS:,} clips of {STEPS} x {BANDS}, {options.threads or torch.get_num_threads()} threads"
    publish("clips-epoch", title, table(["", "seconds, median", "range", "bar / aim"], body), write=options.write)


if __name__ == "__main__":
    main()
