import pytest

from echoic.metrics.goals import best_value


@pytest.mark.parametrize(
    ("score", "values", "best"),
    [
        ("mse", [3.0, 1.0, 2.0], 1.0),
        ("accuracy", [0.3, 0.9], 0.9),
        ("coverage_80", [0.99, 0.78, 0.7], 0.78),
        ("slope", [0.1, -0.2], None),
        ("frechet_ratio", [4.0, 100.0], 4.0),
        ("survival", [1.0], None),
    ],
)
def test_the_best_value_follows_the_goal_of_the_score(score: str, values: list[float], best: float | None) -> None:
    assert best_value(score, values) == best
