"""What every encoder promises."""

import inspect

import pytest
import torch

from echoic.encoders import ENCODERS

FLOAT32 = 1e-6
FEATURES, SPAN, WIDTH = 3, 4, 5


def make(kind):
    """The encoder, and how many input vectors make one of its steps."""
    torch.manual_seed(0)
    known = {"features": FEATURES, "span": SPAN, "output_size": WIDTH}
    wanted = [name for name in inspect.signature(ENCODERS[kind].__init__).parameters if name != "self"]
    encoder = ENCODERS[kind](**{name: known[name] for name in wanted})
    return encoder, getattr(encoder, "span", 1)


@pytest.mark.parametrize("steps", [1, 3, 4, 5, 12])
@pytest.mark.parametrize("kind", ENCODERS)
def test_steps_and_width_are_those_promised(kind, steps):
    encoder, span = make(kind)
    assert encoder(torch.randn(2, steps, FEATURES)).shape == (2, -(-steps // span), encoder.output_size)


@pytest.mark.parametrize("kind", ENCODERS)
def test_the_future_never_changes_the_past(kind):
    encoder, span = make(kind)
    x = torch.randn(2, 6 * span, FEATURES)
    before = encoder(x)
    for step in range(6):
        other = x.clone()
        other[:, step * span :] = 9 * torch.randn(2, (6 - step) * span, FEATURES)
        after = encoder(other)
        torch.testing.assert_close(after[:, :step], before[:, :step], atol=FLOAT32, rtol=0)
        assert not torch.allclose(after[:, step], before[:, step])


@pytest.mark.parametrize("kind", ENCODERS)
def test_rows_do_not_see_each_other(kind):
    encoder, span = make(kind)
    x = torch.randn(3, 2 * span, FEATURES)
    for row in range(3):
        torch.testing.assert_close(encoder(x)[row], encoder(x[row : row + 1])[0], atol=FLOAT32, rtol=0)


@pytest.mark.parametrize("kind", ENCODERS)
def test_a_length_that_does_not_fit_is_padded_in_front(kind):
    encoder, span = make(kind)
    x = torch.randn(2, 2 * span + 1, FEATURES)
    padded = torch.cat([torch.zeros(2, -len(x[0]) % span, FEATURES), x], 1)
    torch.testing.assert_close(encoder(x), encoder(padded), atol=FLOAT32, rtol=0)
    torch.testing.assert_close(encoder(x)[:, -2:], encoder(x[:, 1:])[:, -2:], atol=FLOAT32, rtol=0)
