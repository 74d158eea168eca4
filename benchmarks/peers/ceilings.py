"""Upper bounds of speed on this machine: torch's matrix product, and multiply-adds that stay in registers."""

from importlib import import_module

import torch

from peers.interleave import Run


def sgemm(size: int) -> Run:
    """Products of two square float32 matrices with `size` rows."""
    a, b, out = (torch.randn(size, size) for _ in range(3))

    def run(steps: int) -> None:
        for _ in range(steps):
            torch.mm(a, b, out=out)

    return run


def fma(peaks: list[float]) -> Run | None:
    """Appends the peak of one core in GFLOP/s, measured by echoic's kernel; None without a kernel."""
    try:
        measure = import_module("echoic.ops").fma_gflops
    except ModuleNotFoundError:
        return None
    if measure() is None:
        return None

    def run(steps: int) -> None:
        peaks.extend(measure() for _ in range(steps))

    return run
