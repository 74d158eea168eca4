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


def fma_gflops() -> float | None:
    """The peak of one core by `echoic.ops.fma_gflops`, or nothing where that is not there."""
    try:
        found = getattr(import_module("echoic.ops"), "fma_gflops", None)
    except ModuleNotFoundError:
        return None
    return None if found is None else float(found())
