"""The error-to-signal ratio after pre-emphasis, against its definition."""

import numpy as np
import pytest
import torch

from echoic.heads import EmphasizedPoint
from echoic.jobs.map.codec import emphasize


@pytest.mark.parametrize("coefficient", [0.0, 0.95])
def test_the_mean_loss_is_the_ratio_of_emphasized_energies(coefficient: float) -> None:
    draws = np.random.default_rng(0)
    target, predicted = draws.standard_normal(50), draws.standard_normal(50)
    filtered = [signal[1:] - coefficient * signal[:-1] for signal in (target, predicted)]
    ratio = np.sum((filtered[0] - filtered[1]) ** 2) / np.sum(filtered[0] ** 2)
    head = EmphasizedPoint(3, 1, coefficient, torch.tensor([np.mean(filtered[0] ** 2)]))
    params = torch.tensor(predicted, dtype=torch.float32)[None, :, None, None]
    emphasized = emphasize(torch.tensor(target, dtype=torch.float32)[None, :, None], coefficient)
    loss = head.loss(params, emphasized)
    assert float(loss[:, 1:].mean()) == pytest.approx(ratio, rel=1e-5)
    assert not head.loss_is_stepwise
    torch.testing.assert_close(head.mean(params), params[..., 0])
