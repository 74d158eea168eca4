"""The number of CPU threads: chosen by the work of a training step, and set for a block."""

import contextlib
from collections.abc import Iterator

import torch
from threadpoolctl import threadpool_limits

from echoic.forks import check_threads
from echoic.model import SequenceModel
from echoic.tensors import Batch

MIN_PARALLEL_WORK = 100_000_000
"""Multiplications per training step below which one thread is the default (see `benchmarks/threads.py`).

On a busy machine with two cores two threads were slower at 82 million, even with a short spin, level at 320 million and
faster at 1,270 million.
"""


def training_work(model: SequenceModel, batch: Batch) -> int:
    """Multiplications of a forward pass, about: rows times steps times parameters."""
    rows, steps = batch.inputs.shape[:2]
    return int(rows) * int(steps) * sum(parameter.numel() for parameter in model.parameters())


def default_threads(model: SequenceModel, batch: Batch) -> int:
    """One thread for small networks, otherwise PyTorch's number.

    A second thread gains little in a short step, and if other work has the cores, the threads wait for each other at
    every barrier.
    """
    return torch.get_num_threads() if training_work(model, batch) >= MIN_PARALLEL_WORK else 1


@contextlib.contextmanager
def thread_count(threads: int | None) -> Iterator[None]:
    """Sets the CPU threads of torch, and of numpy's and scipy's linear algebra, for the block; None changes nothing.

    Raises:
        ConfigError: more than one in a forked process, where they would wait without end.
    """
    check_threads(threads)
    before = torch.get_num_threads()
    torch.set_num_threads(threads or before)
    try:
        # They have threads of their own, which spin while they wait for a core.
        with threadpool_limits(threads, user_api="blas"):
            yield
    finally:
        torch.set_num_threads(before)
