import pytest
import torch

from echoic.config import HeadSettings
from echoic.heads import Quantiles

LEVELS = (0.1, 0.4, 0.9)
FLOAT32 = 1e-5


def make(levels: tuple[float, ...] = LEVELS) -> Quantiles:
    return Quantiles.build(1, 1, 1, HeadSettings(head="quantiles", quantiles=levels))


def params_of(*values: float) -> torch.Tensor:
    """Parameters with these values at the levels."""
    steps = torch.tensor(values).diff()
    return torch.cat([torch.tensor(values[:1]), steps.expm1().log()])[None, None, None]


def test_loss_is_twice_the_mean_pinball_loss() -> None:
    head, values = make(), (-1.0, 0.5, 2.0)
    for target in (-3.0, -1.0, 0.0, 1.7, 5.0):
        pinball = [
            level * (target - value) if target >= value else (1 - level) * (value - target)
            for level, value in zip(LEVELS, values, strict=True)
        ]
        loss = head.loss(params_of(*values), torch.full((1, 1, 1), target))
        assert float(loss) == pytest.approx(2 * sum(pinball) / 3, abs=FLOAT32)


@pytest.mark.parametrize(
    ("level", "wanted"),
    [(0.1, -1.0), (0.25, -0.25), (0.4, 0.5), (0.5, 0.8), (0.65, 1.25), (0.9, 2.0), (0.01, -1.0), (0.99, 2.0)],
)
def test_quantiles_are_linear_between_the_levels_and_flat_beyond(level: float, wanted: float) -> None:
    assert float(make().quantile(params_of(-1.0, 0.5, 2.0), level)) == pytest.approx(wanted, abs=FLOAT32)


def test_the_mean_is_the_median() -> None:
    assert float(make().mean(params_of(-1.0, 0.5, 2.0))) == pytest.approx(0.8, abs=FLOAT32)


def test_draws_stay_between_the_outermost_levels() -> None:
    draws = make().sample(params_of(-1.0, 0.5, 2.0).expand(5000, 1, 1, 3), torch.Generator().manual_seed(0))
    assert float(draws.min()) == pytest.approx(-1.0, abs=FLOAT32)
    assert float(draws.max()) == pytest.approx(2.0, abs=FLOAT32)
    assert float((draws < 0.5).float().mean()) == pytest.approx(0.4, abs=0.03)


def test_a_single_level_is_its_own_mean_draw_and_quantile() -> None:
    head, params = make((0.3,)), torch.tensor([[[[1.5]], [[-2.0]]]])
    generator = torch.Generator().manual_seed(0)
    for values in (head.mean(params), head.sample(params, generator), head.quantile(params, 0.9)):
        assert values.flatten().tolist() == [1.5, -2.0]
    loss = head.loss(params, torch.tensor([[[2.5], [-3.0]]]))
    torch.testing.assert_close(loss.flatten(), torch.tensor([0.6, 1.4]))


def test_levels_learn_the_quantiles_of_the_data() -> None:
    torch.manual_seed(0)
    target = torch.rand(2000, 1, 1) * 10
    head = make()
    optimizer = torch.optim.Adam(head.parameters(), lr=0.1)
    for _ in range(300):
        loss = head.loss(head(torch.zeros(2000, 1, 1)), target).mean()
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    params = head(torch.zeros(1, 1, 1))
    learned = [float(head.quantile(params, level).detach()) for level in LEVELS]
    assert learned == pytest.approx([1.0, 4.0, 9.0], abs=0.4)


def test_levels_are_not_parameters() -> None:
    assert set(make().state_dict()) == {"linear.weight", "linear.bias"}
