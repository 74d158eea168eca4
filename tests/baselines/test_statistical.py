"""ETS and Theta of statsforecast, as baselines."""

from typing import Any

import numpy as np
import pytest

import echoic
from echoic import extras
from echoic.baselines.statistical import Ets, bridged, theta
from echoic.errors import MissingExtraError


def seasonal(steps: int = 60) -> Any:
    return 20 + 5 * np.sin(2 * np.pi * np.arange(steps) / 6)


def test_both_continue_a_season() -> None:
    values, expected = seasonal(), seasonal(66)[60:]
    np.testing.assert_allclose(Ets(values, 6).forecast(values, 6), expected, atol=0.2)
    np.testing.assert_allclose(theta(values, 6, 6), expected, atol=0.5)


def test_ets_fitted_once_follows_longer_histories() -> None:
    walk = np.cumsum(np.random.default_rng(0).normal(0, 1, 300))
    model = Ets(walk[:200], 1)
    for steps in (200, 250, 300):
        assert abs(model.forecast(walk[:steps], 1)[0] - walk[steps - 1]) < 2


def test_gaps_are_bridged_by_straight_lines() -> None:
    values = np.array([np.nan, 1.0, np.nan, 3.0, np.nan])
    assert bridged(values).tolist() == [1, 1, 2, 3, 3]
    assert bridged(np.full(3, np.nan)).tolist() == [0, 0, 0]


def test_they_are_added_to_the_table_on_request() -> None:
    values = seasonal(120) + np.random.default_rng(0).normal(0, 1, 120)
    run = echoic.train("forecast", values, horizon=3, epochs=1, layers=[4], threads=1)
    assert not {"ets", "theta"} & run.evaluate().baselines.keys()
    rows = run.evaluate(statistical=True).baselines
    assert rows["ets"]["mae"] < rows["persistence"]["mae"]
    assert rows["theta"]["mae"] < rows["persistence"]["mae"]


def test_without_the_package_the_error_names_the_extra(monkeypatch: pytest.MonkeyPatch) -> None:
    def missing(name: str) -> Any:
        raise ModuleNotFoundError(name=name.partition(".")[0])

    monkeypatch.setattr(extras, "import_module", missing)
    with pytest.raises(MissingExtraError, match=r"echoic\[statistical\]"):
        theta(seasonal(), 3, 6)
