"""The model that foretells whole frames, of samples and of spectra."""

from pathlib import Path

import numpy as np
import pytest
from audio_runs import TrainRun, Voice
from narrowing import expect_type

from echoic.api.run import load
from echoic.components import Components
from echoic.config import AudioSettings
from echoic.drift import CONTROLS
from echoic.errors import ConfigError
from echoic.heads import SourceStats
from echoic.jobs.audio.evaluate import DRIFT_SCORES, AudioEvaluation
from echoic.jobs.audio.network import build_network


@pytest.mark.slow
def test_the_frames_model_predicts_whole_frames(recording: Path, train_frames: TrainRun) -> None:
    run = train_frames(recording, frame_samples=200)
    found = expect_type(AudioEvaluation, run.evaluate())
    assert found.drift is not None
    assert found.drift.streams == 1
    assert set(found.scores) == {"mse", *DRIFT_SCORES} - {"slope", "slope_low", "slope_high"}
    assert set(found.baselines) == {"repeat", *CONTROLS}
    assert {"mse", "survival"} <= set(found.baselines["silence"])
    (first, second) = run.generate("1s", streams=2).samples
    assert first.shape == (2000,)
    assert np.array_equal(first, second)
    for asked in ({"temperature": 0.5}, {"top_k": 2}, {"prob_floor": 0.1}):
        with pytest.raises(ConfigError, match="is for sampling; the frames model predicts means"):
            run.generate("1s", **asked)


@pytest.mark.slow
@pytest.mark.parametrize("frame_features", ["spectrum", "mel"])
def test_spectral_frames_are_predicted_and_made_sound(
    recording: Path, train_frames: TrainRun, frame_features: str
) -> None:
    bands = {"n_mels": 20} if frame_features == "mel" else {}
    run = train_frames(recording, frame_features=frame_features, frame_samples=64, epochs=12, lr=1e-2, **bands)
    frames = run.fitted.task.frames["train"]
    assert frames.mean().abs() < 0.01
    assert frames.std() == pytest.approx(1, abs=0.05)
    found = run.evaluate()
    assert found.scores["mse"] < found.baselines["repeat"]["mse"]
    short, long = run.generate("700samples", prime=recording), run.generate("1s", prime=recording)
    assert short.samples.shape == (1, 700)
    assert np.array_equal(short.samples, long.samples[:, :700])
    assert load(run.path).evaluate().scores == found.scores


@pytest.mark.slow
def test_sound_goes_through_spectra_and_back(recording: Path, voice: Voice, train_frames: TrainRun) -> None:
    """What the frames of a recording sound like is what the recording sounds like, second by second."""
    run = train_frames(recording, frame_features="spectrum")
    framing, sound = run.fitted.task.framing, voice(10, seed=5)
    again = np.concatenate(list(framing.sound(framing.frames([sound])[:, None])), 1)[0]
    levels = [np.sqrt(np.square(x[:19_000].reshape(-1, 1000)).mean(1)) for x in (sound, again)]
    np.testing.assert_allclose(levels[1], levels[0], rtol=0.1, atol=2e-3)


def test_three_layers_of_600_have_55_million_parameters() -> None:
    """Three layers of 600 over frames of a second at 16 kHz: 55 million."""
    settings = AudioSettings.build({"model": "frames", "frame_samples": 16_000, "layers": (600, 600, 600)})
    network = build_network(settings, 16_000, SourceStats(()), Components())
    count = sum(weights.numel() for weights in network.parameters())
    assert round(count / 1e6) == 55
    assert (settings.stack.dropout, settings.stack.input_dropout, settings.train.ema_decay) == (0, 0, 0)
    assert AudioSettings.build({"model": "frames"}, {"cell": "gru"}).stack.cell == "gru"
