"""The result of an evaluation: scores of a model next to those of its baselines."""

import abc
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from echoic.metrics.goals import goal


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
    def headline(self) -> str:
        """The score that decides whether the model beats a baseline."""
        return next(iter(self.scores))

    @property
    def verdict(self) -> str | None:
        """One sentence if no score of the model reaches the best baseline's in the headline; None if one does."""
        name = self.headline
        theirs = {row: scores[name] for row, scores in self.baselines.items() if name in scores}
        ours = [scores[name] for scores in (self.scores, self.postprocessed) if name in scores]
        if not theirs or not ours:
            return None
        lower_is_better = goal(name) == "low"
        choose = min if lower_is_better else max
        best = choose(theirs, key=lambda row: theirs[row])
        own = choose(ours)
        if own <= theirs[best] if lower_is_better else own >= theirs[best]:
            return None
        score = name.replace("_", " ")
        return (
            f"The model does not beat the best baseline here: {score} {own:.4g}, against {theirs[best]:.4g} of {best}."
        )

    @property
    def rows(self) -> dict[str, Mapping[str, float]]:
        """All scores, by row of the table: the model, its post-processed output, then the baselines."""
        processed = {"post-processed": self.postprocessed} if self.postprocessed else {}
        return {"model": self.scores, **processed, **self.baselines}
