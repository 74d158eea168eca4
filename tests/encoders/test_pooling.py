"""The larger of pairs, against `max_pool2d`."""

import warnings

import pytest
import torch
from torch import Tensor
from torch.nn import functional

from echoic.encoders.pooling import larger_of_pairs


def _pooled(x: Tensor) -> Tensor:
    return functional.max_pool2d(x, (2, 1))


@pytest.mark.parametrize("shape", [(2, 4, 2, 3), (2, 4, 3, 3), (1, 5, 24, 1), (2, 1, 41, 8)])
@pytest.mark.parametrize("is_transposed", [False, True])
def test_values_and_gradients_are_those_of_pooling(shape: tuple[int, ...], is_transposed: bool) -> None:
    torch.manual_seed(0)
    # Rounded, so that some pairs are equal.
    x = torch.randn(shape).mul(2).round()
    x = x.transpose(0, 1) if is_transposed else x
    weights = torch.randn(_pooled(x).shape)

    def gradient(values: Tensor, leaf: Tensor) -> Tensor:
        (found,) = torch.autograd.grad((values * weights).sum(), leaf)
        return found

    one, other = x.clone().requires_grad_(), x.clone().requires_grad_()
    pooled, wanted = larger_of_pairs(one), _pooled(other)
    assert torch.equal(pooled, wanted)
    assert torch.equal(gradient(pooled, one), gradient(wanted, other))


def test_transforms_and_traces_have_it() -> None:
    torch.manual_seed(0)
    x = torch.randn(3, 2, 5, 4)

    def total(one: Tensor) -> Tensor:
        return larger_of_pairs(one).square().sum()

    each = torch.func.vmap(torch.func.grad(total))(x)
    for row, wanted in zip(x, each, strict=True):
        leaf = row.clone().requires_grad_()
        total(leaf).backward()
        assert torch.equal(leaf.grad, wanted)
    with warnings.catch_warnings(action="ignore"):  # of tracing in general
        traced = torch.jit.trace(larger_of_pairs, x.clone().requires_grad_())
    assert "PythonOp" not in str(traced.graph)
    assert torch.equal(traced(x), _pooled(x))


def test_gradients_in_float64() -> None:
    torch.manual_seed(0)
    x = torch.randn(2, 5, 3, dtype=torch.float64, requires_grad=True)
    assert torch.autograd.gradcheck(larger_of_pairs, [x])
    assert torch.autograd.gradgradcheck(larger_of_pairs, [x])
