"""Clips as steps for the network: spectra of sound, or the values as they are; each with mean 0 and deviation 1."""

import math
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any, Self, final

import torch
from torch import Tensor

from echoic.codecs import LogMel, Scaler
from echoic.config.spectrum import SpectrumSettings
from echoic.errors import ConfigError, DataError
from echoic.types import Series


@final
@dataclass(frozen=True, eq=False)
class Features:
    """`mel` None: clips come as features. Statistics are those of the training clips, for every band its own."""

    mel: LogMel | None
    scaler: Scaler

    @classmethod
    def fit(cls, clips: Sequence[Series], settings: SpectrumSettings) -> Self:
        """Statistics of `clips`, the training part."""
        mel = _mel(clips[0], settings)
        values = torch.cat(_raw(mel, clips))
        return cls(mel, Scaler.fit("standard", [""], [values]))

    def of(self, clips: Sequence[Series]) -> list[Tensor]:
        """The steps of each clip, `(steps, values)`; what is missing is 0, the mean.

        Raises:
            DataError: a clip is of another kind than those of training.
        """
        for clip in clips:
            if (self.mel is None) == ("rate_hz" in clip.provenance) or (
                self.mel is None and len(clip.features) != self.values
            ):
                raise DataError(f"{clip.origin}: is of another kind than the clips that were trained on.")
        number = torch.zeros(1, dtype=torch.long)
        return [self.scaler.encode(raw[None], number)[0].nan_to_num(0.0) for raw in _raw(self.mel, clips)]

    @property
    def values(self) -> int:
        """Numbers in a step."""
        return self.scaler.center.shape[1]

    @property
    def per_db(self) -> Tensor:
        """How much a step rises with a decibel `(values,)`, where its values are logarithms of power."""
        return math.log(10) / 10 / self.scaler.scale[0]

    def to_json(self) -> dict[str, Any]:
        """Plain JSON values."""
        return {"mel": None if self.mel is None else self.mel.to_json(), "scaler": self.scaler.to_json()}

    @classmethod
    def from_json(cls, values: Mapping[str, Any]) -> Self:
        """The inverse of `to_json`."""
        mel = values["mel"]
        return cls(None if mel is None else LogMel.from_json(mel), Scaler.from_json(values["scaler"]))


def _mel(clip: Series, settings: SpectrumSettings) -> LogMel | None:
    rate_hz = clip.provenance.get("rate_hz")
    if rate_hz is None:
        return None
    window, hop = (max(1, round(ms / 1000 * rate_hz)) for ms in (settings.window_ms, settings.hop_ms))
    high_hz = settings.high_hz or rate_hz / 2
    if not settings.low_hz < high_hz <= rate_hz / 2:
        raise ConfigError(
            f"Bands from {settings.low_hz:g} to {high_hz:g} Hz do not fit sound of {rate_hz:,} Hz: its frequencies end "
            f"at {rate_hz / 2:g} Hz; change --low-hz, --high-hz or --rate-hz."
        )
    # An even window, so that its spectrum ends at half of the rate.
    return LogMel(rate_hz, window + window % 2, hop, settings.bands, settings.low_hz, high_hz)


def _raw(mel: LogMel | None, clips: Sequence[Series]) -> list[Tensor]:
    if mel is None:
        return [torch.from_numpy(clip.values) for clip in clips]
    with ThreadPoolExecutor(max(1, torch.get_num_threads())) as pool:
        return list(pool.map(lambda clip: _spectra(mel, clip), clips))


def _spectra(mel: LogMel, clip: Series) -> Tensor:
    """A frame for each hop: number t is centred on sample `t * hop_samples`; around the clip there is silence."""
    half = mel.window_samples // 2
    return mel.encode(torch.nn.functional.pad(torch.from_numpy(clip.values[:, 0]), (half, half)))
