"""Progress callbacks of long work."""

from collections.abc import Callable

ProgressFn = Callable[[int, int], None]
"""Called with the amount of work done and the total."""


def no_progress(*_: object) -> None:
    """Ignores progress."""
