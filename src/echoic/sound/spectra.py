"""Short-time Fourier transform and mel filterbank."""

import math
from functools import cache

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

_LINEAR_HZ = 200 / 3
"""Width of a mel below the break, in Hz."""

_BREAK_HZ = 1000.0
_LOG_STEP = math.log(6.4) / 27
"""Logarithm of the ratio between neighbouring mels above the break."""


def stft(x: Tensor, window_samples: int, hop_samples: int) -> Tensor:
    """Complex spectra `(..., frames, window_samples // 2 + 1)` of `x` `(..., samples)`.

    Uses a periodic Hann window and no padding: frame t begins at sample `t * hop_samples`, and an incomplete last frame
    is dropped. Each spectrum depends only on the samples of its frame, so sound can be processed in chunks.
    """
    frames = x.unfold(-1, window_samples, hop_samples)
    spectra: Tensor = torch.fft.rfft(frames * hann(window_samples).to(x))
    return spectra


@cache
def hann(samples: int) -> Tensor:
    """The periodic Hann window `(samples,)`."""
    return torch.hann_window(samples, periodic=True, dtype=torch.float64)


@cache
def mel_filterbank(rate_hz: int, window_samples: int, bands: int, low_hz: float, high_hz: float) -> Tensor:
    """Triangular filters of equal area `(bands, window_samples // 2 + 1)` from power spectra to mel bands.

    Slaney's mel scale: linear up to 1,000 Hz, then logarithmic (Auditory Toolbox, 1998).
    """
    spectrum_hz = np.linspace(0, rate_hz / 2, window_samples // 2 + 1)
    low_mel, high_mel = _hz_to_mel(np.array([low_hz, high_hz])).tolist()
    edges_hz = _mel_to_hz(np.linspace(low_mel, high_mel, bands + 2))
    rising = (spectrum_hz - edges_hz[:-2, None]) / np.diff(edges_hz)[:-1, None]
    falling = (edges_hz[2:, None] - spectrum_hz) / np.diff(edges_hz)[1:, None]
    triangles = np.maximum(0, np.minimum(rising, falling))
    return torch.from_numpy(triangles * (2 / (edges_hz[2:] - edges_hz[:-2]))[:, None]).float()


def _hz_to_mel(hz: NDArray[np.float64]) -> NDArray[np.float64]:
    above = _BREAK_HZ / _LINEAR_HZ + np.log(np.maximum(hz, _BREAK_HZ) / _BREAK_HZ) / _LOG_STEP
    return np.where(hz < _BREAK_HZ, hz / _LINEAR_HZ, above)


def _mel_to_hz(mel: NDArray[np.float64]) -> NDArray[np.float64]:
    first = _BREAK_HZ / _LINEAR_HZ
    above = _BREAK_HZ * np.exp(_LOG_STEP * np.maximum(mel - first, 0))
    return np.where(mel < first, mel * _LINEAR_HZ, above)
