"""Random convolutions against plain loops, their regression against leaving clips out one by one."""

import json

import numpy as np
import pytest
import torch
from numpy.typing import NDArray
from torch import Tensor

from echoic.baselines.random_convolutions import TAPS, RandomConvolutions, draw_kernels, quantiles, ridge


def tones(count: int, rng: np.random.Generator, classes: int = 3) -> tuple[list[Tensor], NDArray[np.int64]]:
    """Sines of three frequencies at random phases, of unequal lengths, with a channel of noise."""
    labels = np.arange(count) % classes
    clips = []
    for label in labels:
        steps = int(rng.integers(30, 50))
        tone = np.sin(2 * np.pi * (0.03 + 0.06 * label) * np.arange(steps) + rng.uniform(0, 6))
        clips.append(torch.from_numpy(np.stack([tone, rng.normal(size=steps)], 1)).float())
    return clips, labels


def test_features_are_those_of_a_plain_loop() -> None:
    rng = np.random.default_rng(0)
    clips, _ = tones(4, rng)
    for group in draw_kernels(clips, 12, rng):
        lengths = torch.tensor([len(clip) for clip in clips])
        x = torch.nn.utils.rnn.pad_sequence(clips, batch_first=True).transpose(1, 2)
        found = group.features(x, lengths).numpy()
        for row, clip in zip(found, clips, strict=True):
            for kernel in range(len(group.bias)):
                outputs = [
                    sum(
                        float(group.weights[kernel, value, tap] * clip[place, value])
                        for tap in range(TAPS)
                        for value in range(2)
                        if 0 <= (place := step + (tap - TAPS // 2) * group.dilation) < len(clip)
                    )
                    for step in range(len(clip))
                ]
                above = np.mean([output > float(group.bias[kernel]) for output in outputs])
                # An output that equals the bias, which is one of them, may fall to either side.
                assert row[kernel] == pytest.approx(above, abs=1.01 / len(clip))
                assert row[len(group.bias) + kernel] == pytest.approx(max(outputs), abs=1e-4)


@pytest.mark.parametrize("steps", [1, 2, 3, 50])
def test_quantiles_are_those_of_numpy(steps: int) -> None:
    rng = np.random.default_rng(0)
    rows = rng.normal(size=(200, steps)).astype(np.float32)
    levels = np.array([0.0, 1.0, 0.5, *rng.random(197)])
    expected = [np.quantile(row, level) for row, level in zip(rows, levels, strict=True)]
    np.testing.assert_array_equal(quantiles(rows, levels), expected)


def test_left_out_predictions_are_those_of_a_regression_without_the_row() -> None:
    rng = np.random.default_rng(1)
    features, targets = rng.normal(size=(12, 30)), rng.normal(size=(12, 2))
    weights, left_out = ridge(features, targets)
    # The penalty that was chosen, from the weights on all rows.
    penalties = np.logspace(-3, 5, 17) * 12
    solutions = [np.linalg.solve(features.T @ features + a * np.eye(30), features.T @ targets) for a in penalties]
    alpha = penalties[int(np.argmin([np.abs(solution - weights).max() for solution in solutions]))]
    for row in range(12):
        kept = np.arange(12) != row
        x, y = features[kept], targets[kept]
        expected = features[row] @ np.linalg.solve(x.T @ x + alpha * np.eye(30), x.T @ y)
        np.testing.assert_allclose(left_out[row], expected, rtol=1e-6, atol=1e-9)


def test_tones_are_told_apart_also_after_a_round_trip() -> None:
    rng = np.random.default_rng(2)
    (clips, labels), (new, expected) = tones(30, rng), tones(60, rng)
    model = RandomConvolutions.fit(clips, labels, 3, len(new))
    probs = model.predict_probs(new)
    assert (probs.argmax(1) == expected).mean() > 0.95
    np.testing.assert_allclose(probs.sum(1), 1.0)
    again = RandomConvolutions.from_json(json.loads(json.dumps(model.to_json())))
    np.testing.assert_allclose(again.predict_probs(new), probs, atol=1e-4)


def test_labels_without_meaning_are_not_predicted_with_certainty() -> None:
    rng = np.random.default_rng(3)
    clips, _ = tones(60, rng, classes=1)
    new, _ = tones(60, rng, classes=1)
    labels, expected = rng.integers(2, size=60), rng.integers(2, size=60)
    probs = RandomConvolutions.fit(clips, labels, 2, len(new)).predict_probs(new)
    assert -np.log(probs[np.arange(60), expected]).mean() < 2 * np.log(2)


def test_training_clips_are_limited_evenly_and_reported(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("echoic.baselines.random_convolutions.MAX_CLIPS", 12)
    rng = np.random.default_rng(4)
    clips, labels = tones(40, rng)
    model = RandomConvolutions.fit(clips, labels, 3, 5)
    assert model.limits == ("12 of 40 training clips",)
    assert (model.predict_probs(clips[12:]).argmax(1) == labels[12:]).mean() > 0.8


def test_clips_shorter_than_a_kernel() -> None:
    rng = np.random.default_rng(5)
    labels = np.arange(20) % 2
    noise = torch.from_numpy(0.1 * rng.normal(size=(20, 3, 1))).float()
    clips = [one + float(label) for one, label in zip(noise, labels, strict=True)]
    assert (RandomConvolutions.fit(clips, labels, 2, 20).predict_probs(clips).argmax(1) == labels).all()
