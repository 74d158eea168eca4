from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from echoic.sources.placeholders import placeholder

NAN = float("nan")


@pytest.mark.parametrize(
    ("values", "found"),
    [
        ([20.1, -999, 21.5, -999, 19.0, 20.0], (-999.0, 2)),
        ([20.1, NAN, 9999, 19.0, 20.0], (9999.0, 1)),
        ([0, 1, 65535, 2, 4], (65535.0, 1)),
        ([1.5, -999.25, 2.5], (-999.25, 1)),
        ([20.1, -998, 21.5, 19.0, 20.0], None),  # an outlier, but no number in use for missing values
        ([90, 95, 99, 97, 92], None),
        ([0, 200, 999, 400, 700], None),
        ([5, 5, 999, 5], None),  # what else there is does not vary
        ([999, 999, 999, 1, 2], None),
        ([999, 999], None),
        ([NAN, NAN], None),
    ],
)
def test_a_number_in_use_for_missing_values_is_found_far_from_all_others(
    values: list[float], found: tuple[float, int] | None
) -> None:
    assert placeholder(np.array(values, np.float64)) == found


def test_a_note_names_column_number_and_count(read_text: Callable[..., Any]) -> None:
    dataset = read_text("a,b\n1,20.5\n2,-999\n3,21.5\n4,-999\n5,20.0\n")
    remedy = "if that stands for missing values, leave those cells empty."
    assert f"Far from all other numbers: -999 in 'b' (2); {remedy}" in dataset.report.notes
    assert np.nanmin(dataset.series[0].values) == -999  # nothing is changed
