"""The linear prediction of sound, on noise of known entropy."""

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy.signal import lfilter

from echoic.baselines.sound import LinearPrediction, Scale, histogram_nats, prediction_weights

STEP = 0.02
LEVELS = np.asarray((np.arange(256) - 127.5) * STEP, np.float64)
EDGES = np.asarray((np.arange(255) - 127) * STEP, np.float64)
SCALE = Scale(LEVELS, np.array([-np.inf, *EDGES, np.inf]))


def levels_of(sound: NDArray[np.float64]) -> NDArray[np.int64]:
    return np.digitize(sound, SCALE.edges[1:-1])


def autoregressive(samples: int, draws: np.random.Generator) -> NDArray[np.int64]:
    """x[t] = 0.9 x[t - 1] + Laplace noise of width 0.1, as levels 0.02 apart."""
    return levels_of(lfilter([1.0], [1.0, -0.9], draws.laplace(scale=0.1, size=samples)))


@pytest.mark.slow
def test_prediction_comes_near_the_entropy_of_the_noise() -> None:
    draws = np.random.default_rng(0)
    train, scored = autoregressive(200_000, draws), autoregressive(100_000, draws)
    found = LinearPrediction.fit([train], SCALE)
    # The entropy of the noise in steps of a level; neither the spread nor the weights are given.
    assert found.nats([scored]) == pytest.approx(np.log(2 * np.e * 0.1 / STEP), abs=0.05)
    assert found.nats([scored]) < histogram_nats(found.histogram, [scored]) - 0.5
    assert found.weights[0] == pytest.approx(0.9, abs=0.02)


@pytest.mark.slow
def test_the_middle_counts_as_much_as_the_beginning() -> None:
    draws = np.random.default_rng(0)
    sound = autoregressive(2_000_000, draws)
    late = sound.copy()
    late[:300_000] = levels_of(np.zeros(300_000))
    first, second = (LinearPrediction.fit([one], SCALE).nats([sound[-100_000:]]) for one in (sound, late))
    assert second == pytest.approx(first, abs=0.05)


def test_blocks_are_scored_as_one() -> None:
    draws = np.random.default_rng(0)
    model = LinearPrediction.fit([autoregressive(50_000, draws)], SCALE)
    parts = [autoregressive(length, draws) for length in (10_000, 30_000)]
    each = [model.nats([part]) for part in parts]
    assert model.nats(parts) == pytest.approx((each[0] + 3 * each[1]) / 4)


@pytest.mark.parametrize("samples", [1, 2, 19])
def test_a_few_samples_have_a_prediction(samples: int) -> None:
    assert np.isfinite(prediction_weights(np.linspace(0.1, 0.2, samples), 20)).all()
