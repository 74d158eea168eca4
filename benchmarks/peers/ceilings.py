"""What the machine can do at best: a large product by torch, and fused multiply-adds that never leave the registers."""

from importlib import import_module

import torch

from peers.interleave import Run
from peers.workloads import SGEMM_SIZE


def sgemm() -> Run:
    """Products of two square matrices of float32."""
    a, b, out = (torch.randn(SGEMM_SIZE, SGEMM_SIZE) for _ in range(3))

    def run(steps: int) -> None:
        for _ in range(steps):
            torch.mm(a, b, out=out)

    return run


def fma(peaks: list[float]) -> Run | None:
    """Appends the peak of one core in GFLOP/s, measured by echoic's kernel; nothing where no kernel is in use."""
    try:
        measure = import_module("echoic.ops").fma_gflops
    except ModuleNotFoundError:
        return None
    if measure() is None:
        return None

    def run(steps: int) -> None:
        peaks.extend(measure() for _ in range(steps))

    return run
