"""Ctrl-C and SIGTERM as a request that the loop handles after its current step."""

import contextlib
import signal
import threading
from collections.abc import Iterator
from types import FrameType
from typing import final


@final
class Stop:
    """The signal that requested a stop; None before."""

    def __init__(self) -> None:
        self.signal: signal.Signals | None = None


@contextlib.contextmanager
def stop_on_signals() -> Iterator[Stop]:
    """Records the first SIGINT or SIGTERM; a second one acts at once. Only the main thread can catch signals."""
    stop = Stop()
    if threading.current_thread() is not threading.main_thread():
        yield stop
        return
    before = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)}

    def restore() -> None:
        for number, handler in before.items():
            signal.signal(number, handler)

    def record(number: int, _frame: FrameType | None) -> None:
        stop.signal = signal.Signals(number)
        restore()

    for number in before:
        signal.signal(number, record)
    try:
        yield stop
    finally:
        restore()
