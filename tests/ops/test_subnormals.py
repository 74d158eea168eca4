"""Numbers too small for full precision cost no time in a kernel, and stay what they are outside of it."""

import statistics
import subprocess
import sys
import time
from collections.abc import Callable

import pytest
import torch
from op_layers import Layer

from echoic import ops
from echoic.ops.choice import native

pytestmark = pytest.mark.skipif(native is None, reason="installed without the compiled kernels")

TINY = 1e-40
"""Subnormal in float32."""

SLOWER = 1.2
ATTEMPTS = 8


def keeps_subnormals() -> bool:
    return bool((torch.tensor([TINY]) * 1).item())


@pytest.mark.parametrize("threads", [1, 2])
def test_gradients_too_small_become_zero_and_only_in_the_kernel(
    layer: Layer, set_threads: Callable[[int], None], threads: int
) -> None:
    set_threads(threads)
    values = layer.arguments((8, 40, 9, 33), torch.float32)
    assert keeps_subnormals()
    y, *_ = layer.run(*values)
    (gradient,) = torch.autograd.grad(y, values[0], torch.full_like(y, TINY))
    assert not gradient.any()
    assert keeps_subnormals()
    # Torch's threads are the kernel's: a product shared out to them.
    assert (torch.full((1 << 20,), TINY) * 1).count_nonzero() == 1 << 20


def test_the_caller_may_flush_by_itself(layer: Layer) -> None:
    values = layer.arguments((3, 4, 2, 5), torch.float32)
    try:
        assert torch.set_flush_denormal(True)
        layer.run(*values)
        assert not keeps_subnormals()
    finally:
        torch.set_flush_denormal(False)


def test_importing_the_library_changes_nothing() -> None:
    code = f"import torch, echoic.ops, echoic.nn; print((torch.tensor([{TINY}]) * 1).item() != 0)"
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout == "True\n"


@pytest.mark.slow
@pytest.mark.parametrize("hidden", [20, 128], ids=["lanes", "units"])
@pytest.mark.skipif(ops.AVAILABLE[0] in {"scalar", "off"}, reason="no target that is fast")
def test_a_vanishing_gradient_takes_no_longer(hidden: int) -> None:
    """CPU time of a loss at the last of many steps, alternating: its gradient vanishes with small weights."""
    draw = torch.Generator().manual_seed(0)
    x, h = torch.randn(32, 150, 8, generator=draw), torch.zeros(32, hidden)
    weights = [torch.randn(4 * hidden, size, generator=draw) / hidden**0.5 for size in (8, hidden)]
    bias = torch.zeros(4 * hidden)

    def seconds(scale: float) -> float:
        w_in, w_rec = (one.mul(scale).requires_grad_() for one in weights)
        *_, h_end, _ = ops.lstm(x, h, h, w_in, w_rec, bias)
        begin = time.thread_time()
        h_end.sum().backward()
        return time.thread_time() - begin

    ratios: list[float] = []
    for _ in range(ATTEMPTS):
        ratios += [seconds(0.01) / seconds(1) for _ in range(3)]
        if statistics.median(ratios) <= SLOWER:
            return
    pytest.fail(f"a vanishing gradient takes {statistics.median(ratios):.2f} times as long")
