import pytest
import torch

from echoic import ops
from echoic.errors import KernelError

FLOAT32 = 2e-6
FLOAT64 = 1e-12
GRADIENT = 1e-10  # float64

# batch, steps, inputs, hidden
SIZES = [(1, 1, 1, 1), (1, 1, 3, 8), (5, 1, 2, 3), (1, 9, 1, 13), (3, 4, 5, 7), (2, 6, 1, 17)]


def arguments(gates, vectors, sizes, dtype):
    batch, steps, inputs, hidden = sizes
    draw = torch.Generator().manual_seed(sum(sizes))
    shapes = [(batch, steps, inputs), *[(batch, hidden)] * vectors]
    shapes += [(gates * hidden, inputs), (gates * hidden, hidden), (gates * hidden,)]
    return [torch.randn(shape, generator=draw, dtype=dtype).requires_grad_() for shape in shapes]


CASES = {"lstm": (ops.lstm, ops.lstm_reference, 4, 2), "gru": (ops.gru, ops.gru_reference, 3, 1)}


@pytest.mark.parametrize("sizes", SIZES)
@pytest.mark.parametrize(("dtype", "tolerance"), [(torch.float32, FLOAT32), (torch.float64, FLOAT64)])
@pytest.mark.parametrize("name", CASES)
def test_fused_equals_reference(name, dtype, tolerance, sizes):
    fused, reference, gates, vectors = CASES[name]
    values = arguments(gates, vectors, sizes, dtype)
    for got, wanted in zip(fused(*values), reference(*values), strict=True):
        assert got.shape == wanted.shape
        torch.testing.assert_close(got, wanted, atol=tolerance, rtol=0)


@pytest.mark.parametrize("sizes", SIZES)
@pytest.mark.parametrize("name", CASES)
def test_fused_gradients_equal_those_of_the_reference(name, sizes):
    fused, reference, gates, vectors = CASES[name]
    values = arguments(gates, vectors, sizes, torch.float64)
    gradients = []
    for run in (fused, reference):
        loss = sum((output * (at + 1)).square().sum() for at, output in enumerate(run(*values)))
        gradients.append(torch.autograd.grad(loss, values))
    for got, wanted in zip(*gradients, strict=True):
        torch.testing.assert_close(got, wanted, atol=GRADIENT, rtol=GRADIENT)


@pytest.mark.parametrize("name", CASES)
def test_inputs_need_not_be_contiguous(name):
    fused, reference, gates, vectors = CASES[name]
    values = arguments(gates, vectors, (3, 4, 5, 7), torch.float64)
    x = values[0].detach().transpose(0, 1).contiguous().transpose(0, 1)
    assert not x.is_contiguous()
    torch.testing.assert_close(fused(x, *values[1:])[0], reference(*values)[0], atol=FLOAT64, rtol=0)


@pytest.mark.parametrize("wanted", ["auto", *ops.AVAILABLE])
def test_an_available_kernel_can_be_forced(monkeypatch, wanted):
    monkeypatch.setenv("ECHOIC_KERNEL", wanted)
    assert ops.kernel() == (ops.AVAILABLE[0] if wanted == "auto" else wanted)


def test_an_unavailable_kernel_is_refused_and_never_replaced(monkeypatch):
    monkeypatch.setenv("ECHOIC_KERNEL", "quantum")
    with pytest.raises(KernelError, match=r"`ECHOIC_KERNEL` must be one of auto, .*off.*, got 'quantum'"):
        ops.lstm(*arguments(4, 2, (1, 1, 1, 1), torch.float32))
    with pytest.raises(KernelError, match="got 'quantum'"):
        ops.gru(*arguments(3, 1, (1, 1, 1, 1), torch.float32))
