"""The contract of every head for real numbers."""

import pytest
import torch

from echoic.config import HeadSettings
from echoic.heads import HEADS, ValueHead

FLOAT32 = 1e-5
LEVELS = (0.05, 0.25, 0.5, 0.75, 0.95)
PROBABILISTIC = [kind for kind in HEADS if kind != "point"]
DRAWS = 40_000
DRAW_ERROR = 0.05  # of the interquartile range: far beyond five deviations of a quantile of 40,000 draws

# The quantiles head has no distribution beyond its outermost levels.
FINE = tuple(round(0.01 + 0.02 * number, 2) for number in range(50))


def make(
    kind: str, width: int = 3, features: int = 2, outputs_per_step: int = 1, **settings: str | tuple[float, ...]
) -> ValueHead:
    torch.manual_seed(0)
    return HEADS[kind].build(width, features, outputs_per_step, HeadSettings(head=kind, **settings))


def random_params(head: ValueHead, *shape: int, seed: int = 0, scale: float = 1.0) -> torch.Tensor:
    draw = torch.Generator().manual_seed(seed)
    return scale * torch.randn(*shape, head.parameters_per_value, generator=draw)


@pytest.mark.parametrize("outputs_per_step", [1, 4])
@pytest.mark.parametrize("kind", HEADS)
def test_a_vector_gives_outputs_per_step_steps_of_every_feature(kind: str, outputs_per_step: int) -> None:
    head = make(kind, outputs_per_step=outputs_per_step)
    vectors = torch.randn(5, 6, 3)
    params = head(vectors)
    assert params.shape == (5, 6 * outputs_per_step, 2, head.parameters_per_value)
    for at in range(6):
        alone = head(vectors[:, at : at + 1])
        torch.testing.assert_close(
            alone, params[:, at * outputs_per_step : (at + 1) * outputs_per_step], atol=FLOAT32, rtol=0
        )


@pytest.mark.parametrize("kind", HEADS)
def test_loss_mean_draws_and_quantiles_have_the_shape_of_the_target(kind: str) -> None:
    head = make(kind)
    params, target = random_params(head, 4, 5, 2), torch.randn(4, 5, 2)
    assert head.loss(params, target).shape == target.shape
    assert head.mean(params).shape == target.shape
    assert head.sample(params, torch.Generator().manual_seed(0)).shape == target.shape
    assert head.quantile(params, 0.3).shape == target.shape


@pytest.mark.parametrize("kind", HEADS)
def test_values_are_independent(kind: str) -> None:
    head = make(kind)
    params, target = random_params(head, 4, 5, 2), torch.randn(4, 5, 2)
    whole = head.loss(params, target)
    params[1, 2, 0] += 3
    changed = head.loss(params, target) != whole
    assert changed[1, 2, 0]
    assert changed.sum() == 1


@pytest.mark.parametrize("target", [0.0, 1e4, -1e4])
@pytest.mark.parametrize("size", [0.0, 30.0, 1e3, 1e5, -30.0, -1e3, -1e5])
@pytest.mark.parametrize("kind", HEADS)
def test_loss_and_gradients_stay_finite_at_extreme_params(kind: str, size: float, target: float) -> None:
    head = make(kind)
    params = torch.full((1, 1, 2, head.parameters_per_value), size, requires_grad=True)
    loss = head.loss(params, torch.full((1, 1, 2), target))
    loss.sum().backward()
    assert torch.isfinite(loss).all()
    assert params.grad is not None
    assert torch.isfinite(params.grad).all()
    with torch.no_grad():
        for values in (head.mean(params), head.quantile(params, 0.9), head.sample(params, torch.Generator())):
            assert torch.isfinite(values).all()


@pytest.mark.parametrize("kind", HEADS)
def test_gradients_of_the_loss_are_right(kind: str) -> None:
    head = make(kind, loss="mse").double()
    params = random_params(head, 2, 3, 2).double().requires_grad_()
    assert torch.autograd.gradcheck(head.loss, (params, torch.randn(2, 3, 2, dtype=torch.float64)))


@pytest.mark.parametrize("kind", HEADS)
def test_quantiles_never_cross(kind: str) -> None:
    head = make(kind)
    params = random_params(head, 50, 4, 2, scale=10.0)
    values = torch.stack([head.quantile(params, level) for level in (0.01, 0.1, 0.3, 0.5, 0.5001, 0.77, 0.9, 0.999)])
    assert (values.diff(dim=0) >= 0).all()


@pytest.mark.parametrize("kind", PROBABILISTIC)
def test_draws_follow_the_quantiles_of_the_head(kind: str) -> None:
    head = make(kind, features=1, quantiles=FINE)
    params = random_params(head, 1, 1, 1, seed=3).expand(DRAWS, 1, 1, -1)
    draws = head.sample(params, torch.Generator().manual_seed(1)).flatten()
    exact = torch.stack([head.quantile(params[:1], level).flatten() for level in LEVELS]).flatten()
    spread = exact[3] - exact[1]
    assert spread > 0
    assert ((torch.quantile(draws, torch.tensor(LEVELS)) - exact).abs() < DRAW_ERROR * spread).all()


@pytest.mark.parametrize("kind", HEADS)
def test_the_generator_alone_decides_the_draw(kind: str) -> None:
    head = make(kind)
    params = random_params(head, 4, 5, 2)
    draws = [head.sample(params, torch.Generator().manual_seed(seed)) for seed in (5, 5, 6)]
    assert torch.equal(draws[0], draws[1])
    assert torch.equal(draws[0], draws[2]) == (kind == "point")


@pytest.mark.parametrize("kind", HEADS)
def test_loss_falls_on_a_separable_toy(kind: str) -> None:
    head = make(kind, width=1, features=1)
    side = torch.arange(64) % 2 * 2.0 - 1
    noise = torch.randn(64, 1, 1, generator=torch.Generator().manual_seed(0))
    vectors, clean = side[:, None, None], 2 * side[:, None, None] + 1
    target = clean + 0.3 * noise
    optimizer = torch.optim.Adam(head.parameters(), lr=0.1)
    losses = []
    for _ in range(200):
        loss = head.loss(head(vectors), target).mean()
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        losses.append(float(loss.detach()))
    assert losses[-1] < losses[0] - 0.5
    torch.testing.assert_close(head.mean(head(vectors)), clean, atol=0.3, rtol=0)


@pytest.mark.parametrize("kind", HEADS)
def test_the_loss_is_smallest_near_the_target(kind: str) -> None:
    head = make(kind, features=1, quantiles=LEVELS)
    params = random_params(head, 1, 1, 1)
    middle = head.quantile(params, 0.5)
    away = [float(head.loss(params, middle + distance)) for distance in (0.0, 5.0, 20.0, -5.0, -20.0)]
    assert away[0] < away[1] < away[2]
    assert away[0] < away[3] < away[4]


@pytest.mark.parametrize("kind", HEADS)
def test_under_autocast_params_and_losses_are_those_of_float32(kind: str) -> None:
    head, hidden, target = make(kind, width=64), torch.randn(4, 5, 64).bfloat16(), torch.randn(4, 5, 2)
    wanted = head.loss(head(hidden.float()), target)
    with torch.autocast("cpu", torch.bfloat16):
        got = head.loss(head(hidden), target)
    assert torch.equal(got, wanted)
