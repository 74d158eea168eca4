"""Processes forked from one that has used threads: a fork copies the locks of threads, and not the threads.

Waiting for such a thread never ends. PyTorch and the kernels then use one thread; tables are read in a new process, see
`echoic.sources.elsewhere`.
"""

import os
import re
import sys
from pathlib import Path
from typing import Any

from echoic.errors import ConfigError

_TASKS = Path("/proc/self/task")
_POLARS_THREAD = re.compile(r"polars-\d")


class _Forks:
    """What this process lost when it was forked."""

    is_child = False
    has_polars_threads = False
    lost_polars = False


def lost_polars() -> bool:
    """Whether the threads of polars are those of a process that this one was forked from."""
    return _Forks.lost_polars


def check_threads(threads: int | None) -> None:
    """Refuses more than one thread in a forked process.

    Raises:
        ConfigError: there are more.
    """
    if _Forks.is_child and threads is not None and threads > 1:
        raise ConfigError(
            f"`threads` must be 1 in a forked process, got {threads}; start it with "
            'multiprocessing.get_context("spawn") for more.'
        )


def _before() -> None:
    try:
        names = [(task / "comm").read_text() for task in _TASKS.iterdir()]
    except OSError:  # no Linux, or a thread that has just ended
        _Forks.has_polars_threads = "polars" in sys.modules
    else:
        _Forks.has_polars_threads = any(_POLARS_THREAD.match(name) for name in names)


def _in_child() -> None:
    _Forks.is_child = True
    _Forks.lost_polars = _Forks.lost_polars or _Forks.has_polars_threads
    torch: Any = sys.modules.get("torch")
    if torch is not None:
        torch.set_num_threads(1)


if hasattr(os, "register_at_fork"):
    os.register_at_fork(before=_before, after_in_child=_in_child)
