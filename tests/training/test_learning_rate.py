import pytest

from echoic.config import TrainSettings
from echoic.training.schedule import learning_rate


@pytest.mark.parametrize(
    ("schedule", "progress", "factor"),
    [
        ("cosine", 0.0, 0.01),
        ("cosine", 0.05, 0.5),
        ("cosine", 0.1, 1.0),
        ("cosine", 0.4, 0.75),  # a third of the way down: (1 + cos 60 degrees) / 2
        ("cosine", 0.55, 0.5),
        ("cosine", 1.0, 0.0),
        ("cosine", 1.3, 0.0),
        ("constant", 0.05, 0.5),
        ("constant", 0.1, 1.0),
        ("constant", 1.0, 1.0),
    ],
)
def test_the_learning_rate_rises_then_falls_as_a_cosine_or_stays(schedule: str, progress: float, factor: float) -> None:
    settings = TrainSettings(lr=0.2, warmup_fraction=0.1, lr_schedule=schedule)
    assert learning_rate(settings, progress) == pytest.approx(0.2 * factor, abs=1e-12)


def test_without_a_rise_the_learning_rate_begins_at_its_peak() -> None:
    assert learning_rate(TrainSettings(lr=0.2, warmup_fraction=0), 0) == 0.2
