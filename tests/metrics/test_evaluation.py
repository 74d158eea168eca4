"""The verdict of an evaluation: it speaks only where the best baseline is better."""

from dataclasses import dataclass
from typing import Any

import pytest

from echoic.metrics.evaluation import Evaluation

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
def test_the_verdict_names_the_best_baseline_only_where_it_is_better(
    own: Scores, others: dict[str, Scores], sentence: str | None
) -> None:
    verdict = Plain(own, others).verdict
    assert (verdict is None) if sentence is None else (verdict is not None and verdict.endswith(sentence))


def test_postprocessed_scores_count_as_the_models() -> None:
    assert Plain({"error": 2.0}, {"a": {"error": 1.0}}, postprocessed={"error": 0.5}).verdict is None
