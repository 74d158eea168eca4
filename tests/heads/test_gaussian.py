import numpy as np
import pytest
import scipy.stats
import torch

from echoic.config import HeadSettings
from echoic.heads import Gaussian
from echoic.heads.gaussian import MIN_SCALE

EXACT = 1e-10  # float64


def make() -> tuple[Gaussian, torch.Tensor, torch.Tensor, torch.Tensor]:
    head = Gaussian.build(1, 2, 1, HeadSettings())
    params = 3 * torch.randn(4, 5, 2, 2, generator=torch.Generator().manual_seed(0), dtype=torch.float64)
    mean, scale = params[..., 0], torch.nn.functional.softplus(params[..., 1]) + MIN_SCALE
    return head, params, mean, scale


def test_loss_is_the_negative_log_likelihood() -> None:
    head, params, mean, scale = make()
    target = torch.randn(4, 5, 2, dtype=torch.float64)
    wanted = -torch.distributions.Normal(mean, scale).log_prob(target)
    torch.testing.assert_close(head.loss(params, target), wanted, atol=EXACT, rtol=EXACT)


@pytest.mark.parametrize("level", [0.001, 0.025, 0.5, 0.8, 0.999])
def test_quantiles_equal_the_normal_distribution(level: float) -> None:
    head, params, mean, scale = make()
    wanted = scipy.stats.norm.ppf(level, mean.numpy(), scale.numpy())
    np.testing.assert_allclose(head.quantile(params, level).numpy(), wanted, rtol=EXACT, atol=EXACT)


def test_a_perfect_fit_has_a_bounded_likelihood() -> None:
    head, _, _, _ = make()
    params = torch.tensor([0.0, -1e4]).expand(1, 1, 2, 2)
    floor = -scipy.stats.norm.logpdf(0, 0, MIN_SCALE)
    torch.testing.assert_close(head.loss(params, torch.zeros(1, 1, 2)), torch.full((1, 1, 2), floor).float())
