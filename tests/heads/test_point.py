from collections.abc import Callable

import pytest
import torch

from echoic.config import HeadSettings
from echoic.heads import Point
from echoic.heads.point import HUBER_DELTA


def huber(error: float) -> float:
    return error**2 / 2 if error <= HUBER_DELTA else HUBER_DELTA * (error - HUBER_DELTA / 2)


@pytest.mark.parametrize(
    ("loss", "formula"), [("mse", lambda error: error**2), ("mae", lambda error: error), ("huber", huber)]
)
def test_each_loss_equals_its_formula(loss: str, formula: Callable[[float], float]) -> None:
    head = Point.build(1, 1, 1, HeadSettings(loss=loss))
    errors = head.loss(torch.tensor([[[[0.875]], [[4.0]]]]), torch.tensor([[[1.0], [1.0]]]))
    torch.testing.assert_close(errors.flatten(), torch.tensor([formula(0.125), formula(3.0)]))


def test_mean_draw_and_quantile_are_the_point() -> None:
    head = Point.build(1, 2, 1, HeadSettings())
    params = torch.randn(3, 4, 2, 1)
    for values in (head.mean(params), head.sample(params, torch.Generator()), head.quantile(params, 0.1)):
        assert torch.equal(values, params[..., 0])
