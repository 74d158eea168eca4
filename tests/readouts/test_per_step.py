import torch

from echoic.readouts import PerStep, ReadoutInputs


def test_per_step_returns_the_hidden_vectors() -> None:
    hidden = torch.randn(2, 3, 4)
    assert PerStep(4)(ReadoutInputs(torch.zeros(2, 3, 1), hidden, (), None, None, None)) is hidden
