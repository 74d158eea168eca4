"""Leads of a model over a baseline: by hand, and as properties."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from echoic.metrics.paired import ItemErrors, group_numbers, joined, lead

BETTER, WORSE, OPEN = "better", "worse", "not distinguishable"


def test_a_paired_difference_by_hand() -> None:
    # Differences 1, 1, 0, -1: mean 1/4, deviations from it 9/16, 9/16, 1/16, 25/16.
    found = lead(np.array([0.0, 0.0, 1.0, 1.0]), np.array([1.0, 1.0, 1.0, 0.0]))
    assert found.mean == 0.25
    assert found.standard_error == pytest.approx(math.sqrt(44 / 16 / 3 / 4))
    assert (found.items, found.differing) == (4, 3)


def test_items_of_a_group_count_as_one() -> None:
    own, other = np.zeros(6), np.array([1.0, 1, 1, 0, 0, 0])
    groups = np.array([0, 0, 0, 1, 1, 1])
    found = lead(own, other, groups=groups)
    # Two groups, whose sums of differences 3 and 0 deviate by 3/2 from those of the mean 1/2.
    assert (found.mean, found.items, found.differing) == (0.5, 2, 1)
    assert found.standard_error == pytest.approx(math.sqrt(2 * (1.5**2 + 1.5**2)) / 6)
    alone = lead(own, other)
    assert alone.standard_error is not None
    assert found.standard_error is not None
    assert found.standard_error > 2 * alone.standard_error


def test_groups_are_sums_with_their_sizes() -> None:
    draws = np.random.default_rng(0)
    own, other, groups = draws.random(40), draws.random(40), draws.integers(0, 7, 40)
    own_sums, other_sums, sizes = (np.bincount(groups, values).astype(float) for values in (own, other, np.ones(40)))
    assert lead(own_sums, other_sums, sizes) == pytest.approx(lead(own, other, groups=groups))


def test_the_standard_error_is_that_of_a_paired_t_test() -> None:
    draws = np.random.default_rng(1)
    own, other = draws.random(50), draws.random(50) + 0.1
    found = lead(own, other)
    assert found.in_standard_errors == pytest.approx(stats.ttest_rel(other, own).statistic)


@given(st.lists(st.floats(0, 5), min_size=1, max_size=20))
def test_identical_errors_have_no_lead(errors: list[float]) -> None:
    found = lead(np.array(errors), np.array(errors))
    assert (found.mean, found.in_standard_errors, found.outcome) == (0, 0, OPEN)


@given(st.lists(st.tuples(st.booleans(), st.booleans()), min_size=2, max_size=40))
def test_the_other_side_sees_the_opposite(wrong: list[tuple[bool, bool]]) -> None:
    own, other = np.array(wrong, float).T
    one, back = lead(own, other), lead(other, own)
    assert (back.mean, back.standard_error) == (-one.mean, one.standard_error)
    assert {one.outcome, back.outcome} in ({OPEN}, {BETTER, WORSE})


@pytest.mark.parametrize(
    ("fixed", "broken", "clips", "outcome"),
    [
        (6, 0, 6, BETTER),
        (5, 0, 5, OPEN),
        (5, 0, 1000, OPEN),
        (0, 6, 1000, WORSE),
        (8, 2, 1000, OPEN),
        (9, 1, 1000, BETTER),
        (0, 0, 50, OPEN),
    ],
)
def test_the_outcome_needs_two_standard_errors_and_six_differences(
    fixed: int, broken: int, clips: int, outcome: str
) -> None:
    own, other = np.zeros(clips), np.zeros(clips)
    other[:fixed] = 1
    own[clips - broken :] = 1
    assert lead(own, other).outcome == outcome


def test_one_item_has_no_standard_error() -> None:
    assert lead(np.zeros(1), np.ones(1)) == (1.0, None, 1, 1)


def test_items_without_values_do_not_count() -> None:
    own, other = np.array([1.0, 0.0, 3.0]), np.array([2.0, 0.0, 3.0])
    assert lead(own, other, np.array([2.0, 0.0, 3.0])) == lead(own[[0, 2]], other[[0, 2]], np.array([2.0, 3.0]))


def test_folds_are_joined_without_mixing_their_groups() -> None:
    one = ItemErrors("clips", np.zeros(3), {"a": np.ones(3)}, groups=np.array([0, 0, 1]))
    other = ItemErrors("clips", np.ones(2), {"a": np.zeros(2)})
    both = joined([one, other])
    assert both is not None
    found = both.lead_over("a")
    assert found.mean == pytest.approx(0.2)
    assert found.items == 4
    assert joined([]) is None


def test_groups_are_numbered_by_name_and_items_without_a_name_are_alone() -> None:
    found = group_numbers(["x", None, "y", "x", None])
    assert found is not None
    assert found.tolist() == [0, 1, 2, 0, 3]
    assert group_numbers([None, None]) is None
