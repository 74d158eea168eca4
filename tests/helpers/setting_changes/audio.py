"""Settings of the audio job."""

from pathlib import Path

import numpy as np
import soundfile

from setting_changes.entries import Change, Config, Entry, Idle, Refused
from setting_changes.shared import INPUTS, NO_EMA, PLAIN_STACK, STACK, TRAIN, idle_everywhere


def stereo(folder: Path) -> Path:
    """A tone on the left, another on the right."""
    time = np.arange(4000)
    path = folder / "stereo.wav"
    soundfile.write(path, np.stack([0.3 * np.sin(time * 0.3), 0.5 * np.sin(time * 0.7)], 1), 2000)
    return path


def hums(folder: Path) -> Path:
    """Three files."""
    place = folder / "hums"
    place.mkdir(exist_ok=True)
    for number in range(3):
        soundfile.write(place / f"{number}.wav", 0.3 * np.sin(np.arange(2000) * (0.2 + 0.1 * number)), 2000)
    return place


FRAMES: Config = {
    "model": "frames",
    "split": (0.6, 0.2, 0.2),
    "frame_samples": 5,
    "layers": (8,),
    "batch_size": 4,
    "tbptt_steps": 16,
    "ema_decay": 0.0,
    "epochs": 1,
    "threads": 1,
}
BARE = {key: value for key, value in FRAMES.items() if key != "model"}

CHANGES: dict[str, Entry] = (
    STACK
    | TRAIN
    | INPUTS
    | {
        "rate_hz": Change(1000),
        "channel": Change(2, data=stereo),
        "split": Change((0.5, 0.25, 0.25)),
        "split_by": Change("file", data=hums),
        "model": Change(tiny=BARE),
        "frame_features": Change("spectrum", tiny=FRAMES),
        "frame_samples": Change(),
        "preemphasis": Change(),
        "n_mels": Change(9, {"frame_features": "mel", "frame_samples": 20, "n_mels": 8}, tiny=FRAMES),
        "tbptt_steps": Change(),
        "state_reset_steps": Change(32),
        "history_samples": Change(3),
        "fast_hidden_size": Change(),
        "conditioning_size": Change(),
        "mixture_components": Change(),
        "trained_frame_fraction": Change(),
        "history_noise": Change(),
        "max_gain_db": Change(),
        "input_noise_std": Change(tiny=FRAMES),
        "precision": Refused("bf16", "precision"),
    }
)

TINY: Config = NO_EMA | PLAIN_STACK | {
    "split": (0.6, 0.2, 0.2), "frame_samples": 5, "fast_hidden_size": 16, "conditioning_size": 4, "batch_size": 4,
    "tbptt_steps": 16, "history_noise": 0.0, "max_gain_db": 0.0,
}  # fmt: skip

OF_SAMPLES: Config = {
    "preemphasis": 0.5, "history_samples": 3, "fast_hidden_size": 8, "conditioning_size": 8, "mixture_components": 3,
    "trained_frame_fraction": 0.5, "history_noise": 0.5, "max_gain_db": 0.5,
}  # fmt: skip
"""Settings that only the samples model has."""

IDLE: list[Idle] = [
    *idle_everywhere("audio"),
    Idle("audio", "n_mels", 8),
    Idle("audio", "frame_features", "mel"),
    *(Idle("audio", field, value, tiny=FRAMES) for field, value in OF_SAMPLES.items()),
]
