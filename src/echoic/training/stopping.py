"""Ctrl-C, SIGTERM and SIGHUP as a request that the loop handles after its current step."""

import contextlib
import signal
from collections.abc import Iterator
from types import FrameType
from typing import final

from echoic.signals import handling


@final
class Stop:
    """The signal that requested a stop; None before."""

    def __init__(self) -> None:
        self.signal: signal.Signals | None = None


@contextlib.contextmanager
def stop_on_signals() -> Iterator[Stop]:
    """Records the first of these signals; a second one acts at once. Only the main thread can catch signals."""
    stop = Stop()

    def record(number: int, _frame: FrameType | None) -> None:
        stop.signal = signal.Signals(number)
        restore()

    with handling(record) as restore:
        yield stop
