"""The time that a study has worked, over all of its sessions; it runs while any host works."""

import time
from typing import final

from echoic.studies.engine import Engine


@final
class Clock:
    """Counts from the time that earlier sessions have saved."""

    def __init__(self, engine: Engine, minutes: float | None) -> None:
        self._engine = engine
        self._budget_s = None if minutes is None else 60 * minutes
        self._before_s = engine.elapsed_s
        self._start_s = time.monotonic()

    @property
    def elapsed_s(self) -> float:
        """Seconds so far."""
        return self._before_s + time.monotonic() - self._start_s

    @property
    def budget_s(self) -> float | None:
        """All seconds of the study; None: no limit."""
        return self._budget_s

    def end_s(self, reserve_s: float = 0.0) -> float | None:
        """The end of the budget without a reserve, in seconds since 1970; None: no limit."""
        left_s = self.left_s(reserve_s)
        return None if left_s is None else time.time() + left_s

    def left_s(self, reserve_s: float = 0.0) -> float | None:
        """Seconds until the end of the budget without a reserve; None: no limit."""
        return None if self._budget_s is None else self._budget_s - reserve_s - self.elapsed_s

    def is_over(self, reserve_s: float = 0.0) -> bool:
        """Whether the budget without a reserve is used up."""
        left_s = self.left_s(reserve_s)
        return left_s is not None and left_s <= 0

    def save(self) -> None:
        """Keeps the time for the next session, and for hosts that join."""
        self._engine.elapsed_s = self.elapsed_s
