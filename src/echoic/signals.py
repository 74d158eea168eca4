"""Ctrl-C, SIGTERM and SIGHUP: they end the command in order, so that nothing is left half written.

The handler raises `Ended` in the main thread. It unwinds like any error: writers remove their temporary files, readers
end their child processes, and the command prints one sentence. Training has a handler of its own for the first signal,
see `echoic.training.stopping`.
"""

import _thread
import contextlib
import os
import signal
import sys
import threading
from collections.abc import Callable, Iterator
from types import FrameType
from typing import Any, final

from echoic.errors import Interrupted

ENDING = tuple(signal.Signals[name] for name in ("SIGINT", "SIGTERM", "SIGHUP") if name in signal.Signals.__members__)
"""The signals that end the command; Windows has no SIGHUP."""

Handler = Callable[[int, FrameType | None], Any]

_AGAIN_S = 0.01


@final
class Ended(BaseException):
    """A signal that ends the command; not an `Exception`, so that no library takes it for a failure of its own."""

    def __init__(self, number: int) -> None:
        self.number = signal.Signals(number)
        super().__init__(f"stopped by {self.number.name}.")
        self.exit_code = 128 + number


@contextlib.contextmanager
def handling(handler: Handler) -> Iterator[Callable[[], None]]:
    """Handles the signals by `handler` for the block; yields what restores the handlers before its end.

    Signals that are ignored stay ignored, as `nohup` wants it. Only the main thread can handle signals.
    """
    before: dict[signal.Signals, Any] = {}

    def restore() -> None:
        for number, old in before.items():
            signal.signal(number, old)

    if threading.current_thread() is threading.main_thread():
        # None is the handler of a program that embeds Python, which cannot be restored.
        found = {number: signal.getsignal(number) for number in ENDING}
        before = {number: old for number, old in found.items() if old not in (signal.SIG_IGN, None)}
    try:
        for number in before:
            signal.signal(number, handler)
        yield restore
    finally:
        restore()


def handle(handler: Handler) -> None:
    """Handles the signals that are not ignored by `handler`, for the rest of the process."""
    for number in ENDING if threading.current_thread() is threading.main_thread() else ():
        if signal.getsignal(number) is not signal.SIG_IGN:
            signal.signal(number, handler)


def ignore(_number: int, _frame: FrameType | None) -> None:
    """A handler that does nothing, for a process whose work is done."""


def end_at_once(number: int, _frame: FrameType | None) -> None:
    """A handler that ends the process without any clean-up, for one that has not begun its work."""
    with contextlib.suppress(OSError):
        os.write(2, f"echoic: stopped by {signal.Signals(number).name}.\n".encode())
    os._exit(128 + number)


@contextlib.contextmanager
def ending_in_order() -> Iterator[None]:
    """Has the signals raise `Ended` in the block; those during its clean-up change nothing.

    One that is lost, in a destructor or in a callback of a library, is raised again.
    """
    before = sys.unraisablehook

    def end_again(unraisable: Any) -> None:
        if isinstance(unraisable.exc_value, Ended):
            again = threading.Timer(_AGAIN_S, _send_to_main_thread, [unraisable.exc_value.number])
            again.daemon = True
            again.start()
        else:
            before(unraisable)

    sys.unraisablehook = end_again
    try:
        with handling(_end_in_order):
            yield
    finally:
        sys.unraisablehook = before


def _send_to_main_thread(number: signal.Signals) -> None:
    main = threading.main_thread().ident
    if hasattr(signal, "pthread_kill") and main is not None:
        signal.pthread_kill(main, number)  # ends a wait of the system, too
    else:
        _thread.interrupt_main(number)


def _end_in_order(number: int, _frame: FrameType | None) -> None:
    if not _is_ending(sys.exc_info()[1]):
        raise Ended(number)


def _is_ending(error: BaseException | None) -> bool:
    """Whether an error that is being handled, or one before it, ends the command."""
    while error is not None:
        if isinstance(error, Ended | Interrupted):
            return True
        error = error.__context__
    return False
