"""Trains every case with three processes and alone, and some with two of them: `python ranked_trainings.py FOLDER`.

The processes are started once for all cases. Runs are `FOLDER/SIZE/CASE`; `FOLDER/found-SIZE.json` has the rest.
"""

import json
import os
import sys
import warnings
from collections.abc import Callable, Iterator
from contextlib import nullcontext
from pathlib import Path
from typing import Any

import numpy as np
import torch
from job_data import SIZES, beeps, driven, hum, lines, phrases, signals, sine

import echoic
from echoic.cells import CELLS, Stack
from echoic.config import TrainSettings
from echoic.config.model import HeadSettings, StackSettings
from echoic.distributed.joining import seated
from echoic.distributed.launching import come, launched
from echoic.distributed.ranks import ALONE, Ranks
from echoic.distributed.seats import Seat, given_seat
from echoic.encoders import Identity
from echoic.errors import EchoicError
from echoic.heads import HEADS
from echoic.model import SequenceModel
from echoic.readouts import PerStep
from echoic.run import RunFolder
from echoic.tensors import Batch
from echoic.training import StopTraining, Trainer, TrainingData, isolated_randomness

GROUPS = [int(size) for size in (sys.argv[2] if len(sys.argv) > 2 else "3,2,1").split(",")]
"""Numbers of processes, from the largest to the smallest."""

RANDOM = {"dropout": 0.2, "weight_dropout": 0.2, "ema_decay": 0.9}
CHUNKS: dict[str, Any] = {
    "strategy": "recursive",
    "batching": "chunks",
    "stride": 1,
    "head": "gaussian",
    "split": SIZES,
    "lookback": 10,
    "layers": (6,),
    "cell": "lstm",
    "learn_initial_state": True,
    "batch_size": 4,
    "input_noise_std": 0.1,
    "scheduled_sampling": 0.5,
    "evals_per_epoch": 2,
    "steps": 9,
    "threads": 1,
} | RANDOM
SOUND: dict[str, Any] = {
    "split": (0.6, 0.2, 0.2),
    "frame_samples": 5,
    "fast_hidden_size": 16,
    "conditioning_size": 4,
    "batch_size": 4,
    "tbptt_steps": 16,
    "history_noise": 0.5,
    "max_gain_db": 0.5,
    "trained_frame_fraction": 0.5,
    "scheduled_sampling": 0.3,
}


def songs(folder: Path) -> Path:
    """Songs of unequal length, in chords."""
    chords = [[60 + step % 5, 64 + step % 7, 67] for step in range(64)]
    parts = {part: [chords[number : 20 + 9 * number] for number in range(5)] for part in ("train", "valid", "test")}
    path = folder / "songs.json"
    path.write_text(json.dumps(parts))
    return path


def waves(_folder: Path) -> list[np.ndarray]:
    """Series of unequal length."""
    return [np.sin(np.arange(steps) / 4 + steps).astype(np.float32) for steps in (400, 260, 330)]


def sensors(_folder: Path) -> np.ndarray:
    """Clips `(clips, steps, features)` of two classes in turn."""
    draws = np.random.default_rng(0)
    clips = draws.standard_normal((20, 30, 2)).astype(np.float32)
    clips[::2] += np.sin(np.arange(30) / 2)[None, :, None]
    return clips


DATA: dict[str, Callable[[Path], Any]] = {
    "sine": sine,
    "waves": waves,
    "songs": songs,
    "text": lines,
    "hum": hum,
    "beeps": beeps,
    "signals": signals,
    "driven": driven,
    "phrases": phrases,
    "sensors": sensors,
}

CASES: dict[str, tuple[str, str, dict[str, Any]]] = {
    "forecast": ("forecast", "sine", {"split": SIZES, "lookback": 24, "horizon": 4, "batch_size": 7, "epochs": 1}),
    "forecast in chunks": ("forecast", "waves", CHUNKS),
    "forecast refitted": (
        "forecast",
        "sine",
        {"split": SIZES, "lookback": 20, "horizon": 10, "strategy": "segments", "segment_steps": 5, "refit": True},
    ),
    "forecast stopped early": ("forecast", "sine", {"split": SIZES, "lookback": 10, "lr": 3.0, "patience": 1}),
    "music": ("music", "songs", {"head": "joint", "batch_size": 4, "transpose": "random", "tbptt_steps": 8} | RANDOM),
    "text": (
        "text",
        "text",
        {"split": (0.6, 0.2, 0.2), "batch_size": 4, "tbptt_steps": 10, "scheduled_sampling": 0.5} | RANDOM,
    ),
    "audio": ("audio", "hum", SOUND),
    "classify": (
        "classify",
        "beeps",
        {"n_mels": 8, "batch_size": 5, "noise_std": 0.1, "max_gain_db": 3, "refit": False},
    ),
    "classify in folds": ("classify", "sensors", {"batch_size": 5, "folds": 2, "labels": ["a", "b"] * 10}),
    "detect": (
        "detect",
        "signals",
        {"n_mels": 8, "hop_ms": 10, "conv_channels": (4,), "excerpt_s": 0.5, "batch_size": 7},
    ),
    "map": ("map", "driven", {"targets": ("y",), "batch_size": 7}),
    "transcribe": ("transcribe", "phrases", {"n_mels": 8, "conv_channels": (4,), "batch_size": 5}),
}
"""Job, data and settings. Rows of most batches are no multiple of two or three, and a last batch may have just one."""

CASES_OF_TWO = ("forecast in chunks", "forecast stopped early", "text", "classify in folds")
"""Those that two processes train as well as three: shares of one and of several rows, epochs, and folds."""


def train(out: Path, name: str, data: Any, **more: Any) -> echoic.Run:
    """Trains a case."""
    job, _, settings = CASES[name]
    chosen: dict[str, Any] = {"layers": (6,), "threads": 1} | settings | more
    if not chosen.keys() & {"steps", "epochs", "patience"}:
        chosen["steps"] = 7
    return echoic.train(job, data, out=out, **chosen)


class MaskedWaves:
    """Batches of five and of two rows in double, with random masks and unequal lengths, in chunks of two.

    The second batch has a target that is not finite, in its last row.
    """

    def __len__(self) -> int:
        return 6

    def epoch(self, seed: int, epoch: int, skip: int = 0) -> Iterator[Batch]:
        for number in range(skip, 6):
            draw = torch.Generator().manual_seed(1000 * seed + 10 * epoch + number)
            rows = 2 if number > 3 else 5
            values = torch.randn(rows, 13, 1, generator=draw, dtype=torch.float64)
            mask = torch.rand(rows, 12, 1, generator=draw) < 0.7
            targets = values[:, 1:].clone()
            if number == 1:
                mask[-1, 3], targets[-1, 3] = True, torch.inf
            yield Batch(values[:, :-1], targets, mask, carry=number % 2 == 1)


def train_in_double(out: Path, ranks: Ranks) -> None:
    """Trains in double precision with the plain kernel."""
    with isolated_randomness(0):
        settings = StackSettings(cell="lstm", layers=(5,), learn_initial_state=True, dropout=0.2, weight_dropout=0.2)
        head = HEADS["gaussian"].build(5, 1, 1, HeadSettings())
        model = SequenceModel(Identity(1), Stack(CELLS, 1, settings), PerStep(5), head).double()
        folder = RunFolder.create(out if ranks.is_first else out.with_name(f"of-process-{ranks.rank}"))
        data = TrainingData(MaskedWaves(), MaskedWaves())
        train_settings = TrainSettings(steps=16, lr=0.02, threads=1, ema_decay=0.8, weight_decay=0.1)
        Trainer(model, data, train_settings, folder, ranks=ranks).run()


def refusals(data: dict[str, Any], ranks: Ranks) -> list[str]:
    """What each process is told when the processes are given different things, or too little."""
    given: list[tuple[Any, dict[str, Any]]] = [
        (data["sine"], {"lr": 0.01 if ranks.is_first else 0.02}),
        (data["sine"] if ranks.is_first else data["sine"] + 1, {}),
        (data["beeps"].with_name("sine.csv") if ranks.rank == 1 else data["sine"], {}),
        (data["sine"], {"batch_size": 1}),
        (data["sine"], {"no_such_setting": 1}),
    ]
    said = []
    for one, settings in given:
        try:
            echoic.train("forecast", one, steps=1, threads=1, lookback=8, **settings)
        except EchoicError as error:
            said.append(f"{type(error).__name__}: {error}")
    return said


def stop_at(step: int) -> Callable[[Any], None]:
    """Requests a stop after a step."""

    def on_progress(at: Any) -> None:
        if at.step == step:
            raise StopTraining

    return on_progress


def work(ranks: Ranks, out: Path, data: dict[str, Any]) -> dict[str, Any]:
    """Trains the cases."""
    found: dict[str, Any] = {}
    for name in CASES_OF_TWO if ranks.size == 2 else CASES:
        kind = CASES[name][1]
        found[name] = ranks.all_gather(train(out / name, name, data[kind]).result() | {"run": None})
    train_in_double(out / "double", ranks)
    in_time = echoic.train("forecast", data["sine"], split=SIZES, minutes=0.005, threads=1, scheduled_sampling=0.1,
                           strategy="recursive", lookback=8, layers=(4,))  # fmt: skip
    found["minutes"] = ranks.all_gather(in_time.result()["steps"])
    stopped = out.parent / "stopped"
    if ranks.size == 3:
        try:
            train(stopped, "forecast in chunks", data["waves"], on_progress=stop_at(3))
        except StopTraining:
            found["stopped"] = "at 3"
    elif (stopped / "config.json").exists():
        run = echoic.load(stopped, data=data["waves"])
        try:
            run.resume(stop_at(5) if ranks.size == 2 else None)
        except StopTraining:
            found["stopped"] = "at 5"
    if ranks.size > 1:
        found["refusals"] = ranks.all_gather(refusals(data, ranks))
    return found


def main() -> None:
    """Starts the other processes, and works with fewer and fewer of them."""
    folder = Path(sys.argv[1])
    warnings.simplefilter("ignore")
    os.environ["ECHOIC_KERNEL"] = "auto"
    seat = given_seat()
    own = folder / f"data-{0 if seat is None else seat.rank}"
    own.mkdir()
    data = {name: make(own) for name, make in DATA.items()}
    if seat is not None:
        come(seat)
        work_in_groups(seat, folder, data)
        return
    with launched(GROUPS[0], [sys.executable, *sys.argv]) as first:
        work_in_groups(first, folder, data)


def work_in_groups(seat: Seat, folder: Path, data: dict[str, Any]) -> None:
    """Works with the first processes only, group after group."""
    for size in GROUPS:
        if seat.rank < size:
            group = seat._replace(size=size, local_size=size, meeting_place=f"{seat.meeting_place}-{size}")
            with seated(group) if size > 1 else nullcontext(ALONE) as ranks:
                found = work(ranks, folder / str(size), data)
            if ranks.is_first:
                (folder / f"found-{size}.json").write_text(json.dumps(found))


if __name__ == "__main__":
    main()
