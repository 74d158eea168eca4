import numpy as np
import pytest
import scipy.stats
import torch
from torch.nn.functional import softplus

from echoic.config import HeadSettings
from echoic.heads import StudentT
from echoic.heads.gaussian import MIN_SCALE
from echoic.heads.student_t import MIN_DEGREES_OF_FREEDOM

EXACT = 1e-10  # float64


def make() -> tuple[StudentT, torch.Tensor, torch.Tensor, torch.Tensor, torch.Tensor]:
    """A head, its parameters, and their degrees of freedom, location and scale."""
    head = StudentT.build(1, 2, 1, HeadSettings())
    params = 3 * torch.randn(4, 5, 2, 3, generator=torch.Generator().manual_seed(0), dtype=torch.float64)
    degrees, scale = softplus(params[..., 2]) + MIN_DEGREES_OF_FREEDOM, softplus(params[..., 1]) + MIN_SCALE
    return head, params, degrees, params[..., 0], scale


def test_loss_is_the_negative_log_likelihood() -> None:
    head, params, degrees, location, scale = make()
    target = torch.randn(4, 5, 2, dtype=torch.float64)
    wanted = -torch.distributions.StudentT(degrees, location, scale).log_prob(target)
    torch.testing.assert_close(head.loss(params, target), wanted, atol=EXACT, rtol=EXACT)


@pytest.mark.parametrize("level", [0.001, 0.025, 0.5, 0.8, 0.999])
def test_quantiles_equal_students_distribution(level: float) -> None:
    head, params, degrees, location, scale = make()
    wanted = scipy.stats.t.ppf(level, degrees.numpy(), location.numpy(), scale.numpy())
    np.testing.assert_allclose(head.quantile(params, level).numpy(), wanted, rtol=1e-8, atol=EXACT)


def test_tails_of_draws_are_heavier_than_normal() -> None:
    head, *_ = make()
    params = torch.tensor([0.0, 0.0, -20.0]).expand(40_000, 1, 1, 3)
    draws = head.sample(params, torch.Generator().manual_seed(0)).flatten().numpy()
    scale = float(softplus(torch.tensor(0.0))) + MIN_SCALE
    outside = np.mean(np.abs(draws) > 4 * scale)
    assert outside == pytest.approx(2 * scipy.stats.t.sf(4, MIN_DEGREES_OF_FREEDOM), rel=0.1)
