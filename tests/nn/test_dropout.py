import pytest
import torch

from echoic.nn import Dropout

FIVE_SIGMA = 5.0


@pytest.mark.parametrize("p", [0.05, 0.3, 0.5, 0.9])
def test_rate_and_mean_are_kept(p: float) -> None:
    torch.manual_seed(0)
    count = 200_000
    out = Dropout(p)(torch.ones(count // 8, 8))
    deviation = (p * (1 - p) / count) ** 0.5
    assert abs(float((out == 0).float().mean()) - p) < FIVE_SIGMA * deviation + 1 / 65536
    assert abs(float(out.mean()) - 1) < FIVE_SIGMA * deviation / (1 - p)
    torch.testing.assert_close(out.max(), torch.tensor(1 / (1 - p)), rtol=1e-3, atol=0)


def test_neighbouring_values_are_dropped_independently() -> None:
    torch.manual_seed(0)
    kept = Dropout(0.5)(torch.ones(100_000)) > 0
    for lag in (1, 2, 3, 4):
        both = (kept[lag:] & kept[:-lag]).float().mean()
        assert abs(float(both) - 0.25) < 0.01


@pytest.mark.parametrize("shape", [(1,), (3,), (2, 5, 7), (0, 4)])
def test_any_shape_is_kept(shape: tuple[int, ...]) -> None:
    assert Dropout(0.5)(torch.ones(shape)).shape == shape


def test_nothing_is_dropped_outside_training_or_at_zero() -> None:
    x = torch.randn(50)
    assert torch.equal(Dropout(0.5).eval()(x), x)
    assert torch.equal(Dropout(0.0)(x), x)


def test_the_seed_determines_the_dropped_values() -> None:
    layer, x = Dropout(0.5), torch.ones(100)
    torch.manual_seed(3)
    first = layer(x)
    torch.manual_seed(3)
    assert torch.equal(layer(x), first)
    assert not torch.equal(layer(x), first)


def test_dropped_values_get_no_gradient_and_kept_ones_the_scale() -> None:
    torch.manual_seed(0)
    x = torch.ones(1000, requires_grad=True)
    out = Dropout(0.25)(x)
    out.sum().backward()
    torch.testing.assert_close(x.grad, out.detach(), atol=0, rtol=0)


def test_a_rate_just_below_one_stays_finite() -> None:
    assert torch.isfinite(Dropout(0.999999)(torch.ones(1000))).all()
