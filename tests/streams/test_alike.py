"""Arrays of many rows at once."""

import numpy as np
import pytest

from echoic.streams.alike import alike, cut, stacked


def test_rows_are_found_by_their_keys_in_order() -> None:
    assert alike([3, 5, 3, 0, 5]) == {3: [0, 2], 5: [1, 4], 0: [3]}
    assert alike(iter([])) == {}


@pytest.mark.parametrize("shape", [(4,), (0,), (2, 3), (0, 3), (2, 3, 1)])
def test_stacked_is_numpy_stack(shape: tuple[int, ...]) -> None:
    rows = [np.random.default_rng(number).standard_normal(shape).astype(np.float32) for number in range(3)]
    found = stacked(rows)
    assert found.dtype == np.float32
    np.testing.assert_array_equal(found, np.stack(rows))


def test_cut_gives_back_what_was_joined() -> None:
    parts = [np.full((length, 2), length) for length in (3, 0, 1)]
    found = cut(np.concatenate(parts), map(len, parts))
    assert len(found) == 3
    for one, part in zip(found, parts, strict=True):
        np.testing.assert_array_equal(one, part)
