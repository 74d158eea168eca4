"""A very long clip goes through the network in pieces, with the same result."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from job_data import beeps

import echoic
from echoic.jobs.classify import calibration, long_clips
from echoic.jobs.classify.calibration import network_probabilities

COMMON: dict[str, Any] = {"n_mels": 8, "batch_size": 4, "epochs": 1, "threads": 1, "layers": (8,)}


@pytest.mark.parametrize("pooling", ["last", "mean", "attention"])
def test_clips_in_pieces_have_the_same_probabilities(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, pooling: str
) -> None:
    run = echoic.train(
        "classify", beeps(tmp_path), out=tmp_path / "run", pooling=pooling, conv_channels=(4,), conv_stride=2, **COMMON
    )
    task, model = run.fitted.task, run.model
    draws = np.random.default_rng(0)
    steps = [torch.from_numpy(draws.standard_normal((length, 8)).astype(np.float32)) for length in (9, 301, 40, 500)]
    whole = network_probabilities(task, model, steps)
    calls: list[int] = []
    in_pieces = long_clips.head_parameters

    def counted(model: Any, one: torch.Tensor) -> torch.Tensor:
        calls.append(len(one))
        return in_pieces(model, one)

    monkeypatch.setattr(long_clips, "LONG_STEPS", 300)
    monkeypatch.setattr(long_clips, "_PIECE_STEPS", 64)
    monkeypatch.setattr(calibration, "head_parameters", counted)
    np.testing.assert_allclose(network_probabilities(task, model, steps), whole, atol=1e-6)
    assert calls == [301, 500]
    np.testing.assert_allclose(network_probabilities(task, model, steps[1:2]), whole[1:2], atol=1e-6)


def test_a_network_that_reads_both_ways_takes_the_whole(tmp_path: Path) -> None:
    run = echoic.train("classify", beeps(tmp_path), out=tmp_path / "run", bidirectional=True, **COMMON)
    assert not long_clips.goes_in_pieces(run.model, torch.zeros(1 << 17, 8))
