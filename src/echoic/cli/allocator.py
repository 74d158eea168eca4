"""The memory allocator, tuned for training; for the command's own process only."""

import ctypes
import os
import platform

_TRIM_THRESHOLD, _MMAP_MAX = -1, -4  # names and numbers of malloc.h
_NEVER = -1


def keep_freed_memory() -> None:
    """Makes glibc keep freed memory for the next training step instead of returning it to the system.

    Otherwise large arrays are mapped and zeroed again in every step: with 128 units and 501 time steps, a training step
    took 113 to 132 ms, and 85 ms with memory kept; the smallest networks gain nothing. The process keeps its peak
    memory. Other allocators, a user's own settings (`MALLOC_...` in the environment) and programs that import echoic
    are not affected.
    """
    if platform.libc_ver()[0] != "glibc" or any(name.startswith("MALLOC_") for name in os.environ):
        return
    libc = ctypes.CDLL(None)
    libc.mallopt(_MMAP_MAX, 0)
    libc.mallopt(_TRIM_THRESHOLD, _NEVER)
