"""Lines of progress now and then, where there is no place for a bar: logs and pipes."""

import sys
import time
from collections.abc import Callable
from typing import final

from echoic.loggers.describing import describe
from echoic.training import Progress


def _print(line: str) -> None:
    print(line, file=sys.stderr, flush=True)  # noqa: T201


@final
class ProgressLines:
    """Writes a line at most every `interval_s` seconds, the first after that time.

    Args:
        interval_s: seconds between lines.
        write: takes a line; by default standard error does.
    """

    def __init__(self, interval_s: float = 15.0, write: Callable[[str], None] = _print) -> None:
        self.interval_s = interval_s
        self._write = write
        self._last = time.monotonic()

    def __call__(self, at: Progress) -> None:
        """Writes a line, if it is time for one."""
        now = time.monotonic()
        if now - self._last >= self.interval_s:
            self._last = now
            self._write(describe(at))
