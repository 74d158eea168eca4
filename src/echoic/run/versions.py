"""Versions of the software and hardware of a run."""

import platform
from importlib.metadata import version

import torch

import echoic
from echoic import ops


def versions() -> dict[str, str]:
    """Versions of echoic, Python, torch and numpy, the kernel in use and the machine.

    Raises:
        KernelError: `ECHOIC_KERNEL` names one that is not available.
    """
    return {
        "echoic": echoic.__version__,
        "python": platform.python_version(),
        "torch": torch.__version__,
        "numpy": version("numpy"),
        "kernel": ops.kernel(),
        "machine": f"{platform.system()} {platform.machine()}",
    }
