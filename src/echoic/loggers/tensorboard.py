"""Training curves for TensorBoard."""

from importlib import import_module
from pathlib import Path
from types import TracebackType
from typing import Any, Self, final

from echoic.extras import missing
from echoic.loggers.describing import Evaluations, scores
from echoic.training import Progress


@final
class TensorBoardLogger:
    """Writes the scores of every evaluation of dev as scalars; needs the extra `echoic[tensorboard]`.

    `with TensorBoardLogger("logs/air") as logger: echoic.train(..., on_progress=logger)`, then `tensorboard --logdir
    logs`. Stages, such as folds, have scalars of their own.

    Args:
        folder: the folder of the events.

    Raises:
        MissingExtraError: TensorBoard is not installed.
    """

    def __init__(self, folder: str | Path) -> None:
        try:
            writer: Any = import_module("torch.utils.tensorboard").SummaryWriter
        except ModuleNotFoundError as error:
            raise missing("tensorboard", error) from None
        self._writer = writer(str(folder))
        self._evaluations = Evaluations()

    def __call__(self, at: Progress) -> None:
        """Logs the scores after an evaluation."""
        if self._evaluations.is_evaluation(at):
            for name, value in scores(at).items():
                self._writer.add_scalar(name, value, at.step)
            self._writer.flush()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Writes what is left and closes the file."""
        self._writer.close()
