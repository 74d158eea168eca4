"""Features of labelled series: standardised log-mel spectra of sound, or standardised values."""

import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from typing import Any, Self, final

import torch
from torch import Tensor

from echoic.codecs import LogMel, Scaler
from echoic.config.spectrum import SpectrumSettings
from echoic.errors import ConfigError, DataError
from echoic.labelled.clip_norm import NO_NORM, ClipNorm
from echoic.labelled.segmenter import trimmed
from echoic.labelled.spectra_cache import NOWHERE, SpectraCache, spectra_key
from echoic.progress import ProgressFn, no_progress
from echoic.sources import DatasetLike
from echoic.training import thread_count
from echoic.types import Series, stored

BLOCK_SAMPLES = 1 << 18
"""Samples whose spectra are computed at a time; bounds the memory."""


@final
class RawSteps:
    """Unscaled features of all series of a dataset, computed on first use and shared by all splits and folds.

    Args:
        dataset: the series.
        mel: encoder of sound; None if the series are features already.
        cache: stores spectra between processes.
        trim: leave out the silence at both ends of sound.
    """

    def __init__(self, dataset: DatasetLike, mel: LogMel | None, cache: SpectraCache, *, trim: bool = False) -> None:
        self.dataset = dataset
        self.mel = mel
        self.cache = cache
        self.trim = trim
        self._features: list[Tensor] | None = None

    @classmethod
    def of(cls, dataset: DatasetLike, settings: SpectrumSettings, *, trim: bool = False) -> Self:
        """The features of `dataset` according to `settings`.

        Raises:
            ConfigError: a band is above the Nyquist frequency.
        """
        mel = _mel(dataset.series[0], settings)
        if mel is None:
            # A cache folder never changes results; it may be set for all trainings on a machine.
            bands = type(settings).model_fields.keys() - {"cache_dir"}
            settings.refuse_changed(sorted(bands), "on data that are features already; leave it out.")
        return cls(dataset, mel, SpectraCache.of(settings.cache_dir), trim=trim)

    @classmethod
    def restored(cls, dataset: DatasetLike, features: "Features", settings: SpectrumSettings) -> Self:
        """The features of `dataset`, with the encoder of the fitted `features`."""
        return cls(dataset, features.mel, SpectraCache.of(settings.cache_dir), trim=features.trim)

    def make(self, on_progress: ProgressFn = no_progress) -> list[Tensor]:
        """The features `(steps, values)` of each series; `on_progress` is called after each computed spectrum."""
        if self._features is None:
            self._features = _raw(self.mel, self.dataset.series, self.cache, on_progress, trim=self.trim)
        return self._features

    def __getitem__(self, number: int) -> Tensor:
        return self.make()[number]


@final
@dataclass(frozen=True, eq=False)
class Features:
    """Features standardised by statistics of the train split; `mel` is None if the series are features already.

    `trim`: the silence at both ends of sound is left out.
    """

    mel: LogMel | None
    scaler: Scaler
    clip_norm: ClipNorm = NO_NORM
    trim: bool = False

    @classmethod
    def fit(cls, raw: RawSteps, training: Sequence[int], clip_norm: ClipNorm = NO_NORM) -> Self:
        """Fits to the series with the indices `training`, each normalized by `clip_norm` first."""
        values = torch.cat([clip_norm.apply(raw[number]) for number in training])
        return cls(raw.mel, Scaler.fit("standard", [""], [values]), clip_norm, raw.trim)

    def of(
        self, series: Sequence[Series], cache: SpectraCache = NOWHERE, on_progress: ProgressFn = no_progress
    ) -> list[Tensor]:
        """The features `(steps, values)` of each series; missing values are 0, the mean.

        Raises:
            DataError: sampling rate or features differ from those in training.
        """
        self.check(series)
        return [self.scaled(raw) for raw in _raw(self.mel, series, cache, on_progress, trim=self.trim)]

    def of_blocks(self, blocks: Iterable[Tensor]) -> Iterator[Tensor]:
        """As `of`, for a sound of the rate of training that comes in blocks `(samples,)`: its features in pieces."""
        if self.mel is None:
            raise TypeError("features of sound without spectra")
        return (self.scaled(raw) for raw in self.mel.encode_blocks(_padded(self.mel, blocks)))

    def scaled(self, raw: Tensor) -> Tensor:
        """Standardised features `(steps, values)` in float32 from unscaled ones."""
        scaled = self.scaler.encode(self.clip_norm.apply(raw)[None], torch.zeros(1, dtype=torch.long))[0]
        return scaled.nan_to_num(0.0).float()

    def check(self, series: Sequence[Series]) -> None:
        """Checks that `series` have the sampling rate or the features of training.

        Raises:
            DataError: they differ.
        """
        for one in series:
            rate_hz = one.annotations.rate_hz
            if (self.mel is None) != (rate_hz is None):
                kinds = ("features", "sound") if self.mel is None else ("sound", "features")
                raise DataError(f"{one.origin}: the run was trained on {kinds[0]}, got {kinds[1]}.")
            if self.mel is not None and rate_hz != self.mel.rate_hz:
                raise DataError(
                    f"{one.origin} has {rate_hz:,} samples per second, but the run was trained on sound with "
                    f"{self.mel.rate_hz:,}."
                )
            if self.mel is None and len(one.features) != self.values:
                raise DataError(
                    f"{one.origin} has {len(one.features)} features, but the run was trained on {self.values}."
                )

    @property
    def values(self) -> int:
        """Number of features per step."""
        return self.scaler.center.shape[1]

    @property
    def per_db(self) -> Tensor:
        """The change of each feature per decibel `(values,)`, if features are log power."""
        return math.log(10) / 10 / self.scaler.scale[0].float()

    def to_json(self) -> dict[str, Any]:
        """The fitted state as plain JSON values."""
        return {
            "mel": None if self.mel is None else self.mel.to_json(),
            "scaler": self.scaler.to_json(),
            "clip_norm": self.clip_norm.to_json(),
            "trim": self.trim,
        }

    @classmethod
    def from_json(cls, values: Mapping[str, Any]) -> Self:
        """The inverse of `to_json`.

        Raises:
            ValueError: a field is missing, or does not fit the others.
        """
        mel, scaler = stored.field(values, "mel"), Scaler.from_json(stored.field(values, "scaler"))
        spectra = None if mel is None else LogMel.from_json(mel)
        if len(scaler.center) != 1 or (spectra is not None and scaler.center.shape[1] != spectra.bands):
            raise ValueError("`scaler` must be of one series, with a feature for each of the `bands`")
        clip_norm = ClipNorm.from_json(stored.field(values, "clip_norm"))
        # Runs from before clips could be trimmed have no such field.
        return cls(spectra, scaler, clip_norm, "trim" in values and stored.flag(values, "trim"))


def spectra_count(mel: LogMel, samples: int) -> int:
    """Number of spectra of a sound of `samples` samples."""
    return 1 + (samples + mel.window_samples // 2 * 2 - mel.window_samples) // mel.hop_samples


def _mel(one: Series, settings: SpectrumSettings) -> LogMel | None:
    rate_hz = one.annotations.rate_hz
    if rate_hz is None:
        return None
    window, hop = (max(1, round(ms / 1000 * rate_hz)) for ms in (settings.window_ms, settings.hop_ms))
    high_hz = settings.high_hz or rate_hz / 2
    if high_hz > rate_hz / 2:
        raise ConfigError(
            f"`high_hz` = {high_hz:g} is above the Nyquist frequency ({rate_hz / 2:g} Hz at {rate_hz:,} Hz); lower it, "
            "or raise --rate-hz."
        )
    if settings.low_hz >= high_hz:
        raise ConfigError(f"`low_hz` must be below `high_hz` ({high_hz:g}), got {settings.low_hz:g}.")
    # The spectrum of an even window ends at the Nyquist frequency.
    return LogMel(rate_hz, window + window % 2, hop, settings.n_mels, settings.low_hz, high_hz)


def _raw(
    mel: LogMel | None, series: Sequence[Series], cache: SpectraCache, on_progress: ProgressFn, *, trim: bool
) -> list[Tensor]:
    if mel is None:
        return [torch.from_numpy(one.values) for one in series]
    if trim:
        series = [replace(one, values=trimmed(one.values[:, 0], mel.rate_hz)[:, None]) for one in series]
    key = spectra_key(mel, series)
    found = cache.find(key)
    if found is None:
        found = _computed(mel, series, on_progress)
        cache.keep(key, found)
    return found


def _computed(mel: LogMel, series: Sequence[Series], on_progress: ProgressFn) -> list[Tensor]:
    computed = []
    # One series per thread: further threads within each would only compete with them.
    workers = torch.get_num_threads()
    with thread_count(1), ThreadPoolExecutor(workers) as pool:
        for spectra in pool.map(lambda one: _spectra(mel, one), series):
            computed.append(spectra)
            on_progress(len(computed), len(series))
    return computed


def _spectra(mel: LogMel, one: Series) -> Tensor:
    """One frame per hop: frame t is centred on sample `t * hop_samples`; the sound is padded with silence."""
    half = mel.window_samples // 2
    padded = torch.nn.functional.pad(torch.from_numpy(one.values[:, 0]), (half, half))
    if len(padded) <= BLOCK_SAMPLES:
        return mel.encode(padded)
    return torch.cat(list(mel.encode_blocks(torch.split(padded, BLOCK_SAMPLES))))


def _padded(mel: LogMel, blocks: Iterable[Tensor]) -> Iterator[Tensor]:
    """The blocks of a sound between half a window of silence on both sides."""
    silence = torch.zeros(mel.window_samples // 2)
    yield silence
    yield from blocks
    yield silence
