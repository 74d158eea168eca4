"""Training curves for MLflow."""

from collections.abc import Mapping
from importlib import import_module
from types import TracebackType
from typing import Any, Self, final

from echoic.extras import missing
from echoic.loggers.describing import Evaluations, scores
from echoic.training import Progress


@final
class MLflowLogger:
    """Logs the scores of every evaluation of dev as metrics of an MLflow run; needs the extra `echoic[mlflow]`.

    `with MLflowLogger({"layers": 64}) as logger: echoic.train(..., on_progress=logger)`. The run is the active one of
    MLflow, or a new one that ends with the block; where it is stored is up to MLflow (`mlflow.set_tracking_uri`).

    Args:
        params: parameters to log first, such as settings.

    Raises:
        MissingExtraError: MLflow is not installed.
    """

    def __init__(self, params: Mapping[str, Any] | None = None) -> None:
        try:
            self._mlflow: Any = import_module("mlflow")
        except ModuleNotFoundError as error:
            raise missing("mlflow", error) from None
        self._owns_run = self._mlflow.active_run() is None
        if self._owns_run:
            self._mlflow.start_run()
        if params:
            self._mlflow.log_params(dict(params))
        self._evaluations = Evaluations()

    def __call__(self, at: Progress) -> None:
        """Logs the scores after an evaluation."""
        if self._evaluations.is_evaluation(at):
            self._mlflow.log_metrics(scores(at), step=at.step)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._owns_run:
            self._mlflow.end_run("FINISHED" if error is None else "FAILED")
