"""The task of the detect job."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Self, final

import torch
from torch import Tensor

from echoic.batches import BatchLoader, Transform
from echoic.config import DetectSettings
from echoic.errors import ConfigError, DataError
from echoic.heads import Bernoulli, Categorical, SymbolHead
from echoic.jobs.base import Task
from echoic.jobs.detect.baselines import FrameBaselines
from echoic.jobs.detect.cutting import CutDataset
from echoic.jobs.detect.sensors import are_sensors, with_named_features, with_sensor_defaults
from echoic.labelled.batches import excerpt_batches
from echoic.labelled.features import Features, RawSteps
from echoic.labelled.front_end import check_front, front, layers
from echoic.labelled.overlap import LEAST_OVERLAP, overlap_fraction, overlap_notes
from echoic.labelled.postprocessing import PostProcessing
from echoic.labelled.task import LabelledTask
from echoic.labelled.tracks import TrackFrames, Tracks
from echoic.model import SequenceModel
from echoic.progress import ProgressFn, no_progress
from echoic.readouts import PerStep
from echoic.sources import DatasetLike
from echoic.sources.events import events_of
from echoic.streams.detection import predict_probs
from echoic.types import Event, Series, stored
from echoic.windows import assign_splits


@final
@dataclass(frozen=True, eq=False)
class DetectTask(LabelledTask[DetectSettings], Task[DetectSettings]):
    """Recordings and the labels of their events, on one track or, where they overlap, on one track each."""

    settings_class = DetectSettings
    content = "recordings"

    labels: tuple[str, ...]

    @classmethod
    def prepare(cls, dataset: DatasetLike, settings: DetectSettings, on_progress: ProgressFn = no_progress) -> Self:
        dataset = CutDataset(dataset, settings.split.split)
        if sensors := are_sensors(dataset.series):
            settings = with_named_features(settings, dataset.series[0].features)
        splits = _splits(dataset, settings)
        if sensors:
            settings = with_sensor_defaults(settings, [dataset.series[number] for number in splits["train"]])
        _check_settings(settings)
        recordings = {split: [dataset.series[number] for number in numbers] for split, numbers in splits.items()}
        labels = tuple(sorted({event.label for one in recordings["train"] for event in events_of(one)}))
        if not labels:
            raise DataError(f"{dataset.origin}: no training recording has an event; choose another --split.")
        for split in ("dev", "test"):
            check_labels(recordings[split], labels, f"the {split} split")
        if settings.detector.overlap is None:
            settings = settings.replaced(overlap=overlap_fraction(map(events_of, recordings["train"])) > LEAST_OVERLAP)
        raw = RawSteps.of(dataset, settings.spectrum)
        raw.make(on_progress)
        return cls(dataset, settings, Features.fit(raw, splits["train"]), raw, labels)

    @classmethod
    def restore(cls, dataset: DatasetLike, settings: DetectSettings, codec: Mapping[str, Any]) -> Self:
        features = Features.from_json(stored.field(codec, "features"))
        dataset = CutDataset(dataset, settings.split.split)
        raw = RawSteps.restored(dataset, features, settings.spectrum)
        return cls(dataset, settings, features, raw, stored.texts(codec, "labels"))

    def continued(self, dataset: DatasetLike, settings: DetectSettings) -> Self:
        check_labels(dataset.series, self.labels, "the new data")
        task = self.restore(dataset, settings, self.codec_state())
        task.features.check(task.dataset.series)
        return task

    def codec_state(self) -> dict[str, Any]:
        return {"labels": list(self.labels), "features": self.features.to_json()}

    @cached_property
    def splits(self) -> dict[str, list[int]]:
        return _splits(self.dataset, self.settings)

    def build_model(self) -> SequenceModel:
        self.components.refuse("head", reason="by detect runs")
        settings, components = self.settings, self.components
        is_stepwise = not settings.encoder.bidirectional
        encoder = front(settings.encoder, self.features.values, components, is_stepwise=is_stepwise)
        stack = layers(settings.encoder, encoder.output_size, settings.stack, components, is_stepwise=is_stepwise)
        readout = PerStep(stack.output_size)
        return SequenceModel(encoder, stack, readout, self._head(readout.output_size))

    def _head(self, width: int) -> SymbolHead:
        """Probabilities of each label, for all frames of a step."""
        frames_per_step = self.settings.encoder.conv_stride
        if self.tracks.overlap:
            return Bernoulli(width, len(self.labels), frames_per_step)
        return Categorical(width, self.tracks.num_classes, outputs_per_step=frames_per_step)

    @cached_property
    def tracks(self) -> Tracks:
        """The labels, on one track or one each; runs from before `overlap` have one."""
        return Tracks(self.labels, bool(self.settings.detector.overlap))

    @property
    def rate_hz(self) -> float:
        """Samples of sound per second, or steps of sensors."""
        mel = self.features.mel
        return (self.settings.data.step_rate_hz or 1.0) if mel is None else mel.rate_hz

    @property
    def counts_steps(self) -> bool:
        """Whether times are numbers of steps, since nothing says how long those of sensors are."""
        return self.features.mel is None and self.settings.data.step_rate_hz is None

    @property
    def hop_s(self) -> float:
        """Seconds per frame."""
        return self.frame_samples / self.rate_hz

    @property
    def frame_samples(self) -> int:
        """Samples of sound per frame; a step of sensors is a frame."""
        mel = self.features.mel
        return 1 if mel is None else mel.hop_samples

    @property
    def delay(self) -> int:
        """Output delay in frames."""
        return round(self.settings.detector.delay_ms / 1000 / self.hop_s)

    @property
    def latency_s(self) -> float | None:
        """Seconds after a moment that its prediction depends on; None: all of it."""
        if self.settings.encoder.bidirectional:
            return None
        frames, mel = self.delay + self.settings.encoder.conv_stride - 1, self.features.mel
        return frames * self.hop_s + (0.0 if mel is None else mel.window_samples / 2 / self.rate_hz)

    def loader(
        self, split: str, batch_size: int, transforms: Sequence[Transform] = (), *, shuffle: bool = False
    ) -> BatchLoader:
        stride, steps = self.settings.encoder.conv_stride, self.steps[split]
        excerpt_steps = max(1, round(self.settings.detector.excerpt_s / self.hop_s / stride)) * stride
        targets = [torch.from_numpy(frames).T for frames in self.frames_of(self.series(split), steps)]
        return excerpt_batches(
            steps, targets, batch_size, excerpt_steps, delay=self.delay, shuffle=shuffle, transforms=transforms
        )

    def frames_of(self, recordings: Sequence[Series], steps: Sequence[Tensor]) -> list[TrackFrames]:
        """The class of each frame of each recording, on each track."""
        return [
            self.tracks.frames(events_of(one), len(frames), self.hop_s)
            for one, frames in zip(recordings, steps, strict=True)
        ]

    def data_report(self) -> dict[str, Any]:
        report = super().data_report() | ({} if self.latency_s is None else {"latency_s": self.latency_s})
        fraction = overlap_fraction(map(events_of, self.dataset.series))
        report["notes"] = [*report["notes"], *overlap_notes(fraction, overlap=self.tracks.overlap)]
        if _is_cut(self.dataset):
            few = "There are fewer recordings than splits, so each is cut in time; times in a part begin at 0."
            report["notes"] = [*report["notes"], few]
        return report

    def calibrate(self, model: SequenceModel) -> dict[str, Any] | None:
        """Chooses the post-processing on dev."""
        if not self.splits["dev"] or not self.settings.detector.postprocess:
            return None
        true = [own for one in self.frames_of(self.series("dev"), self.steps["dev"]) for own in one]
        probs = [own for one in self.steps["dev"] for own in self.tracks.probs(predict_probs(model, one, self.delay))]
        return {"postprocessing": PostProcessing.chosen(true, probs, self.hop_s).to_json()}

    def fit_baselines(self, calibration: Mapping[str, Any] | None) -> dict[str, Any]:
        del calibration
        return FrameBaselines.fit(self).to_json()


def _splits(dataset: DatasetLike, settings: DetectSettings) -> dict[str, list[int]]:
    """The numbers of the recordings in each split; parts of recordings have theirs already."""
    return assign_splits(dataset.series, None if _is_cut(dataset) else settings.split.split, noun="recording")


def _is_cut(dataset: DatasetLike) -> bool:
    return isinstance(dataset, CutDataset) and dataset.is_cut


def check_labels(recordings: Sequence[Series], labels: Sequence[str], where: str) -> None:
    """Checks that all events have one of the `labels` of the train split.

    Raises:
        DataError: one has another label.
    """
    for one in recordings:
        check_events(events_of(one), labels, one.origin, where)


def check_events(events: Sequence[Event], labels: Sequence[str], origin: str, where: str) -> None:
    """As `check_labels`, for the events of one recording."""
    for event in events:
        if event.label not in labels:
            raise DataError(
                f"{origin}: the label {event.label!r} at {event.onset_s:g} s is only in {where}; add training "
                "recordings with it, or remove it."
            )


def _check_settings(settings: DetectSettings) -> None:
    if settings.augment.max_shift_steps:
        raise ConfigError("`max_shift_steps` is not supported: it would move sound away from its events.")
    if settings.encoder.bidirectional and settings.detector.delay_ms:
        raise ConfigError("`delay_ms` has no effect with --bidirectional, which sees all of the future; leave it out.")
    if settings.detector.delay_ms >= settings.detector.excerpt_s * 1000:
        raise ConfigError("`delay_ms` must be shorter than `excerpt_s`; otherwise excerpts have no targets.")
    if settings.split.split is not None and settings.data.split_table is not None:
        raise ConfigError("`split` and `split_table` each choose the splits; give one of them.")
    check_front(settings)
