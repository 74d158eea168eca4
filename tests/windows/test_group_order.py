"""Large groups are assigned first: the small ones can then make up for them."""

import pytest

from echoic.windows import stratified_group_split


@pytest.mark.parametrize("sizes", [(6, 2, 2, 2), (2, 2, 2, 6), (2, 6, 2, 2)])
def test_the_largest_group_is_assigned_before_the_small_ones(sizes: tuple[int, ...]) -> None:
    groups = [str(number) for number, size in enumerate(sizes) for _ in range(size)]
    one, other = stratified_group_split([("a",)] * 12, groups, (0.5, 0.5))
    assert (len(one), len(other)) == (6, 6)
