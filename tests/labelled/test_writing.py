"""Times at which training texts may not be written."""

import torch

from echoic.batches import Draws
from echoic.labelled.writing import MaskWriting
from echoic.tensors import Batch

ROWS, STEPS = 400, 120


def batch(units: int = 6, lengths: int = STEPS) -> Batch:
    mask = torch.ones(ROWS, units, 1, dtype=torch.bool)
    return Batch(torch.zeros(ROWS, STEPS, 2), torch.zeros(ROWS, units, 1), mask, lengths=torch.full((ROWS,), lengths))


def written(transform: MaskWriting, one: Batch, number: int = 0) -> torch.Tensor:
    writable = transform(one, Draws(3, 1, number, number)).writable
    assert writable is not None
    return writable


def test_half_of_the_steps_of_a_fraction_of_the_recordings_are_forbidden() -> None:
    found = written(MaskWriting(0.25, 2), batch())
    assert found.shape == (ROWS, STEPS // 2)
    masked = ~found.all(1)
    assert 0.18 < masked.float().mean() < 0.32
    assert 0.4 < found[masked].float().mean() < 0.6


def test_every_recording_keeps_steps_to_write_in() -> None:
    for units in (1, 2, 6, 25):
        found = written(MaskWriting(1.0, 1), batch(units))
        assert bool((found.sum(1) >= 1).all())


def test_recordings_with_few_steps_for_each_unit_are_left_alone() -> None:
    assert written(MaskWriting(1.0, 1), batch(units=40)).all()


def test_times_are_those_of_the_batch() -> None:
    transform = MaskWriting(0.5, 1)
    assert torch.equal(written(transform, batch()), written(transform, batch()))
    assert not torch.equal(written(transform, batch()), written(transform, batch(), 1))
