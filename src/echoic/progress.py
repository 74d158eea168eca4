"""Progress callbacks of long operations."""

from collections.abc import Callable

ProgressFn = Callable[[int, int], None]
"""Called with the number of finished items and the total."""


def no_progress(*_: object) -> None:
    """Ignores progress."""
