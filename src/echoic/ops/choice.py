"""Which implementation runs: the best that this machine has, or the one that `ECHOIC_KERNEL` asks for."""

import os

from echoic.errors import KernelError

try:
    from echoic import _kernel

    AVAILABLE: tuple[str, ...] = (*_kernel.targets(), "off")
    """Names that `ECHOIC_KERNEL` may take here besides `auto`, best first; `off` is torch's own layers."""
except ModuleNotFoundError:  # installed without the compiled module, on purpose
    AVAILABLE = ("off",)


def kernel() -> str:
    """The implementation in use, chosen by the environment variable `ECHOIC_KERNEL` (default `auto`).

    Raises:
        KernelError: the name is not available on this machine.
    """
    wanted = os.environ.get("ECHOIC_KERNEL", "auto")
    if wanted == "auto":
        # Plain C++ is slower than torch's own layers: it is for checking, and runs only when it is asked for.
        return next(name for name in AVAILABLE if name != "scalar")
    if wanted not in AVAILABLE:
        raise KernelError(f"`ECHOIC_KERNEL` must be one of auto, {', '.join(AVAILABLE)}, got {wanted!r}.")
    return wanted
