"""The detect job laid over its recordings."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Self, final

import torch
from torch import Tensor

from echoic.batches import BatchLoader, Transform
from echoic.codecs import LogMel
from echoic.config import DetectSettings
from echoic.config.spectrum import AugmentSettings
from echoic.config.train import refuse_input_noise
from echoic.errors import ConfigError, DataError
from echoic.heads import Categorical
from echoic.jobs.base import Task
from echoic.labelled.augment import Augment
from echoic.labelled.batches import excerpt_batches
from echoic.labelled.features import Features, RawSteps
from echoic.labelled.frames import Frames, frame_classes
from echoic.labelled.front_end import check_front, front, layers
from echoic.labelled.postprocessing import PostProcessing
from echoic.labelled.spectra_cache import SpectraCache
from echoic.model import SequenceModel
from echoic.progress import ProgressFn, no_progress
from echoic.readouts import PerStep
from echoic.sources import DatasetLike
from echoic.sources.events import events_of
from echoic.streams.detection import heard
from echoic.types import Series
from echoic.windows import SPLITS, assign_splits


@final
@dataclass(frozen=True, eq=False)
class DetectTask(Task[DetectSettings]):
    """Recordings, the labels of events in them, and how sound becomes steps.

    Class 0 is nothing; the labels count from 1.
    """

    settings_class = DetectSettings

    dataset: DatasetLike
    settings: DetectSettings
    labels: tuple[str, ...]
    features: Features
    raw: RawSteps

    @classmethod
    def prepare(cls, dataset: DatasetLike, settings: DetectSettings, on_progress: ProgressFn = no_progress) -> Self:
        if settings.augment.max_shift_steps:
            raise ConfigError("`max_shift_steps` is for clips; events have their place in time.")
        if settings.encoder.bidirectional and settings.detector.delay_ms:
            raise ConfigError("`delay_ms` is for networks that read one way; --bidirectional hears all that follows.")
        if settings.detector.delay_ms >= settings.detector.excerpt_s * 1000:
            raise ConfigError("`delay_ms` must be shorter than `excerpt_s`, or nothing is ever told.")
        if settings.split.split is not None and settings.data.split_table is not None:
            raise ConfigError("`split` and `split_table` each choose the splits; give one of them.")
        refuse_input_noise(settings.train, "padded recordings", "noise_std")
        check_front(settings.encoder, settings.stack)
        splits = assign_splits(dataset.series, settings.split.split)
        training = [dataset.series[number] for number in splits["train"]]
        labels = tuple(sorted({event.label for one in training for event in events_of(one)}))
        if not labels:
            raise DataError(f"{dataset.origin}: no training recording has an event; choose another --split.")
        for split in ("dev", "test"):
            check_labels([dataset.series[number] for number in splits[split]], labels, f"the {split} part")
        raw = RawSteps.of(dataset, settings.spectrum)
        raw.make(on_progress)
        return cls(dataset, settings, labels, Features.fit(raw, splits["train"]), raw)

    @classmethod
    def restore(cls, dataset: DatasetLike, settings: DetectSettings, codec: Mapping[str, Any]) -> Self:
        features = Features.from_json(codec["features"])
        raw = RawSteps(dataset, features.mel, SpectraCache.of(settings.spectrum.cache_dir))
        return cls(dataset, settings, tuple(codec["labels"]), features, raw)

    @cached_property
    def splits(self) -> dict[str, list[int]]:
        """The numbers of the recordings of each part."""
        return assign_splits(self.dataset.series, self.settings.split.split)

    def codec_state(self) -> dict[str, Any]:
        return {"labels": list(self.labels), "features": self.features.to_json()}

    def build_model(self) -> SequenceModel:
        encoder = front(self.settings.encoder, self.features.values)
        stack = layers(self.settings.encoder, encoder.output_size, self.settings.stack)
        readout = PerStep(stack.output_size)
        head = Categorical(
            readout.output_size, len(self.labels) + 1, outputs_per_step=self.settings.encoder.conv_stride
        )
        return SequenceModel(encoder, stack, readout, head)

    @property
    def mel(self) -> LogMel:
        """How sound becomes frames; events are always of sound."""
        if self.features.mel is None:
            raise TypeError("a detect run without spectra")
        return self.features.mel

    @property
    def rate_hz(self) -> int:
        """Samples a second."""
        return self.mel.rate_hz

    @property
    def hop_s(self) -> float:
        """Seconds from one frame to the next."""
        return self.mel.hop_samples / self.rate_hz

    @property
    def delay(self) -> int:
        """Frames by which the network tells later."""
        return round(self.settings.detector.delay_ms / 1000 / self.hop_s)

    @property
    def latency_s(self) -> float | None:
        """How much of the future is heard before a moment is told of; None if all of it."""
        if self.settings.encoder.bidirectional:
            return None
        frames = self.delay + self.settings.encoder.conv_stride - 1
        return frames * self.hop_s + self.mel.window_samples / 2 / self.rate_hz

    def train_batches(self) -> BatchLoader:
        plain = self.settings.augment == AugmentSettings()
        transforms = [] if plain else [Augment(self.settings.augment, self.features.per_db)]
        return self._batches("train", transforms, shuffle=True)

    def dev_batches(self) -> BatchLoader | None:
        return self._batches("dev") if self.splits["dev"] else None

    def recordings(self, split: str) -> list[Series]:
        """The recordings of a part."""
        return [self.dataset.series[number] for number in self.splits[split]]

    def classes_of(self, recordings: Sequence[Series], steps: Sequence[Tensor]) -> list[Frames]:
        """The class of each frame of each recording."""
        return [
            frame_classes(events_of(one), self.labels, len(frames), self.hop_s)
            for one, frames in zip(recordings, steps, strict=True)
        ]

    @cached_property
    def steps(self) -> dict[str, list[Tensor]]:
        """The steps of the recordings of each part."""
        self.features.check(self.dataset.series)
        return {split: [self.features.scaled(self.raw[number]) for number in self.splits[split]] for split in SPLITS}

    def _batches(self, split: str, transforms: Sequence[Transform] = (), *, shuffle: bool = False) -> BatchLoader:
        span = self.settings.encoder.conv_stride
        length = max(1, round(self.settings.detector.excerpt_s / self.hop_s / span)) * span
        steps = self.steps[split]
        classes = [torch.from_numpy(frames) for frames in self.classes_of(self.recordings(split), steps)]
        size = self.settings.train.batch_size
        return excerpt_batches(steps, classes, size, length, delay=self.delay, shuffle=shuffle, transforms=transforms)

    def data_report(self) -> dict[str, Any]:
        recordings = {split: len(numbers) for split, numbers in self.splits.items()}
        latency = {} if self.latency_s is None else {"latency_s": self.latency_s}
        return self.dataset.report.to_json() | {"splits": recordings} | latency

    def calibrate(self, model: SequenceModel) -> dict[str, Any] | None:
        """How what the network says is cleaned up, as dev chooses."""
        if not self.splits["dev"] or not self.settings.detector.postprocess:
            return None
        true = self.classes_of(self.recordings("dev"), self.steps["dev"])
        shares = [heard(model, one, self.delay) for one in self.steps["dev"]]
        return {"postprocessing": PostProcessing.chosen(true, shares, self.hop_s).to_json()}


def check_labels(recordings: Sequence[Series], labels: Sequence[str], where: str) -> None:
    """Whether all events have one of the `labels` that were trained on.

    Raises:
        DataError: one has another.
    """
    for one in recordings:
        for event in events_of(one):
            if event.label not in labels:
                raise DataError(
                    f"{one.origin}: the label {event.label!r} at {event.onset_s:g} s is only in {where}; add training "
                    "recordings with it, or remove it."
                )
