"""Features of one-second windows of sound."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Self, final

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from echoic.sound.spectra import mel_filterbank, stft
from echoic.types import Floats

Numbers = NDArray[np.float64]

WINDOW_S = 1.0
"""Length of a window."""

MEL_BANDS = 20
_FRAME_S = 0.032
_FLOOR = 1e-8
"""Power is clamped to at least this (-80 dB), since differences between silences are meaningless."""

_BLOCK_WINDOWS = 64
_PEAK_RATIO = 0.999
_STEADY_DB = 3.0


@final
@dataclass(frozen=True, eq=False)
class Features:
    """Features of windows of sound, one row per window.

    `mel` `(windows, 2 * MEL_BANDS)`: mean and standard deviation of the log-mel spectra. `spectrum_db`
    `(windows, bins)`: mean power spectrum. The others are `(windows,)`: level in dB relative to full scale, spectral
    centroid, flatness of the mean spectrum (1 for white noise), mean, fraction of samples at the window's peak, and
    continuity: the correlation of the levels of adjacent 16 ms, or 1 if the level is steady.
    """

    mel: Numbers
    spectrum_db: Numbers
    level_db: Numbers
    centroid_hz: Numbers
    flatness: Numbers
    mean: Numbers
    peak_fraction: Numbers
    continuity: Numbers

    def __len__(self) -> int:
        return len(self.level_db)

    @classmethod
    def from_sound(cls, sound: Floats, rate_hz: int) -> Self:
        """The features of every whole window of `sound` `(samples,)`."""
        return cls.concatenate(
            [cls._of_block(block, rate_hz) for block in _blocks(sound, rate_hz)] or [cls._empty(rate_hz)]
        )

    @classmethod
    def concatenate(cls, parts: Sequence[Self]) -> Self:
        """Concatenates the windows of `parts`."""
        return cls(*(np.concatenate([getattr(part, name) for part in parts]) for name in cls.__dataclass_fields__))

    def select(self, rows: NDArray[np.intp]) -> Self:
        """The windows with these indices."""
        return type(self)(*(getattr(self, name)[rows] for name in self.__dataclass_fields__))

    @classmethod
    def _empty(cls, rate_hz: int) -> Self:
        return cls._of_block(torch.zeros(0, round(WINDOW_S * rate_hz)), rate_hz)

    @classmethod
    def _of_block(cls, windows: Tensor, rate_hz: int) -> Self:
        frame = _frame_samples(rate_hz)
        hann_power = float(torch.hann_window(frame).square().sum())
        power = stft(windows, frame, frame // 2).abs().square() / hann_power
        log_mel = torch.log((power @ mel_filterbank(rate_hz, frame, MEL_BANDS, 0.0, rate_hz / 2).T).clamp(min=_FLOOR))
        mean_power = power.mean(1).clamp(min=_FLOOR)
        hz = torch.linspace(0, rate_hz / 2, frame // 2 + 1)
        peak = windows.abs().amax(1, keepdim=True)
        found = (
            torch.cat([log_mel.mean(1), log_mel.std(1)], 1),
            10 * torch.log10(mean_power),
            10 * torch.log10(windows.square().mean(1).clamp(min=_FLOOR)),
            (mean_power * hz).sum(1) / mean_power.sum(1),
            torch.exp(torch.log(mean_power).mean(1)) / mean_power.mean(1),
            windows.mean(1),
            (windows.abs() >= _PEAK_RATIO * peak).float().mean(1),
            _continuity(windows, frame // 2),
        )
        return cls(*(part.double().numpy() for part in found))


def _continuity(windows: Tensor, frame: int) -> Tensor:
    level_db = 10 * torch.log10(windows.unfold(1, frame, frame).square().mean(2).clamp(min=_FLOOR))
    centered = level_db - level_db.mean(1, keepdim=True)
    variance = centered.square().mean(1)
    correlation = (centered[:, 1:] * centered[:, :-1]).mean(1) / variance.clamp(min=_FLOOR)
    return torch.where(variance.sqrt() < _STEADY_DB, 1.0, correlation)


def _frame_samples(rate_hz: int) -> int:
    """The power of two nearest to 32 ms, in samples."""
    return int(2 ** round(np.log2(_FRAME_S * rate_hz)))


def _blocks(sound: Floats, rate_hz: int) -> Iterator[Tensor]:
    """Windows `(windows, samples)`, in blocks that bound the memory."""
    samples = round(WINDOW_S * rate_hz)
    windows = torch.from_numpy(sound[: len(sound) // samples * samples]).view(-1, samples)
    yield from (part for part in torch.split(windows, _BLOCK_WINDOWS) if len(part))
