"""The verdict of an evaluation: against the best baseline, and as sure as the items allow."""

from dataclasses import dataclass
from typing import Any

import numpy as np
import pytest

from echoic.metrics.evaluation import Evaluation
from echoic.metrics.paired import ItemErrors

Scores = dict[str, float]


@dataclass(frozen=True, eq=False)
class Plain(Evaluation):
    """An evaluation without results of its own."""

    @property
    def description(self) -> str:
        return "two clips"

    @property
    def details(self) -> dict[str, Any]:
        return {}


@pytest.mark.parametrize(
    ("own", "others", "sentence"),
    [
        ({"mae": 1.0}, {"a": {"mae": 2.0}, "b": {"mae": 1.0}}, None),
        ({"mae": 1.5}, {"a": {"mae": 2.0}, "b": {"mae": 1.0}}, "mae 1.5, against 1 of b."),
        ({"accuracy": 0.5}, {"majority": {"accuracy": 0.6}}, "accuracy 0.5, against 0.6 of majority."),
        ({"accuracy": 0.7}, {"majority": {"accuracy": 0.6}}, None),
        ({"nats": 1.0}, {"a": {"other": 0.0}}, None),
        ({"nats": 1.0}, {}, None),
    ],
)
def test_without_errors_by_item_it_speaks_only_where_the_best_baseline_is_better(
    own: Scores, others: dict[str, Scores], sentence: str | None
) -> None:
    verdict = Plain(own, others).verdict
    assert (verdict is None) if sentence is None else (verdict is not None and verdict.endswith(sentence))


def test_postprocessed_scores_are_the_models() -> None:
    assert Plain({"error": 2.0}, {"a": {"error": 1.0}}, postprocessed={"error": 0.5}).verdict is None


def classified(own_wrong: int, baseline_wrong: int, clips: int = 100) -> Plain:
    """A model and a baseline that misclassify the first so many clips."""
    own, other = (np.arange(clips) < wrong for wrong in (own_wrong, baseline_wrong))
    return Plain(
        {"accuracy": 1 - own_wrong / clips},
        {"worst": {"accuracy": 0.0}, "best": {"accuracy": 1 - baseline_wrong / clips}},
        item_errors=ItemErrors("clips", own.astype(float), {"worst": np.ones(clips), "best": other.astype(float)}),
    )


@pytest.mark.parametrize(
    ("own_wrong", "baseline_wrong", "start", "end"),
    [
        (10, 20, "better than", "accuracy 0.9, against 0.8 of best; the difference is 0.1 ± 0.03"),
        (20, 10, "worse than", "accuracy 0.8, against 0.9 of best; the difference is 0.1 ± 0.03"),
        (10, 10, "not distinguishable from", "accuracy 0.9, against 0.9 of best; the difference is 0 ± 0"),
    ],
)
def test_with_errors_by_item_the_verdict_is_one_sentence(
    own_wrong: int, baseline_wrong: int, start: str, end: str
) -> None:
    verdict = classified(own_wrong, baseline_wrong).verdict
    assert verdict == f"The model is {start} the best baseline: {end} (standard error over 100 clips)."


def test_a_single_item_has_no_standard_error() -> None:
    verdict = classified(0, 1, clips=1).verdict
    assert verdict is not None
    assert verdict.endswith("the difference is 1, in too few clips (1) for a standard error.")


@pytest.mark.parametrize(("own_wrong", "baseline_wrong", "word"), [(3, 0, "worse"), (0, 3, "better")])
def test_a_clear_difference_on_too_few_items_is_not_called_indistinguishable(
    own_wrong: int, baseline_wrong: int, word: str
) -> None:
    found = classified(own_wrong, baseline_wrong, clips=3)
    assert found.lead is not None
    assert found.lead.outcome == "not distinguishable"
    assert found.verdict is not None
    assert found.verdict.startswith(f"The model is {word} here, on too few clips to be sure, than the best baseline:")


def test_the_lead_is_over_the_best_baseline() -> None:
    evaluation = classified(10, 20)
    assert evaluation.best_baseline == "best"
    assert evaluation.lead is not None
    assert evaluation.lead.mean == pytest.approx(0.1)
