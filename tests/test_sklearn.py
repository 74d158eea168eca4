"""scikit-learn's own estimator checks, and the ones that do not apply."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from sklearn.utils.estimator_checks import parametrize_with_checks

from echoic.sklearn import Forecaster

TINY = {"train.threads": 1, "train.batch_size": 8, "train.patience": 50, "scaling.residual_baseline": "last"}

NOT_FOR_SERIES = {
    "check_methods_subset_invariance": "a forecast depends on the rows before it",
    "check_methods_sample_order_invariance": "the order of the rows is the order in time",
}


scikit_learn_checks: pytest.MarkDecorator = parametrize_with_checks(
    [Forecaster(lookback=2, layers=(3,), epochs=2, settings=TINY)],
    expected_failed_checks=lambda _: NOT_FOR_SERIES,
)


@scikit_learn_checks
def test_forecaster_passes_scikit_learns_checks(estimator: Forecaster, check: Callable[..., Any]) -> None:
    check(estimator)


def sine(steps: int) -> np.ndarray:
    return np.stack([np.sin(np.arange(steps) / 5), np.cos(np.arange(steps) / 5)], 1)


@pytest.mark.slow
def test_forecaster_rows_hold_the_following_values() -> None:
    table = sine(400)
    model = Forecaster(lookback=16, horizon=3, epochs=80, settings={"threads": 1}).fit(table[:300])
    forecasts = model.predict(table[300:]).reshape(100, 3, 2)
    for ahead in range(3):
        followed = table[317 + ahead : 398 + ahead]
        error = np.abs(forecasts[16:-3, ahead] - followed).mean()
        assert error < 0.3 * np.abs(table[316:397] - followed).mean()
    np.testing.assert_allclose(model.forecast(table[300:]), forecasts[-1])


def test_forecaster_row_does_not_depend_on_later_rows() -> None:
    table = sine(120)
    model = Forecaster(lookback=8, epochs=2, settings=TINY).fit(table)
    changed = table.copy()
    changed[60:] = 9.0
    np.testing.assert_array_equal(model.predict(table)[:60], model.predict(changed)[:60])


def test_forecaster_accepts_missing_values() -> None:
    table = sine(120)
    table[40:50, 0] = np.nan
    assert np.isfinite(Forecaster(lookback=8, epochs=2, settings=TINY).fit(table).predict(table)).all()


def test_forecaster_refuses_unknown_settings() -> None:
    with pytest.raises(ValueError, match="did you mean 'lookback'"):
        Forecaster(settings={"lookbak": 3}).fit(sine(50))
    for settings in ({"epochs": 2}, {"train.seed": 1}, {"window": {"horizon": 3}}):
        with pytest.raises(ValueError, match="which Forecaster takes as an argument"):
            Forecaster(settings=settings).fit(sine(50))


def test_a_time_budget_replaces_the_epochs() -> None:
    budget = {"threads": 1, "minutes": 0.01}
    with pytest.raises(ValueError, match="`epochs` has no effect with --minutes"):
        Forecaster(lookback=4, settings=budget).fit(sine(60))
    assert Forecaster(lookback=4, epochs=None, settings=budget).fit(sine(60)).run_.result()["steps"] > 0
