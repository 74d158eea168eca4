from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from echoic.errors import ConfigError, DataError

TEXT = '"V1","V2","V3","V4","V5"\n"H1","1","","3",""\n"H2","4","5","6","7"\n"H3","8","NA",,\n'


def test_padding_ends_a_series_and_inner_gaps_are_missing(read_text: Callable[..., Any]) -> None:
    dataset = read_text(TEXT, format="m4")
    assert [series.name for series in dataset.series] == ["H1", "H2", "H3"]
    np.testing.assert_array_equal(dataset.series[0].values[:, 0], [1, np.nan, 3])
    assert [series.steps for series in dataset.series] == [3, 4, 2]
    assert dataset.series[0].features == ("y",)
    assert dataset.report.values == 7
    assert dataset.report.missing == {"y": 2}


def test_rows_may_end_early(read_text: Callable[..., Any]) -> None:
    assert [series.steps for series in read_text("V1,V2,V3\nA,1\nB,1,2\n", format="m4").series] == [1, 2]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("V1,V2\nA,1\nA,2\n", "line 3, column 'V1': series 'A' occurs twice"),
        ("V1,V2\n,1\n", "line 2, column 'V1': the series has no name"),
        ("V1,V2\nA,1\nB,\n", "line 3: the series has no values"),
        ("V1,V2\nA,x\n", "line 2, column 'V2': 'x' is not a number"),
        ("V1,V2\nA,1,2\n", "line 2 has 3 fields, but the header has 2"),
        ("V1\nA\n", "there are no columns of values"),
    ],
)
def test_bad_m4_file_is_refused(read_text: Callable[..., Any], text: str, message: str) -> None:
    with pytest.raises(DataError, match=message):
        read_text(text, format="m4")


def test_named_columns_are_refused(read_text: Callable[..., Any]) -> None:
    with pytest.raises(ConfigError, match="`time` names a column, but the M4 format has no named columns"):
        read_text(TEXT, format="m4", time="V1")
