from collections.abc import Sequence

import numpy as np
import pytest

from echoic.report.standard import accuracy_chart, error_histogram, loss_chart


def rows(
    train: Sequence[float], dev: Sequence[float | None], phase: str = "fit"
) -> list[dict[str, str | float | None]]:
    pairs = enumerate(zip(train, dev, strict=True))
    return [{"phase": phase, "step": 10 * at + 10, "train_loss": a, "dev_loss": b} for at, (a, b) in pairs]


def test_loss_chart_names_the_best_step() -> None:
    chart = loss_chart(rows([3, 2, 1], [3.0, 1.5, 2.0]))
    assert chart is not None
    assert [line.name for line in chart.lines] == ["train", "dev"]
    assert chart.lines[1].x.tolist() == [10, 20, 30]
    assert "dev loss: 1.5 after 20 steps" in chart.caption


def test_loss_chart_keeps_the_refit_apart() -> None:
    chart = loss_chart(rows([3, 2], [3.0, 2.0]) + rows([0.5], [None], "refit"))
    assert chart is not None
    assert {line.name: line.y.tolist() for line in chart.lines} == {
        "train": [3, 2],
        "train and dev (refit)": [0.5],
        "dev": [3, 2],
    }
    assert "dev loss: 2" in chart.caption


def test_loss_chart_without_dev_or_without_rows() -> None:
    chart = loss_chart(rows([3.0], [None]))
    assert chart is not None
    assert [line.name for line in chart.lines] == ["train"]
    assert loss_chart([]) is None


@pytest.mark.parametrize(("losses", "log"), [([100.0, 1.0], True), ([2.0, 1.0], False), ([100.0, -1.0], False)])
def test_loss_chart_is_logarithmic_only_over_decades_of_positive_losses(losses: list[float], log: bool) -> None:
    chart = loss_chart(rows(losses, losses))
    assert chart is not None
    assert chart.log_y is log


def test_histogram_counts_every_error_and_its_bell_has_the_same_area() -> None:
    errors = np.random.default_rng(0).normal(2, 3, 5000)
    chart = error_histogram(errors, "error")
    assert chart is not None
    (bars,), (bell,) = chart.bars, chart.lines
    assert bars.y.sum() == 5000
    assert np.trapezoid(bell.y, bell.x) == pytest.approx(5000 * bars.width, rel=0.01)
    assert bars.x[0] - bars.width / 2 == pytest.approx(errors.min())


def test_histogram_of_equal_errors_is_left_out() -> None:
    assert error_histogram(np.ones(5), "error") is None
    assert error_histogram(np.ones(0), "error") is None


def test_overfitting_is_named() -> None:
    worse = loss_chart(rows([3.0, 2.0, 1.0, 0.5], [3.0, 1.5, 1.6, 2.0]))
    assert worse is not None
    assert "Overfitting: afterwards, the loss fell by 1.5 on train and rose by 0.5 on dev" in worse.caption
    harmless: list[tuple[list[float], list[float | None]]] = [
        ([3.0, 2.0, 1.0], [3.0, 1.5, 1.51]),
        ([3.0, 1.0, 1.5], [3.0, 1.5, 2.0]),
        ([3.0], [None]),
    ]
    for train, dev in harmless:
        chart = loss_chart(rows(train, dev))
        assert chart is not None
        assert "Overfitting" not in chart.caption


def test_accuracy_is_drawn_where_there_is_one() -> None:
    assert accuracy_chart(rows([3.0], [2.0])) is None
    metrics = [
        row | {"train_accuracy": 0.5, "dev_accuracy": accuracy}
        for row, accuracy in zip(rows([3, 2], [3, 2]), (0.4, 0.6), strict=True)
    ]
    chart = accuracy_chart(metrics)
    assert chart is not None
    assert [line.y.tolist() for line in chart.lines] == [[0.5, 0.5], [0.4, 0.6]]
