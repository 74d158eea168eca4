"""Datasets of torch, as data of every job that they suit."""

from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest
import torch
from torch.utils.data import Dataset, IterableDataset, TensorDataset

import echoic
from echoic.errors import DataError

TINY: dict[str, Any] = {"layers": (4,), "epochs": 1, "threads": 1}


class Items(Dataset[Any]):
    """The items of a list."""

    def __init__(self, items: list[Any]) -> None:
        self.items = items

    def __getitem__(self, number: int) -> Any:
        return self.items[number]

    def __len__(self) -> int:
        return len(self.items)


class Stream(IterableDataset[Any]):
    """The items of a list, one after the other."""

    def __init__(self, items: list[Any]) -> None:
        self.items = items

    def __iter__(self) -> Iterator[Any]:
        return iter(self.items)


def wave(steps: int, speed: float) -> torch.Tensor:
    return torch.sin(torch.arange(steps) * speed)


@pytest.mark.parametrize("kind", [Items, Stream])
def test_items_are_the_series_of_a_forecast(kind: Any) -> None:
    items = [wave(120, 0.3), wave(90, 0.5)]
    one, other = (
        echoic.prepare("forecast", data, lookback=8, horizon=2, **TINY).task.kept_series
        for data in (kind(items), items)
    )
    assert [series.values.tolist() for series in one] == [series.values.tolist() for series in other]


def test_pairs_are_clips_and_labels() -> None:
    clips, labels = torch.stack([wave(30, 0.2 + 0.5 * (number % 2)) for number in range(40)]), torch.arange(40) % 2
    run = echoic.train("classify", TensorDataset(clips, labels), **TINY)
    assert run.config["data"]["report"]["labels"] == {"0": 20, "1": 20}
    table = run.predict(Items(list(clips)))
    assert table["label"].tolist() == run.predict(clips)["label"].tolist()
    assert run.evaluate(TensorDataset(clips, labels)).scores == run.evaluate(clips, labels=labels).scores


def test_pairs_are_recordings_and_labels_of_their_steps() -> None:
    items = [(wave(80, 0.4), ["a"] * 40 + ["b"] * 40) for _ in range(10)]
    task: Any = echoic.prepare("detect", Items(items), **TINY).task
    assert task.labels == ("a", "b")
    assert sum(len(task.series(split)) for split in ("train", "dev", "test")) == 10


def test_items_are_texts() -> None:
    prepared = echoic.prepare("text", Stream(["abc" * 200, "cab" * 200]), tbptt_steps=8, batch_size=2, **TINY)
    assert prepared.task.dataset.report.to_json()["characters"] == 1200


def test_items_are_recordings_of_sound() -> None:
    sounds = [0.3 * np.sin(np.arange(6000) * speed).astype(np.float32) for speed in (0.2, 0.3)]
    prepared = echoic.prepare("audio", Items(sounds), rate_hz=2000, frame_samples=5, fast_hidden_size=8, **TINY)
    assert prepared.task.dataset.report.to_json()["files"] == 2


def test_what_is_no_item_is_named() -> None:
    with pytest.raises(DataError, match="The Items has no items"):
        echoic.prepare("forecast", Items([]), **TINY)
    with pytest.raises(DataError, match="Item 1 of the Items must be a pair"):
        echoic.prepare("classify", Items([(wave(9, 1), "a"), wave(9, 1)]), **TINY)
