"""How fast a client may send: a token bucket."""

import time
from typing import final


@final
class Allowance:
    """Lets `per_s` units per second through on average, and up to `burst_s` seconds of them at once."""

    def __init__(self, per_s: float, burst_s: float) -> None:
        self._per_s = per_s
        self._most = per_s * burst_s
        self._left = self._most
        self._at = time.monotonic()

    def take(self, units: float, now: float) -> bool:
        """Whether the units are allowed at the time `now` of `time.monotonic`; if so, they count."""
        self._left = min(self._most, self._left + (now - self._at) * self._per_s)
        self._at = now
        if units > self._left:
            return False
        self._left -= units
        return True
