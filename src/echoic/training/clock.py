"""The clock of a phase of training."""

import time
from typing import final


@final
class Clock:
    """Seconds of a phase since its first step, without the time between sessions.

    Args:
        before: seconds of the sessions before this one.
    """

    def __init__(self, before: float = 0.0) -> None:
        self._before = before
        self._started_at: float | None = None

    def start(self) -> None:
        """Starts the clock, if it does not run yet."""
        if self._started_at is None:
            self._started_at = time.monotonic()

    @property
    def session(self) -> float:
        """Seconds of this session."""
        return 0.0 if self._started_at is None else time.monotonic() - self._started_at

    @property
    def elapsed(self) -> float:
        """Seconds of all sessions."""
        return self._before + self.session
