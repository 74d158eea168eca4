"""Tensors and datasets of torch read like the same values in arrays. Reading itself does without torch."""

import numpy as np
import pytest

from echoic.config import ClipDataSettings
from echoic.sources import read
from echoic.sources.clips import labels_of
from echoic.sources.memory import Clips

torch = pytest.importorskip("torch")

X = np.arange(24, dtype=np.float32).reshape(4, 3, 2)
"""Four clips of three steps with two features."""


def test_clips_as_a_tensor_read_as_their_array() -> None:
    labels = ["a", "b", "a", "b"]
    expected = read(Clips(X, labels), ClipDataSettings())
    assert read(Clips(torch.tensor(X), np.array(labels)), ClipDataSettings()).fingerprint == expected.fingerprint


def test_a_dataset_of_torch_is_pairs() -> None:
    found = read(torch.utils.data.TensorDataset(torch.tensor(X), torch.tensor([0, 1, 0, 1])), ClipDataSettings())
    assert [labels_of(clip) for clip in found.series] == [("0",), ("1",), ("0",), ("1",)]
    np.testing.assert_array_equal(found.series[1].values, X[1])


def test_a_tensor_of_values_reads_as_its_array() -> None:
    assert read(torch.tensor([1.0, 2.0])).fingerprint == read(np.array([1.0, 2.0])).fingerprint
