"""Choice of the implementation: the best on this machine, or the one named by `ECHOIC_KERNEL`."""

import os
from importlib import import_module
from typing import Any

import torch  # noqa: F401

from echoic.errors import KernelError

native: Any
"""The compiled module (`_kernel.pyi`), or None where echoic was installed without it."""

# Torch is imported first: the kernel then shares its OpenMP threads instead of starting others.
try:
    native = import_module("echoic._kernel")
except ModuleNotFoundError:  # other errors are raised: the module is there but broken
    native = None

AVAILABLE: tuple[str, ...] = (*(native.targets() if native else ()), "off")
"""Values of `ECHOIC_KERNEL` on this machine besides `auto`, best first; `off` is torch's own layers."""


def kernel() -> str:
    """The implementation in use, chosen by the environment variable `ECHOIC_KERNEL` (default `auto`).

    Raises:
        KernelError: the name is not available on this machine.
    """
    requested = os.environ.get("ECHOIC_KERNEL", "auto")
    if requested == "auto":
        # Plain C++ is for tests and slower than torch's own layers, so `auto` never chooses it.
        return next(name for name in AVAILABLE if name != "scalar")
    if requested not in AVAILABLE:
        raise KernelError(f"`ECHOIC_KERNEL` must be one of auto, {', '.join(AVAILABLE)}, got {requested!r}.")
    return requested


def multiplies_bfloat16() -> bool:
    """Whether layers do not round floats in place of products of bfloat16; torch's own may or may not have them."""
    return kernel() in {"amx", "avx512_bf16", "off"}


def fma_gflops() -> float | None:
    """Peak of one core in 10^9 operations per second without memory access, an upper bound for every kernel.

    Measured for a tenth of a second with the instructions of the kernel in use; None without a compiled kernel.
    """
    target = kernel()
    return None if target == "off" else float(native.peak_gflops(target))
