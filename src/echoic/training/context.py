"""Random numbers of a training: set for a block, restored after it."""

import contextlib
import threading
from collections.abc import Iterator
from typing import Any

import torch
from torch.nn import init
from torch.overrides import TorchFunctionMode

from echoic.errors import TrainingError

_IN_USE = threading.RLock()
"""Held while a thread owns torch's default generator, which is one for the whole process."""


@contextlib.contextmanager
def isolated_randomness(seed: int, device: str = "cpu") -> Iterator[None]:
    """Seeds torch's default generators for the block and restores them after it.

    Raises:
        TrainingError: another thread of this process is training, and would get other random numbers.
    """
    if not _IN_USE.acquire(blocking=False):
        raise TrainingError(
            "Another thread of this process is training, and torch has one random generator per process; wait for it, "
            "or train in a process of its own."
        )
    try:
        devices = [torch.device(device)] if device.startswith("cuda") else []
        with torch.random.fork_rng(devices=devices):
            torch.manual_seed(seed)
            yield
    finally:
        _IN_USE.release()


@contextlib.contextmanager
def no_randomness() -> Iterator[None]:
    """Builds networks whose weights are loaded next: random initialization gives zeros and draws nothing.

    So a run can be loaded while another thread trains, without changing its random numbers.
    """
    with _NoRandomness():
        yield


class _NoRandomness(TorchFunctionMode):
    """Replaces torch's random functions in this thread."""

    _IN_PLACE = frozenset(
        {
            torch.Tensor.normal_,
            torch.Tensor.uniform_,
            torch.Tensor.bernoulli_,
            # Those of torch.nn.init that dispatch on their own: what they call is not seen here.
            init.normal_,
            init.uniform_,
            init.kaiming_uniform_,
        }
    )
    _FACTORIES = frozenset({torch.rand, torch.randn})

    def __torch_function__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        del types
        kwargs = kwargs or {}
        if func in self._IN_PLACE:
            with torch.no_grad():
                return (args[0] if args else kwargs["tensor"]).zero_()
        if func in self._FACTORIES:
            return torch.zeros(*args, **kwargs)
        return func(*args, **kwargs)
