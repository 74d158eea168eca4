"""Spectra against librosa."""

import numpy as np
import pytest
import torch
from uncompiled import librosa

from echoic.sound.spectra import mel_filterbank, stft


@pytest.mark.parametrize(
    ("rate_hz", "window", "bands", "low", "high"),
    [(16_000, 400, 40, 0.0, 8000.0), (8_000, 256, 32, 50.0, 3800.0), (44_100, 2048, 128, 20.0, 16_000.0)],
)
def test_mel_bands_are_those_of_librosa(rate_hz: int, window: int, bands: int, low: float, high: float) -> None:
    theirs = librosa.filters.mel(sr=rate_hz, n_fft=window, n_mels=bands, fmin=low, fmax=high)
    np.testing.assert_allclose(mel_filterbank(rate_hz, window, bands, low, high).numpy(), theirs, atol=1e-7)


@pytest.mark.parametrize(("window", "hop"), [(64, 16), (51, 20), (32, 32)])
def test_spectra_are_those_of_librosa(window: int, hop: int) -> None:
    x = np.random.default_rng(0).standard_normal((2, 500)).astype(np.float32)
    theirs = librosa.stft(x, n_fft=window, hop_length=hop, center=False).swapaxes(-1, -2)
    np.testing.assert_allclose(stft(torch.from_numpy(x), window, hop).numpy(), theirs, atol=1e-4)
