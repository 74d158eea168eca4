"""Survival by hand: who is watched when, and who has died."""

import pytest

from echoic.drift import Collapse
from echoic.drift.survival import survival


def died(time_s: float) -> Collapse:
    return Collapse(time_s, "silence")


def test_without_censoring_survival_is_the_plain_fraction() -> None:
    assert survival([died(2.0), died(5.0), None, None], [10] * 4).tolist() == [1, 1, 1, *[0.75] * 3, *[0.5] * 5]


def test_streams_without_a_collapse_are_censored_at_its_latest_beginning() -> None:
    """Kaplan and Meier: of two streams of 6 s and two of 12 s, one of each collapses."""
    found = survival([died(1.0), None, died(6.0), None], [6, 6, 12, 12])
    assert found[2] == pytest.approx(3 / 4)
    # From second 4 on the first two are censored; one of the other two collapses in second 6.
    assert found[-1] == pytest.approx(3 / 4 * 1 / 2)


def test_streams_too_short_to_collapse_are_left_out() -> None:
    assert survival([None] * 50 + [died(0.0), None], [2] * 50 + [9, 9])[-1] == pytest.approx(1 / 2)
