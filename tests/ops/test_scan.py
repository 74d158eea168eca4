"""The linear recurrence of cells without recurrent weights."""

import pytest
import torch

from echoic import ops
from echoic.errors import KernelError

EXACT = 1e-12  # float64


def arguments(batch: int = 3, steps: int = 5, hidden: int = 4) -> list[torch.Tensor]:
    draw = torch.Generator().manual_seed(0)
    shapes = [(batch, steps, hidden), (batch, steps, hidden), (batch, hidden)]
    return [torch.rand(shape, generator=draw, dtype=torch.float64).requires_grad_() for shape in shapes]


@pytest.mark.parametrize("steps", [1, 2, 7])
def test_each_step_is_the_recurrence(steps: int) -> None:
    decay, drive, h = arguments(steps=steps)
    y = ops.linear_scan(decay, drive, h)
    for step in range(steps):
        h = decay[:, step] * h + drive[:, step]
        torch.testing.assert_close(y[:, step], h, atol=EXACT, rtol=0)


@pytest.mark.parametrize("steps", [1, 5])
def test_gradients_equal_finite_differences(steps: int) -> None:
    assert torch.autograd.gradcheck(ops.linear_scan, arguments(steps=steps))


def test_the_memory_layout_changes_nothing() -> None:
    decay, drive, h = arguments()
    rows_first = ops.linear_scan(decay, drive, h)
    decay, drive = (one.transpose(0, 1).contiguous().transpose(0, 1) for one in (decay, drive))
    steps_first = ops.linear_scan(decay, drive, h)
    assert torch.equal(rows_first, steps_first)


@pytest.mark.parametrize("shape", [{"steps": 0}, {"batch": 0}])
def test_no_steps_and_no_rows_have_no_outputs(shape: dict[str, int]) -> None:
    decay, drive, h = arguments(**shape)
    y = ops.linear_scan(decay, drive, h)
    assert y.shape == drive.shape
    y.sum().backward()
    assert h.grad is not None
    assert not h.grad.any()


def test_second_derivatives_are_refused() -> None:
    decay, drive, h = arguments()
    (slope,) = torch.autograd.grad(ops.linear_scan(decay, drive, h).square().sum(), h, create_graph=True)
    assert slope.requires_grad
    with pytest.raises(KernelError, match="no second derivatives"):
        slope.sum().backward()


def test_a_first_derivative_with_a_graph_is_the_same_and_never_a_constant() -> None:
    decay, drive, h = arguments()
    loss = ops.linear_scan(decay, drive, h).sum()  # whose gradient by the outputs is a constant
    wanted = torch.autograd.grad(loss, decay, retain_graph=True)[0]
    (slope,) = torch.autograd.grad(loss, decay, create_graph=True)
    assert torch.equal(slope, wanted)
    with pytest.raises(KernelError, match="no second derivatives"):
        torch.autograd.grad(loss + slope.square().sum(), drive)
