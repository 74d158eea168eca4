"""The contract of every encoder."""

import inspect

import pytest
import torch

from echoic.encoders import ENCODERS, Convolution, Encoder

KINDS: dict[str, type[Encoder]] = {**ENCODERS, "convolution over steps": Convolution}
FLOAT32 = 1e-6
FEATURES, STRIDE, WIDTH, CLASSES = 3, 4, 5, 7


def make(kind: str) -> tuple[Encoder, int]:
    """The encoder, and its number of input vectors per step."""
    torch.manual_seed(0)
    known = {
        "features": FEATURES,
        "stride": STRIDE,
        "output_size": WIDTH,
        "embedding_dim": WIDTH,
        "num_classes": CLASSES,
        "std": 1.0,
        "num_codes": 256,
        "noise": 2.0,
        "channels": (4, 5),
        "kernel": 3,
        "right_context": 0,
        "across_bands": kind != "convolution over steps",
    }
    wanted = [name for name in inspect.signature(KINDS[kind].__init__).parameters if name != "self"]
    encoder = KINDS[kind](**{name: known[name] for name in wanted}).eval()
    return encoder, getattr(encoder, "stride", 1)


def takes_symbols(kind: str) -> bool:
    return "num_classes" in inspect.signature(KINDS[kind].__init__).parameters


def inputs(kind: str, rows: int, steps: int) -> torch.Tensor:
    if takes_symbols(kind):
        return torch.randint(CLASSES, (rows, steps, 1)).float()
    return torch.randn(rows, steps, FEATURES)


def others(kind: str, x: torch.Tensor) -> torch.Tensor:
    """Inputs that all differ from `x`."""
    return (x + 1) % CLASSES if takes_symbols(kind) else 9 * torch.randn_like(x)


@pytest.mark.parametrize("steps", [1, 3, 4, 5, 12])
@pytest.mark.parametrize("kind", KINDS)
def test_outputs_have_the_declared_steps_and_width(kind: str, steps: int) -> None:
    encoder, stride = make(kind)
    assert encoder(inputs(kind, 2, steps)).shape == (2, -(-steps // stride), encoder.output_size)


@pytest.mark.parametrize("kind", KINDS)
def test_the_future_never_changes_the_past(kind: str) -> None:
    encoder, stride = make(kind)
    x = inputs(kind, 2, 6 * stride)
    before = encoder(x)
    for step in range(6):
        other = x.clone()
        other[:, step * stride :] = others(kind, x[:, step * stride :])
        after = encoder(other)
        torch.testing.assert_close(after[:, :step], before[:, :step], atol=FLOAT32, rtol=0)
        assert not torch.allclose(after[:, step], before[:, step])


@pytest.mark.parametrize("kind", KINDS)
def test_rows_are_independent(kind: str) -> None:
    encoder, stride = make(kind)
    x = inputs(kind, 3, 2 * stride)
    for row in range(3):
        torch.testing.assert_close(encoder(x)[row], encoder(x[row : row + 1])[0], atol=FLOAT32, rtol=0)


@pytest.mark.parametrize("kind", KINDS)
def test_a_length_that_does_not_fit_is_padded_in_front(kind: str) -> None:
    encoder, stride = make(kind)
    # Two steps with their left context.
    x = inputs(kind, 2, 2 * stride + getattr(encoder, "left_context", 0) + 1)
    padded = torch.cat([torch.zeros(2, -len(x[0]) % stride, x.shape[2]), x], 1)
    torch.testing.assert_close(encoder(x), encoder(padded), atol=FLOAT32, rtol=0)
    torch.testing.assert_close(encoder(x)[:, -2:], encoder(x[:, 1:])[:, -2:], atol=FLOAT32, rtol=0)
