"""Which implementation runs: the best that this machine has, or the one that `ECHOIC_KERNEL` asks for."""

import os
from importlib import import_module
from typing import Any

import torch  # noqa: F401

from echoic.errors import KernelError

native: Any
"""The compiled module (`_kernel.pyi`), or None where echoic was installed without it."""

# Torch comes first: its threads are OpenMP's, and the kernel then shares them instead of bringing its own.
try:
    native = import_module("echoic._kernel")
except ModuleNotFoundError:  # and no other error: a broken one must be seen
    native = None

AVAILABLE: tuple[str, ...] = (*(native.targets() if native else ()), "off")
"""Names that `ECHOIC_KERNEL` may take here besides `auto`, best first; `off` is torch's own layers."""


def kernel() -> str:
    """The implementation in use, chosen by the environment variable `ECHOIC_KERNEL` (default `auto`).

    Raises:
        KernelError: the name is not available on this machine.
    """
    requested = os.environ.get("ECHOIC_KERNEL", "auto")
    if requested == "auto":
        # Plain C++ is slower than torch's own layers: it is for checking, and runs only when it is asked for.
        return next(name for name in AVAILABLE if name != "scalar")
    if requested not in AVAILABLE:
        raise KernelError(f"`ECHOIC_KERNEL` must be one of auto, {', '.join(AVAILABLE)}, got {requested!r}.")
    return requested


def fma_gflops() -> float | None:
    """The ceiling of any kernel here: 10^9 operations a second that one core does without touching memory.

    A measurement of a tenth of a second with the instructions of the kernel in use; None where that is torch's.
    """
    target = kernel()
    return None if target == "off" else float(native.peak_gflops(target))
