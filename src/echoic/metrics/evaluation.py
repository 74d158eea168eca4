"""The result of an evaluation: scores of a model next to those of its baselines."""

import abc
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from echoic.metrics.goals import goal
from echoic.metrics.notebook import scores_html
from echoic.metrics.paired import ItemErrors, Lead


@dataclass(frozen=True, eq=False)
class Evaluation(abc.ABC):
    """Scores of a model and of the job's baselines, by name; each job adds its own results.

    `postprocessed` are the model's scores after post-processing, for jobs that have one. `item_errors` are errors in
    the headline score by test item, where the job has them. `notes` are sentences about the data and about what was
    left out. `figures` draws the charts.
    """

    scores: dict[str, float]
    baselines: dict[str, dict[str, float]]
    postprocessed: dict[str, float] = field(default_factory=dict, kw_only=True)
    notes: tuple[str, ...] = field(default=(), kw_only=True)
    item_errors: ItemErrors | None = field(default=None, kw_only=True, compare=False)
    figures: Callable[[], Mapping[str, Any]] | None = field(default=None, kw_only=True, compare=False)

    def __repr__(self) -> str:
        scores = ", ".join(f"{name}={value:.4g}" for name, value in self.result.items())
        best = "" if self.best_baseline is None else f", best_baseline={self.best_baseline!r}"
        return f"{type(self).__name__}({scores}{best})"

    def _repr_html_(self) -> str:
        return scores_html(self.rows, self.description, self.verdict or "")

    def plot(self) -> Mapping[str, Any]:
        """The charts of this evaluation, by name, as figures of matplotlib, which notebooks show.

        Raises:
            TypeError: it was not made by `Run.evaluate`.
        """
        if self.figures is None:
            raise TypeError("Only evaluations of `Run.evaluate` can be plotted.")
        return self.figures()

    @property
    @abc.abstractmethod
    def description(self) -> str:
        """The evaluated data and the units: `96 windows, errors in kW`."""

    @property
    @abc.abstractmethod
    def details(self) -> dict[str, Any]:
        """Further results as plain JSON values."""

    @property
    def headline(self) -> str:
        """The score that decides whether the model beats a baseline."""
        return next(iter(self.scores))

    @property
    def best_baseline(self) -> str | None:
        """The baseline with the best headline score; None without any."""
        name = self.headline
        theirs = {row: scores[name] for row, scores in self.baselines.items() if name in scores}
        if not theirs or name not in self.result:
            return None
        return (min if goal(name) == "low" else max)(theirs, key=lambda row: theirs[row])

    @property
    def result(self) -> dict[str, float]:
        """The scores of what the model puts out in the end."""
        return self.postprocessed or self.scores

    @property
    def lead(self) -> Lead | None:
        """The lead over the best baseline; None without one, or without errors by item."""
        best = self.best_baseline
        return None if best is None or self.item_errors is None else self.item_errors.lead_over(best)

    @property
    def verdict(self) -> str | None:
        """One sentence: better than the best baseline, worse, or not distinguishable from it; None without baselines.

        Jobs without errors by item say only where the best baseline is better.
        """
        best, lead, name = self.best_baseline, self.lead, self.headline
        if best is None:
            return None
        own, other = self.result[name], self.baselines[best][name]
        scores = f"{name.replace('_', ' ')} {own:.4g}, against {other:.4g} of {best.replace('_', ' ')}"
        if lead is None or self.item_errors is None:
            reaches = own <= other if goal(name) == "low" else own >= other
            return None if reaches else f"The model does not beat the best baseline here: {scores}."
        if lead.too_few:
            direction = "better" if lead.mean > 0 else "worse"
            phrase = f"{direction} here, on too few {self.item_errors.unit} to be sure, than"
        else:
            phrase = "not distinguishable from" if lead.outcome == "not distinguishable" else f"{lead.outcome} than"
        difference = f"{abs(lead.mean):.2g}"
        if lead.standard_error is None:
            difference += f", in too few {self.item_errors.unit} ({lead.items:,}) for a standard error"
        else:
            difference += f" ± {lead.standard_error:.2g} (standard error over {lead.items:,} {self.item_errors.unit})"
        return f"The model is {phrase} the best baseline: {scores}; the difference is {difference}."

    @property
    def rows(self) -> dict[str, Mapping[str, float]]:
        """All scores, by row of the table: the model, its post-processed output, then the baselines."""
        processed = {"post-processed": self.postprocessed} if self.postprocessed else {}
        return {"model": self.scores, **processed, **self.baselines}
