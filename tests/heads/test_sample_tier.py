"""The loss of the fast tier: value and gradient against the plain formula, block by block."""

import pytest
import torch
from torch import Tensor
from torch.nn import functional

from echoic.heads import blocks
from echoic.heads.logistics import CodeLoss, LogisticMixture
from echoic.heads.sample_tier import TierInputs, TierWeights, tier_nll

PAST, CONDITIONING, HIDDEN, COMPONENTS, CODES = 3, 2, 7, 2, 256


def made(frames: int = 5, samples: int = 4, spread: float = 1.0) -> tuple[TierInputs, TierWeights, Tensor]:
    """Random inputs, weights and codes in float64, the ends of the range among the codes."""
    torch.manual_seed(0)

    def draw(*shape: int) -> Tensor:
        return spread * torch.randn(*shape, dtype=torch.float64)

    inputs = TierInputs(
        draw(frames, samples, PAST),
        draw(frames, samples).div(5).requires_grad_(),
        draw(frames, samples),
        draw(frames, samples, CONDITIONING).requires_grad_(),
    )
    width = PAST + 2 + CONDITIONING
    shapes = (HIDDEN, width), (HIDDEN,), (HIDDEN, HIDDEN), (HIDDEN,), (3 * COMPONENTS, HIDDEN), (3 * COMPONENTS,)
    weights = TierWeights(*(draw(*shape).requires_grad_() for shape in shapes))
    codes = torch.randint(0, CODES, (frames, samples)).double()
    codes[0, 0], codes[-1, -1] = 0, CODES - 1
    return inputs, weights, codes


def plain_nll(inputs: TierInputs, weights: TierWeights, codes: Tensor) -> Tensor:
    first = torch.relu(functional.linear(inputs.joined(), weights.first, weights.first_bias))
    second = torch.relu(functional.linear(first, weights.second, weights.second_bias))
    mixture = LogisticMixture.of(functional.linear(second, weights.mixture, weights.mixture_bias), inputs.centre)
    return -mixture.log_prob(codes[..., None], CODES)[..., 0]


@pytest.fixture(params=[1, 3, 1024])
def _rows_of_a_block(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(blocks, "_ROWS", request.param)


@pytest.mark.usefixtures("_rows_of_a_block")
@pytest.mark.parametrize("spread", [0.3, 1.0, 4.0])
def test_loss_and_gradient_are_those_of_the_plain_formula(spread: float) -> None:
    inputs, weights, codes = made(spread=spread)
    parameters = [inputs.centre, inputs.positions, *weights]
    found, wanted = tier_nll(inputs, weights, codes, CODES), plain_nll(inputs, weights, codes)
    torch.testing.assert_close(found, wanted, rtol=1e-9, atol=1e-9)
    upstream = torch.randn_like(found)
    gradients = torch.autograd.grad(found, parameters, upstream)
    expected = torch.autograd.grad(wanted, parameters, upstream)
    for one, other in zip(gradients, expected, strict=True):
        torch.testing.assert_close(one, other, rtol=1e-8, atol=1e-8)


@pytest.mark.usefixtures("_rows_of_a_block")
def test_without_gradients_the_loss_is_the_same() -> None:
    inputs, weights, codes = made()
    wanted = tier_nll(inputs, weights, codes, CODES)
    with torch.no_grad():
        assert torch.equal(tier_nll(inputs, weights, codes, CODES), wanted)


def test_the_gradient_is_that_of_finite_differences() -> None:
    inputs, weights, codes = made(frames=2, samples=3, spread=0.5)

    def nll(centre: Tensor, positions: Tensor, *others: Tensor) -> Tensor:
        return tier_nll(inputs._replace(centre=centre, positions=positions), TierWeights(*others), codes, CODES)

    assert torch.autograd.gradcheck(nll, (inputs.centre, inputs.positions, *weights))


@pytest.mark.parametrize("width", [-60.0, 0.0, 60.0])
@pytest.mark.parametrize("mean", [-3e3, 0.0, 3e3])
def test_far_tails_are_finite_in_float32(mean: float, width: float) -> None:
    codes = torch.arange(float(CODES))
    params = torch.tensor([0.0, mean, width])[:, None].expand(-1, CODES).contiguous()
    loss = CodeLoss(params, torch.zeros(CODES), codes, CODES)
    by_params, by_centre = loss.gradient()
    wanted = -LogisticMixture.of(params.double().t(), torch.zeros(CODES).double()).log_prob(codes[:, None], CODES)[:, 0]
    torch.testing.assert_close(loss.nll.double(), wanted, rtol=1e-4, atol=1e-5)
    assert by_params.isfinite().all()
    assert by_centre.isfinite().all()
