"""Baselines of event detection on single frames."""

import numpy as np
import torch
from numpy.typing import NDArray
from sklearn import linear_model

from echoic.baselines import frames


def labelled(num_frames: int, num_classes: int) -> tuple[torch.Tensor, NDArray[np.int64]]:
    """Frames of 8 correlated bands, and classes that depend on them and on noise."""
    draws = np.random.default_rng(0)
    values = draws.normal(size=(num_frames, 8)) @ draws.normal(size=(8, 8))
    scores = values @ draws.normal(size=(8, num_classes)) + 2 * draws.gumbel(size=(num_frames, num_classes))
    return torch.from_numpy(values.astype(np.float32)), scores.argmax(1)


def test_the_regression_is_the_optimum_that_scikit_learn_finds() -> None:
    values, classes = labelled(3000, 4)
    own = frames.LogisticRegression.fit(values, classes, 4)
    other = linear_model.LogisticRegression(C=1 / (2 * len(classes) * frames._DECAY), max_iter=2000, tol=1e-8)
    other.fit(values.double().numpy(), classes)
    probs = torch.softmax(values @ own.weight.T + own.bias, 1)
    np.testing.assert_allclose(probs.numpy(), other.predict_proba(values.double().numpy()), atol=2e-3)
    assert (own.predict(values) == other.predict(values.double().numpy())).mean() > 0.998


def test_a_class_without_a_frame_is_never_predicted() -> None:
    values, classes = labelled(500, 3)
    own = frames.LogisticRegression.fit(values, classes, 5)
    assert set(own.predict(values)) == {0, 1, 2}
