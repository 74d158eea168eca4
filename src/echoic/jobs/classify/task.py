"""The task of the classify job."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any, Self, final

import torch
from torch import Tensor

from echoic.batches import BatchLoader, Transform
from echoic.config import ClassifySettings, ClipDataSettings
from echoic.config.spectrum import VarySettings
from echoic.errors import ConfigError, DataError
from echoic.jobs.base import Task
from echoic.jobs.classify.baselines import ClipBaselines
from echoic.jobs.classify.calibration import calibrate
from echoic.jobs.classify.combination import Combination
from echoic.jobs.classify.labelling import Labelling, labelling_of
from echoic.jobs.classify.labelling.base import Targets
from echoic.jobs.classify.network import build_network, check_network, check_settings
from echoic.jobs.classify.plan import ClipStats, plan
from echoic.labelled.batches import clip_batches
from echoic.labelled.clip_norm import ClipNorm
from echoic.labelled.features import Features, RawSteps, spectra_count
from echoic.labelled.task import LabelledTask
from echoic.labelled.vary import Vary
from echoic.model import SequenceModel
from echoic.progress import ProgressFn, no_progress
from echoic.sources import DatasetLike
from echoic.sources.clips import labels_of
from echoic.types import Series, stored
from echoic.windows import assign_folds, assign_splits, fold_names, natural_order, stratified

DEV_FRACTION = 0.1
"""Fraction of train that becomes dev, where the data name only train and test."""


@final
@dataclass(frozen=True, eq=False)
class ClassifyTask(LabelledTask[ClassifySettings], Task[ClassifySettings]):
    """Clips and their labels; `clip_steps` is the length of the longest clip.

    A fold of `calibration_folds` learns from the train and dev splits except the clips `held_out`, its test split.
    """

    settings_class = ClassifySettings
    content = "clips"

    labelling: Labelling
    clip_steps: int
    held_out: frozenset[int] | None = field(default=None, kw_only=True)

    @classmethod
    def prepare(cls, dataset: DatasetLike, settings: ClassifySettings, on_progress: ProgressFn = no_progress) -> Self:
        is_sound = dataset.series[0].annotations.rate_hz is not None
        trim = settings.network.live and is_sound if settings.data.trim is None else settings.data.trim
        return cls._fit(dataset, settings, RawSteps.of(dataset, settings.spectrum, trim=trim), on_progress)

    @classmethod
    def _fit(
        cls, dataset: DatasetLike, settings: ClassifySettings, raw: RawSteps, on_progress: ProgressFn = no_progress
    ) -> Self:
        if dataset.series[0].annotations.rate_hz is None:
            reason = "on data that are features already; leave it out."
            settings.data.refuse_changed(("rate_hz", "channel", "trim"), reason)
            settings.vary.refuse_changed(VarySettings.model_fields, reason)
        if settings.data.id is not None:
            # Kept by name: new tables may have other columns, or the same ones in another order.
            settings = settings.replaced(features=dataset.series[0].features)
        splits = split_clips(dataset.series, settings)
        settings = plan(settings, _clip_stats(raw, settings, splits))
        check_settings(settings)
        counts = Counter(label for number in splits["train"] for label in labels_of(dataset.series[number]))
        labels = tuple(sorted(counts, key=natural_order))
        _check_labels(dataset.series, splits, labels)
        labelling = labelling_of(settings, labels, [counts[label] for label in labels])
        lengths = [len(clip) for clip in raw.make(on_progress)]
        check_network(settings, lengths)
        features = Features.fit(raw, splits["train"], _clip_norm(raw, splits["train"], settings))
        return cls(dataset, settings, features, raw, labelling, max(lengths))

    @classmethod
    def restore(cls, dataset: DatasetLike, settings: ClassifySettings, codec: Mapping[str, Any]) -> Self:
        features, classes = Features.from_json(stored.field(codec, "features")), stored.texts(codec, "classes")
        counts = [int(count) for count in stored.array(codec, "counts", len(classes))]
        labelling = labelling_of(settings, classes, counts)
        raw = RawSteps.restored(dataset, features, settings.spectrum)
        return cls(dataset, settings, features, raw, labelling, stored.integer(codec, "clip_steps", 0, 1 << 40))

    def continued(self, dataset: DatasetLike, settings: ClassifySettings) -> Self:
        task = self.restore(dataset, settings, self.codec_state())
        task.features.check(dataset.series)
        task.labelling.targets(dataset.series)  # raises the error of a label that the run does not know
        return task

    def codec_state(self) -> dict[str, Any]:
        return {
            "classes": list(self.classes),
            "counts": list(self.labelling.counts),
            "clip_steps": self.clip_steps,
            "features": self.features.to_json(),
        }

    @cached_property
    def splits(self) -> dict[str, list[int]]:
        splits = split_clips(self.dataset.series, self.settings)
        if self.held_out is None:
            return splits
        kept = [number for number in _trainable(splits) if number not in self.held_out]
        return {"train": kept, "dev": [], "test": sorted(self.held_out)}

    @property
    def classes(self) -> tuple[str, ...]:
        """The labels of the training clips, numbers before words."""
        return self.labelling.labels

    def build_model(self) -> SequenceModel:
        return build_network(self.settings, self.features.values, self.clip_steps, self.labelling, self.components)

    def loader(
        self, split: str, batch_size: int, transforms: Sequence[Transform] = (), *, shuffle: bool = False
    ) -> BatchLoader:
        return self._loader([split], batch_size, transforms, shuffle=shuffle)

    def _loader(
        self, splits: Sequence[str], batch_size: int, transforms: Sequence[Transform] = (), *, shuffle: bool = False
    ) -> BatchLoader:
        """The batches of all clips of `splits`."""
        steps, targets = self.labelled_steps(*splits)
        multiple = self.settings.encoder.conv_stride
        return clip_batches(
            steps, torch.from_numpy(targets), batch_size, multiple=multiple, shuffle=shuffle, transforms=transforms
        )

    def labelled_steps(self, *splits: str) -> tuple[list[Tensor], Targets]:
        """The features of each clip of `splits`, and the targets of all."""
        clips = [clip for split in splits for clip in self.series(split)]
        return [one for split in splits for one in self.steps[split]], self.labelling.targets(clips)

    def _augmentation(self) -> list[Transform]:
        """Variations of sound come first: they need the spectra as they are."""
        if self.settings.vary == VarySettings():
            return super()._augmentation()
        multiple = self.settings.encoder.conv_stride
        return [Vary(self.settings.vary, self.features.scaler, multiple), *super()._augmentation()]

    @property
    def fitted_splits(self) -> tuple[str, ...]:
        """The splits that the network learns from in the end."""
        return ("train", "dev") if self.should_refit else ("train",)

    @property
    def has_slow_baselines(self) -> bool:
        """Whether random convolutions and time warping are among the baselines: for sensor series with one label."""
        is_spectra = self.features.mel is not None or bool(self.settings.data.axes)
        return not is_spectra and self.settings.data.label_separator is None

    @property
    def should_refit(self) -> bool:
        return bool(self.settings.split.refit) and bool(self.splits["dev"])

    def refit_batches(self) -> BatchLoader:
        batch_size = self.settings.train.batch_size
        return self._loader(("train", "dev"), batch_size, self._augmentation(), shuffle=True)

    @property
    def calibration_folds(self) -> Sequence[Self]:
        """Folds of train and dev, stratified by label, that keep groups together; the features stay as they are."""
        count, series = self.settings.network.weight_folds, self.dataset.series
        if not count or self.held_out is not None:
            return ()
        folds = stratified(series, _trainable(self.splits), [1 / count] * count, list(map(labels_of, series)))
        # A fold can be empty where classes are smaller than the number of folds.
        found = [replace(self, held_out=frozenset(fold)) for fold in folds if fold]
        return found if len(found) > 1 else ()

    def calibrate(self, model: SequenceModel) -> dict[str, Any]:
        return calibrate(self, model)

    def calibrate_by_folds(self, model: SequenceModel, fold_models: Sequence[SequenceModel]) -> dict[str, Any]:
        return calibrate(self, model, fold_models)

    def fit_baselines(self, calibration: Mapping[str, Any] | None) -> dict[str, Any]:
        own = None if calibration is None else Combination.from_json(calibration).convolutions
        return ClipBaselines.fit(self, own).to_json()

    @property
    def folds(self) -> Sequence[ClassifySettings]:
        if self.settings.split.folds is None or self.settings.split.test_fold is not None:
            return ()
        names = fold_names(_folds_of(self.dataset.series, self.settings.split.folds))
        return [self.settings.replaced(test_fold=name) for name in names]

    def fold(self, settings: ClassifySettings) -> Self:
        return self._fit(self.dataset, settings, self.raw)

    @property
    def new_data(self) -> ClipDataSettings:
        """How new labelled clips are read: at the rate of training, without splits, folds and groups."""
        rate = {} if self.features.mel is None else {"rate_hz": self.features.mel.rate_hz}
        return self.settings.data.model_copy(update={"test_data": None, "fold": None, "group": None, **rate})

    def data_report(self) -> dict[str, Any]:
        return super().data_report() | {"classes": list(self.classes)}

    @property
    def expected_splits(self) -> Sequence[str]:
        """With folds, each has a test split of its own."""
        split = self.settings.split
        return ("dev",) if split.folds is not None and split.test_fold is None else ("dev", "test")


def split_clips(clips: Sequence[Series], settings: ClassifySettings) -> dict[str, list[int]]:
    """The numbers of the clips in each split.

    Raises:
        ConfigError: the test split is chosen in two ways, or by a fold that does not exist.
    """
    split, data = settings.split, settings.data
    if (split.split is not None) + (split.folds is not None) + (data.test_data is not None) > 1:
        raise ConfigError("`split`, `folds` and `test_data` each choose the test split; give one of them.")
    for name, value in (("fold", data.fold), ("test_fold", split.test_fold)):
        if value is not None and split.folds is None:
            raise ConfigError(f"`{name}` requires `folds`, the number of folds.")
    folds = None if split.folds is None else _folds_of(clips, split.folds)
    if split.test_fold is not None and split.test_fold not in (folds or ()):
        raise ConfigError(f"`test_fold` must be one of {', '.join(fold_names(folds or ()))}, got {split.test_fold!r}.")
    labels = list(map(labels_of, clips))
    return assign_splits(
        clips, split.split, stratify=labels, folds=folds, test_fold=split.test_fold, dev_fraction=DEV_FRACTION
    )


def _clip_stats(raw: RawSteps, settings: ClassifySettings, splits: Mapping[str, Sequence[int]]) -> ClipStats:
    series, mel = raw.dataset.series, raw.mel
    lengths = [series[number].steps for number in splits["train"]]
    return ClipStats(
        lengths if mel is None else [spectra_count(mel, samples) for samples in lengths],
        len(splits["dev"]),
        mel is not None or bool(settings.data.axes),
        settings.split.split is not None or any(one.annotations.split == "dev" for one in series),
        len({series[number].annotations.group or number for number in _trainable(splits)}),
        is_sound=mel is not None,
    )


def _trainable(splits: Mapping[str, Sequence[int]]) -> list[int]:
    """The clips of train and dev."""
    return [*splits["train"], *splits["dev"]]


def _clip_norm(raw: RawSteps, training: Sequence[int], settings: ClassifySettings) -> ClipNorm:
    """By the setting; without it, series that are not spectra are normalized where that loses nothing."""
    chosen = settings.network.clip_norm
    if chosen is not None:
        return ClipNorm(chosen in ("center", "standard"), chosen == "standard")
    if raw.mel is not None or settings.data.axes:
        return ClipNorm()
    names = ["\n".join(labels_of(raw.dataset.series[number])) for number in training]
    return ClipNorm.fit([raw[number] for number in training], names)


def _folds_of(clips: Sequence[Series], count: int) -> list[str]:
    return assign_folds(clips, count, list(map(labels_of, clips)))


def _check_labels(clips: Sequence[Series], splits: Mapping[str, Sequence[int]], classes: Sequence[str]) -> None:
    different = {labels_of(clips[number]) for number in splits["train"]}
    if len(different) == 1:
        labels = ", ".join(map(repr, *different)) or "nothing"
        raise DataError(f"{clips[0].origin}: all training clips are labelled {labels}; add clips with other labels.")
    for split in ("dev", "test"):
        for number in splits[split]:
            for label in labels_of(clips[number]):
                if label not in classes:
                    raise DataError(
                        f"{clips[number].origin}: the class {label!r} is only in the {split} split; add training clips "
                        "of it, or remove it."
                    )
