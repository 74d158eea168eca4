from collections.abc import Sequence

import numpy as np
import pytest
from numpy.typing import NDArray

from echoic.report.charts import (
    MAX_POINTS,
    PALETTES,
    Band,
    Chart,
    Line,
    Role,
    Style,
    colour_keys,
    decimated,
    with_markers,
)


def chart(*lines: Line, bands: Sequence[Band] = ()) -> Chart:
    return Chart("k", "t", "x", "y", tuple(lines), tuple(bands))


def line(y: NDArray[np.float64] | list[float], role: Role = "data", style: Style = "line") -> Line:
    return Line("a", np.arange(len(y)), np.asarray(y, float), role, style)


def test_thinning_keeps_every_peak_and_the_ends() -> None:
    y = np.sin(np.arange(100_000) / 50)
    y[12_345], y[54_321] = 99, -77
    thin = decimated(chart(line(y))).lines[0]
    assert len(thin.x) <= MAX_POINTS
    assert (thin.y.max(), thin.y.min()) == (99, -77)
    assert (thin.x[0], thin.x[-1]) == (0, 99_999)
    np.testing.assert_array_equal(thin.y, y[thin.x])
    assert (np.diff(thin.x) > 0).all()


def test_thinning_leaves_short_lines_alone() -> None:
    y = np.arange(MAX_POINTS, dtype=float)
    np.testing.assert_array_equal(decimated(chart(line(y))).lines[0].y, y)


def test_thinning_keeps_gaps_and_the_peaks_beside_them() -> None:
    y = np.zeros(50_000)
    y[10_000:20_000] = np.nan
    y[20_001] = 5
    y[9_999] = -5
    thin = decimated(chart(line(y))).lines[0]
    assert np.isnan(thin.y[(thin.x > 10_100) & (thin.x < 19_900)]).all()
    assert np.isnan(thin.y).any()
    assert np.nanmax(thin.y) == 5
    assert np.nanmin(thin.y) == -5


def test_thinning_keeps_the_widest_places_of_a_band() -> None:
    x = np.arange(30_000)
    low, high = np.zeros(30_000), np.ones(30_000)
    low[7_000], high[22_222] = -3, 8
    thin = decimated(chart(bands=[Band("b", x, low, high)])).bands[0]
    assert len(thin.x) <= MAX_POINTS
    assert thin.low.min() == -3
    assert thin.high.max() == 8


def test_every_baseline_has_a_colour_of_its_own() -> None:
    keys = colour_keys([line([1], "baseline"), line([1], "model"), line([1], "baseline")])
    assert keys == ["baseline-0", "model", "baseline-1"]


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_a_picture_of_model_truth_and_baselines_has_no_colour_twice(scheme: str) -> None:
    roles = ["data", "model", *(f"baseline-{number}" for number in range(6))]
    assert len({PALETTES[scheme][role] for role in roles}) == len(roles)
    assert PALETTES["light"].keys() == PALETTES["dark"].keys()


def test_a_single_point_is_marked_so_that_it_is_seen() -> None:
    assert with_markers([line(np.zeros(500)), line([1.0]), line(np.zeros(100), style="dots")]) == [False, True, False]
