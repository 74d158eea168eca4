"""A voice of tones, and networks small enough to be trained on it within a test."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile
from audio_runs import TrainRun, Voice
from numpy.typing import NDArray

from echoic.api.run import Run
from echoic.api.train import train

RATE_HZ = 2000
OF_ALL: dict[str, Any] = {
    "frame_samples": 16,
    "layers": 8,
    "batch_size": 4,
    "tbptt_steps": 16,
    "ema_decay": 0.0,
    "epochs": 1,
    "threads": 1,
}
OF_SAMPLES: dict[str, Any] = OF_ALL | {
    "fast_hidden_size": 16,
    "conditioning_size": 4,
    "history_noise": 0.0,
    "max_gain_db": 0.0,
}
OF_FRAMES: dict[str, Any] = OF_ALL | {"model": "frames"}


@pytest.fixture(scope="session")
def voice() -> Voice:
    """Tones of random pitch and length with pauses, and a little noise, drawn by a seed."""

    def tones(seconds: int, seed: int = 0) -> NDArray[np.float32]:
        draws = np.random.default_rng(seed)
        pieces: list[NDArray[np.float64]] = []
        while sum(map(len, pieces)) < seconds * RATE_HZ:
            length = int(draws.integers(200, 600))
            tone = draws.uniform(0.1, 0.5) * np.sin(np.arange(length) * draws.uniform(0.1, 0.6))
            pieces += [tone * np.hanning(length), np.zeros(int(draws.integers(50, 200)))]
        sound = np.concatenate(pieces)[: seconds * RATE_HZ]
        return (sound + 1e-3 * draws.standard_normal(len(sound))).astype(np.float32)

    return tones


@pytest.fixture(scope="session")
def recording(voice: Voice, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two minutes of the voice as a file."""
    path = tmp_path_factory.mktemp("sound") / "voice.wav"
    soundfile.write(path, voice(120), RATE_HZ)
    return path


@pytest.fixture(scope="session")
def train_samples(tmp_path_factory: pytest.TempPathFactory) -> TrainRun:
    """Trains a network that renders samples on the sound at a path; settings are keywords."""

    def of(data: Path, **settings: Any) -> Run:
        return train("audio", data, out=tmp_path_factory.mktemp("runs") / "run", **OF_SAMPLES | settings)

    return of


@pytest.fixture(scope="session")
def train_frames(tmp_path_factory: pytest.TempPathFactory) -> TrainRun:
    """Trains a network that predicts whole frames on the sound at a path; settings are keywords."""

    def of(data: Path, **settings: Any) -> Run:
        return train("audio", data, out=tmp_path_factory.mktemp("runs") / "run", **OF_FRAMES | settings)

    return of


@pytest.fixture(scope="session")
def run(train_samples: TrainRun, recording: Path) -> Run:
    """A network of samples, trained on the voice; tests only use it."""
    return train_samples(recording)
