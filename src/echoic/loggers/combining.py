"""Several loggers of one training."""

from collections.abc import Callable
from typing import final

from echoic.training import Progress


@final
class Several:
    """Calls each of its loggers, in order: `on_progress=Several(NotebookBar(), TensorBoardLogger("logs"))`."""

    def __init__(self, *loggers: Callable[[Progress], None]) -> None:
        self.loggers = loggers

    def __call__(self, at: Progress) -> None:
        """Reports to each logger."""
        for logger in self.loggers:
            logger(at)
