"""The result of an evaluation: scores of a model next to those of its baselines."""

import abc
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True, eq=False)
class Evaluation(abc.ABC):
    """Scores of a model and of the job's baselines, by name; each job adds its own results.

    `postprocessed` are the model's scores after post-processing, for jobs that have one.
    """

    scores: dict[str, float]
    baselines: dict[str, dict[str, float]]
    postprocessed: dict[str, float] = field(default_factory=dict, kw_only=True)

    @property
    @abc.abstractmethod
    def description(self) -> str:
        """The evaluated data and the units: `96 windows, errors in kW`."""

    @property
    @abc.abstractmethod
    def details(self) -> dict[str, Any]:
        """Further results as plain JSON values; `notes`, if any, are sentences about the data."""

    @property
    def rows(self) -> dict[str, Mapping[str, float]]:
        """All scores, by row of the table: the model, its post-processed output, then the baselines."""
        processed = {"post-processed": self.postprocessed} if self.postprocessed else {}
        return {"model": self.scores, **processed, **self.baselines}
