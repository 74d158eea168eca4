from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import torch

from echoic.cells import CELLS, Stack
from echoic.config import TrainSettings
from echoic.config.model import HeadSettings, StackSettings
from echoic.encoders import Identity
from echoic.heads import HEADS
from echoic.model import SequenceModel
from echoic.readouts import PerStep
from echoic.run import RunFolder
from echoic.tensors import Batch
from echoic.training import Phase, Trainer, TrainingData, isolated_randomness


class Waves:
    """`count` batches of a sine, each with its own phases; `spoil` says what happens to a target of a batch."""

    def __init__(self, count: int = 5, spoil: Callable[[int, int], float] = lambda _epoch, _number: 0.0) -> None:
        self.count = count
        self.spoil = spoil

    def __len__(self) -> int:
        return self.count

    def epoch(self, seed: int, epoch: int, skip: int = 0) -> Iterator[Batch]:
        for number in range(skip, self.count):
            phases = torch.rand(4, 1, generator=torch.Generator().manual_seed(1000 * seed + 10 * epoch + number))
            wave = torch.sin(torch.arange(13) * 0.7 + 6 * phases)[..., None]
            targets = wave[:, 1:].clone()
            targets[0, 3] += self.spoil(epoch, number)
            yield Batch(wave[:, :-1], targets, torch.ones(targets.shape, dtype=torch.bool))


class Bench:
    """Trainers of a small network, in folders of their own."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.made = 0

    def trainer(self, train: Any = None, dev: Any = None, phase: Phase | None = None, **settings: Any) -> Trainer:
        self.made += 1
        folder = RunFolder.create(self.path / f"run-{self.made}")
        with isolated_randomness(0):
            stack = Stack(CELLS, 1, StackSettings(cell="lstm", layers=(4,)))
            model = SequenceModel(Identity(1), stack, PerStep(4), HEADS["point"].build(4, 1, 1, HeadSettings()))
        data = TrainingData(Waves() if train is None else train, dev)
        chosen = TrainSettings(**{"epochs": 3, "lr": 0.05, "threads": 1} | settings)
        return Trainer(model, data, chosen, folder, phase)


@pytest.fixture
def waves() -> type[Waves]:
    return Waves


@pytest.fixture
def bench(tmp_path: Path) -> Bench:
    return Bench(tmp_path)
