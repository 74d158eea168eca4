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
from echoic.labelled.spectra_cache import NOWHERE, SpectraCache, spectra_key
from echoic.progress import ProgressFn, no_progress
from echoic.sources import DatasetLike
from echoic.training import thread_count
from echoic.types import Series


@final
class RawSteps:
    """The steps of all clips of a data set before they are scaled, made once, when they are first asked for.

    Fitting, every part and every fold take theirs from here.

    Args:
        dataset: whose clips they are.
        mel: how sound becomes spectra; None: clips come as features.
        cache: where spectra are kept from one process to the next.
    """

    def __init__(self, dataset: DatasetLike, mel: LogMel | None, cache: SpectraCache) -> None:
        self.dataset = dataset
        self.mel = mel
        self.cache = cache
        self._made: list[Tensor] | None = None

    @classmethod
    def of(cls, dataset: DatasetLike, settings: SpectrumSettings) -> Self:
        """Those of `dataset`, not made yet.

        Raises:
            ConfigError: there is no sound where the bands are to be.
        """
        return cls(dataset, _mel(dataset.series[0], settings), SpectraCache.of(settings.cache_dir))

    def make(self, on_progress: ProgressFn = no_progress) -> list[Tensor]:
        """The steps `(steps, values)` of each clip; `on_progress` hears of clips whose spectra are computed."""
        if self._made is None:
            self._made = _raw(self.mel, self.dataset.series, self.cache, on_progress)
        return self._made

    def __getitem__(self, number: int) -> Tensor:
        return self.make()[number]


@final
@dataclass(frozen=True, eq=False)
class Features:
    """`mel` None: clips come as features. Statistics are those of the training clips, for every band its own."""

    mel: LogMel | None
    scaler: Scaler

    @classmethod
    def fit(cls, raw: RawSteps, training: Sequence[int]) -> Self:
        """Statistics of the clips with the numbers `training`."""
        values = torch.cat([raw[number] for number in training])
        return cls(raw.mel, Scaler.fit("standard", [""], [values]))

    def of(
        self, clips: Sequence[Series], cache: SpectraCache = NOWHERE, on_progress: ProgressFn = no_progress
    ) -> list[Tensor]:
        """The steps of each clip, `(steps, values)`; what is missing is 0, the mean.

        Raises:
            DataError: a clip is of another kind than those of training.
        """
        self.check(clips)
        return [self.scaled(raw) for raw in _raw(self.mel, clips, cache, on_progress)]

    def scaled(self, raw: Tensor) -> Tensor:
        """The steps of a clip, `(steps, values)`, from those of `RawSteps`."""
        return self.scaler.encode(raw[None], torch.zeros(1, dtype=torch.long))[0].nan_to_num(0.0)

    def check(self, clips: Sequence[Series]) -> None:
        """Whether there can be steps of `clips`.

        Raises:
            DataError: a clip is of another kind than those of training.
        """
        for clip in clips:
            rate_hz = clip.annotations.rate_hz
            if self.mel is not None and rate_hz is not None and rate_hz != self.mel.rate_hz:
                raise DataError(
                    f"{clip.origin}: has {rate_hz:,} samples a second, and those trained on {self.mel.rate_hz:,}."
                )
            if (self.mel is None) == (rate_hz is not None) or (self.mel is None and len(clip.features) != self.values):
                raise DataError(f"{clip.origin}: is of another kind than the clips that were trained on.")

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
    rate_hz = clip.annotations.rate_hz
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
    return LogMel(rate_hz, window + window % 2, hop, settings.n_mels, settings.low_hz, high_hz)


def _raw(mel: LogMel | None, clips: Sequence[Series], cache: SpectraCache, on_progress: ProgressFn) -> list[Tensor]:
    if mel is None:
        return [torch.from_numpy(clip.values) for clip in clips]
    key = spectra_key(mel, clips)
    found = cache.find(key)
    if found is None:
        found = _computed(mel, clips, on_progress)
        cache.keep(key, found)
    return found


def _computed(mel: LogMel, clips: Sequence[Series], on_progress: ProgressFn) -> list[Tensor]:
    made = []
    # A clip for each thread: threads within a clip on top of them would only be in each other's way.
    workers = torch.get_num_threads()
    with thread_count(1), ThreadPoolExecutor(workers) as pool:
        for spectra in pool.map(lambda clip: _spectra(mel, clip), clips):
            made.append(spectra)
            on_progress(len(made), len(clips))
    return made


def _spectra(mel: LogMel, clip: Series) -> Tensor:
    """A frame for each hop: number t is centred on sample `t * hop_samples`; around the clip there is silence."""
    half = mel.window_samples // 2
    return mel.encode(torch.nn.functional.pad(torch.from_numpy(clip.values[:, 0]), (half, half)))
