"""Randomness and threads that are set for a block and put back after it."""

import contextlib
from collections.abc import Iterator

import torch


@contextlib.contextmanager
def isolated_randomness(seed: int) -> Iterator[None]:
    """Seeds torch's generator for the block and puts its state back after it: the caller's draws are not disturbed."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        yield


@contextlib.contextmanager
def thread_count(threads: int | None) -> Iterator[None]:
    """Sets torch's CPU threads for the block."""
    before = torch.get_num_threads()
    torch.set_num_threads(threads or before)
    try:
        yield
    finally:
        torch.set_num_threads(before)
