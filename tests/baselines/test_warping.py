"""Dynamic time warping against a plain loop, and its nearest neighbour."""

import numpy as np
import pytest
from numpy.typing import NDArray

from echoic.baselines.warping import WarpingNeighbor, averaged, evenly_by_class, warping_distances

Array = NDArray[np.float64]


def loop_distance(a: Array, b: Array, band: float) -> float:
    """One table, cell by cell."""
    radius = max(int(np.ceil(band * max(len(a), len(b)))), abs(len(a) - len(b)))
    table = np.full((len(a) + 1, len(b) + 1), np.inf)
    table[0, 0] = 0.0
    for i in range(len(a)):
        for j in range(max(0, i - radius), min(len(b), i + radius + 1)):
            cost = float(np.square(a[i] - b[j]).sum())
            table[i + 1, j + 1] = cost + min(table[i, j], table[i, j + 1], table[i + 1, j])
    return float(table[-1, -1])


@pytest.mark.parametrize("band", [0.0, 0.1, 0.3, 1.0])
@pytest.mark.parametrize("lengths", [(12,), (1, 5, 12, 13), (30, 7)])
def test_distances_are_those_of_a_plain_loop(band: float, lengths: tuple[int, ...]) -> None:
    rng = np.random.default_rng(0)
    queries = [rng.normal(size=(lengths[number % len(lengths)], 2)) for number in range(5)]
    references = [rng.normal(size=(lengths[(number + 1) % len(lengths)], 2)) for number in range(4)]
    expected = [[loop_distance(a, b, band) for b in references] for a in queries]
    np.testing.assert_allclose(warping_distances(queries, references, band), expected, rtol=1e-9)


def test_blocks_of_pairs_change_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    rng = np.random.default_rng(1)
    series = [rng.normal(size=(int(rng.integers(3, 20)), 1)) for _ in range(7)]
    whole = warping_distances(series, series)
    monkeypatch.setattr("echoic.baselines.warping._BLOCK_VALUES", 200)
    np.testing.assert_array_equal(warping_distances(series, series), whole)


def bumps(count: int, rng: np.random.Generator) -> tuple[list[Array], NDArray[np.int64]]:
    """A bump up or down, early or late."""
    labels = np.arange(count) % 2
    steps = np.arange(50)
    centers = rng.uniform(22, 28, count)
    return [
        ((1 - 2 * label) * np.exp(-np.square(steps - center) / 8))[:, None]
        for label, center in zip(labels, centers, strict=True)
    ], labels


def test_a_shifted_bump_is_near_its_class() -> None:
    rng = np.random.default_rng(2)
    (series, labels), (new, expected) = bumps(10, rng), bumps(20, rng)
    model = WarpingNeighbor.fit(series, labels, 2, len(new))
    probs = model.predict_probs(new)
    assert (probs.argmax(1) == expected).all()
    np.testing.assert_allclose(probs.sum(1), 1.0)
    assert not model.limits


def test_work_on_large_sets_is_limited_and_reported(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("echoic.baselines.warping.MAX_CELLS", 1e3)
    rng = np.random.default_rng(3)
    (series, labels), (new, expected) = bumps(40, rng), bumps(20, rng)
    model = WarpingNeighbor.fit([np.repeat(one, 4, 0) for one in series], labels, 2, len(new))
    assert model.stride == 5
    assert sorted(model.labels) == [0, 1]
    assert model.limits == ["5 steps averaged to one", "2 of 40 training clips"]
    found = model.predict_probs([np.repeat(one, 4, 0) for one in new])
    assert (found.argmax(1) == expected).mean() > 0.9


def test_averages_and_even_choice() -> None:
    np.testing.assert_array_equal(averaged(np.arange(5.0)[:, None], 2)[:, 0], [0.5, 2.5, 4.0])
    labels = np.array([0, 0, 0, 0, 1, 1])
    np.testing.assert_array_equal(evenly_by_class(labels, 4), [0, 1, 4, 5])
    np.testing.assert_array_equal(evenly_by_class(labels, 9), np.arange(6))
