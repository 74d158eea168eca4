"""The task of the audio job."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Self, final

import numpy as np
import torch
from torch import Tensor

from echoic.baselines.sound import LinearPrediction, Scale, prediction_weights
from echoic.batches import BatchLoader, NextStepCollate, RandomGain, SubsampleLoss, Transform
from echoic.codecs import MuLaw
from echoic.config import AudioSettings
from echoic.config.train import refuse_input_noise
from echoic.errors import ConfigError
from echoic.heads import SourceStats
from echoic.jobs.audio.framing import Framing, fit_framing, reopen_framing
from echoic.jobs.audio.network import build_network
from echoic.jobs.base import Task
from echoic.model import SequenceModel
from echoic.progress import ProgressFn, no_progress
from echoic.sound import NUM_LOUDNESS_LEVELS, quantize_loudness
from echoic.sound.lattice import reflections_from_weights
from echoic.sources import DatasetLike
from echoic.types import Floats, sampling_rate, stored
from echoic.windows import SPLITS, ChunkSampler, Ranges, empty_split
from echoic.windows.recordings import Excerpt, split_recordings

MAX_PREDICTION_SAMPLES = 1 << 22
"""Maximum number of training samples for linear prediction."""

RARE_FRACTION = 3e-4
"""Fraction of the loudest training frames, too rare to learn; generated frames are never as loud."""

_BLOCK_SAMPLES = 1 << 20

EVAL_STREAMS, EVAL_CHUNK = 8, 128
"""Number of streams and frames per chunk in evaluations; they bound the memory."""


@final
@dataclass(frozen=True, eq=False)
class AudioTask(Task[AudioSettings]):
    """Recordings, and the framing of sound.

    The excerpts of a split are one sequence to the network, one after the other: it generates sound without end, so it
    has to learn how sound continues after the end of a file.
    """

    settings_class = AudioSettings

    dataset: DatasetLike
    settings: AudioSettings
    codec: MuLaw
    framing: Framing
    source: SourceStats

    @classmethod
    def prepare(cls, dataset: DatasetLike, settings: AudioSettings, on_progress: ProgressFn = no_progress) -> Self:
        _check(settings)
        splits = split_recordings(dataset.series, settings.split)
        training = [excerpt.sound for excerpt in splits["train"]]
        codec = MuLaw.fit(training, settings.sound.preemphasis if settings.sound.model == "samples" else 0.0)
        rate_hz = _rate_hz(dataset, settings)
        framing = fit_framing(settings.sound, rate_hz, codec, training)
        source = _source(training, codec, framing.step_samples, settings.fast.history_samples)
        settings = settings.replaced(rate_hz=rate_hz, frame_samples=framing.step_samples)
        return cls(dataset, settings, codec, framing, source)

    @classmethod
    def restore(cls, dataset: DatasetLike, settings: AudioSettings, codec: Mapping[str, Any]) -> Self:
        mulaw = MuLaw.from_json(stored.field(codec, "mulaw"))
        stats = SourceStats(
            stored.array(codec, "lpc_weights", None).tolist(),
            stored.integer(codec, "max_loudness", 0, NUM_LOUDNESS_LEVELS - 1),
        )
        reflections_from_weights(stats.lpc_weights)  # refuses an unstable filter
        framing = reopen_framing(settings.sound, _rate_hz(dataset, settings), mulaw, codec)
        return cls(dataset, settings, mulaw, framing, stats)

    @cached_property
    def splits(self) -> dict[str, list[Excerpt]]:
        """The excerpts of each split."""
        return split_recordings(self.dataset.series, self.settings.split)

    @property
    def rate_hz(self) -> int:
        """Samples per second."""
        return _rate_hz(self.dataset, self.settings)

    def codec_state(self) -> dict[str, Any]:
        return {"mulaw": self.codec.to_json(), **self.source._asdict(), **self.framing.to_json()}

    def build_model(self) -> SequenceModel:
        return build_network(self.settings, self.framing.values, self.source, self.components)

    @property
    def supports_scheduled_sampling(self) -> bool:
        return True

    def train_batches(self) -> BatchLoader:
        sound = self.settings.sound
        frames = self.frames["train"]
        if len(frames) < 2:
            frames_needed = f"two frames of {self.framing.window_samples} samples"
            remedy = "add sound, or choose a smaller --frame-samples"
            raise empty_split("train", self.dataset.origin, frames_needed, remedy)
        sampler = ChunkSampler.from_ranges(
            Ranges.from_lengths([len(frames)]),
            self.settings.train.batch_size,
            sound.tbptt_steps,
            sound.state_reset_steps,
        )
        return BatchLoader(sampler, NextStepCollate(frames, per_value=True), self._transforms())

    def _transforms(self) -> list[Transform]:
        """Changes to training batches; the frames model has none."""
        if self.settings.sound.model == "frames":
            return []
        transforms: list[Transform] = [SubsampleLoss(self.settings.fast.trained_frame_fraction)]
        max_gain_db = self.settings.regularization.max_gain_db
        return [*transforms, RandomGain(self.codec, max_gain_db)] if max_gain_db else transforms

    def dev_batches(self) -> BatchLoader | None:
        return eval_batches(self.frames["dev"]) if len(self.frames["dev"]) > 1 else None

    @cached_property
    def frames(self) -> dict[str, Tensor]:
        """The frames of each split `(frames, values)`."""
        return {split: self.framing.frames(self.sounds(split)) for split in SPLITS}

    def sounds(self, split: str) -> list[Floats]:
        """The sound of each excerpt of a split, `(samples,)`."""
        return [excerpt.sound for excerpt in self.splits[split]]

    @property
    def scale(self) -> Scale:
        """The amplitudes of the codes."""
        return Scale(self.codec.code_values.astype(np.float64), self.codec.code_edges)

    def fit_prediction(self) -> LinearPrediction:
        """The linear prediction of the train split, a baseline of the samples model."""
        return LinearPrediction.fit([self.frames["train"].flatten().numpy()], self.scale)

    def fit_baselines(self, calibration: Mapping[str, Any] | None) -> dict[str, Any] | None:
        del calibration
        return self.fit_prediction().to_json() if self.settings.sound.model == "samples" else None

    def data_report(self) -> dict[str, Any]:
        seconds = {split: _seconds(excerpts, self.rate_hz) for split, excerpts in self.splits.items()}
        return self.dataset.report.to_json() | {"splits": seconds}


def eval_batches(frames: Tensor) -> BatchLoader:
    """`frames` `(frames, values)` in a few streams with the state carried."""
    sampler = ChunkSampler.from_ranges(Ranges.from_lengths([len(frames)]), EVAL_STREAMS, EVAL_CHUNK)
    return BatchLoader(sampler, NextStepCollate(frames, per_value=True))


def _seconds(excerpts: list[Excerpt], rate_hz: int) -> float:
    return sum(excerpt.end - excerpt.begin for excerpt in excerpts) / rate_hz


def _source(training: list[Floats], codec: MuLaw, frame_samples: int, history_samples: int) -> SourceStats:
    order = min(history_samples, frame_samples)
    return SourceStats(_prediction(training, codec, order), _loudest(training, codec, frame_samples))


def _prediction(training: list[Floats], codec: MuLaw, order: int) -> list[float]:
    """The weights of linear prediction, from the first training samples."""
    excerpts, left = list[Floats](), MAX_PREDICTION_SAMPLES
    for sound in training:
        excerpts.append(sound[:left])
        left -= len(excerpts[-1])
        if not left:
            break
    weights = prediction_weights(codec.pre_emphasized(np.concatenate(excerpts)) / codec.scale, order)
    return list(map(float, weights[::-1]))


def _loudest(training: list[Floats], codec: MuLaw, frame_samples: int) -> int:
    """The largest loudness level to generate, from all training frames, block by block."""
    counts = np.zeros(NUM_LOUDNESS_LEVELS, np.int64)
    for sound in training:
        end = len(sound) // frame_samples * frame_samples
        block_samples = max(1, _BLOCK_SAMPLES // frame_samples) * frame_samples
        for begin in range(0, end, block_samples):
            block = sound[begin : min(begin + block_samples, end)]
            frames = torch.from_numpy(codec.pre_emphasized(block) / codec.scale).view(-1, frame_samples)
            counts += np.bincount(quantize_loudness(frames).numpy(), minlength=NUM_LOUDNESS_LEVELS)
    if not counts.any():
        return NUM_LOUDNESS_LEVELS - 1
    return int(np.searchsorted(counts.cumsum(), (1 - RARE_FRACTION) * counts.sum()))


def _rate_hz(dataset: DatasetLike, settings: AudioSettings) -> int:
    return settings.data.rate_hz or sampling_rate(dataset.series[0])


def _check(settings: AudioSettings) -> None:
    if settings.train.precision != "float32":
        raise ConfigError("`precision` must be float32 for audio: products in bfloat16 make its sound less probable.")
    if settings.sound.model == "samples":
        refuse_input_noise(settings.train, "mu-law codes", "history_noise")
    if settings.sound.model == "samples" and settings.sound.frame_features != "samples":
        raise ConfigError(f"`frame_features` = {settings.sound.frame_features} requires --model frames.")
    if "n_mels" in settings.given() and settings.sound.frame_features != "mel":
        raise ConfigError("`n_mels` requires --frame-features mel.")
    if settings.sound.model == "frames":
        _check_frames(settings)


def _check_frames(settings: AudioSettings) -> None:
    without_effect = {
        "preemphasis",
        *type(settings.fast).model_fields,
        *type(settings.regularization).model_fields,
    } & settings.given()
    if without_effect:
        raise ConfigError(f"`{min(without_effect)}` requires --model samples; the frames model has `input_noise_std`.")
