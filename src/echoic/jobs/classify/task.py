"""The classify job laid over its clips."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Self, final

import torch
from torch import Tensor

from echoic.batches import BatchLoader, Transform
from echoic.config import ClassifySettings, ClipDataSettings
from echoic.config.spectrum import AugmentSettings
from echoic.errors import ConfigError, DataError
from echoic.jobs.base import Task
from echoic.jobs.classify.labelling import Labelling, labelling_of
from echoic.jobs.classify.network import build_network, check_network, check_settings
from echoic.labelled.augment import Augment
from echoic.labelled.batches import clip_batches
from echoic.labelled.features import Features, RawSteps
from echoic.labelled.spectra_cache import SpectraCache
from echoic.model import SequenceModel
from echoic.progress import ProgressFn, no_progress
from echoic.sources import DatasetLike
from echoic.sources.clips import labels_of
from echoic.types import Series
from echoic.windows import SPLITS, assign_folds, assign_splits, fold_names, natural_order

DEV_FRACTION = 0.1
SCORED_BATCH = 64


@final
@dataclass(frozen=True, eq=False)
class ClassifyTask(Task[ClassifySettings]):
    """Clips, the numbers of those in each part, how they have their labels, and how they become steps."""

    settings_class = ClassifySettings

    dataset: DatasetLike
    settings: ClassifySettings
    labelling: Labelling
    features: Features
    raw: RawSteps
    clip_steps: int
    """Of the longest clip."""

    @classmethod
    def prepare(cls, dataset: DatasetLike, settings: ClassifySettings, on_progress: ProgressFn = no_progress) -> Self:
        return cls._fit(dataset, settings, RawSteps.of(dataset, settings.spectrum), on_progress)

    @classmethod
    def _fit(
        cls, dataset: DatasetLike, settings: ClassifySettings, raw: RawSteps, on_progress: ProgressFn = no_progress
    ) -> Self:
        check_settings(settings)
        splits = split_clips(dataset.series, settings)
        training = [labels_of(dataset.series[number]) for number in splits["train"]]
        counts = Counter(label for labels in training for label in labels)
        labels = tuple(sorted(counts, key=natural_order))
        _check(dataset.series, splits, labels)
        labelling = labelling_of(settings, labels, [counts[label] for label in labels])
        lengths = [len(clip) for clip in raw.make(on_progress)]
        check_network(settings, lengths)
        return cls(dataset, settings, labelling, Features.fit(raw, splits["train"]), raw, max(lengths))

    @classmethod
    def restore(cls, dataset: DatasetLike, settings: ClassifySettings, codec: Mapping[str, Any]) -> Self:
        features = Features.from_json(codec["features"])
        labelling = labelling_of(settings, tuple(codec["classes"]), codec["counts"])
        raw = RawSteps(dataset, features.mel, SpectraCache.of(settings.spectrum.cache_dir))
        return cls(dataset, settings, labelling, features, raw, codec["clip_steps"])

    def codec_state(self) -> dict[str, Any]:
        return {
            "classes": list(self.classes),
            "counts": list(self.labelling.counts),
            "clip_steps": self.clip_steps,
            "features": self.features.to_json(),
        }

    @cached_property
    def splits(self) -> dict[str, list[int]]:
        """The numbers of the clips of each part."""
        return split_clips(self.dataset.series, self.settings)

    def build_model(self) -> SequenceModel:
        return build_network(self.settings, self.features.values, self.clip_steps, self.labelling)

    def train_batches(self) -> BatchLoader:
        return self._batches("train", self.settings.train.batch_size, self._augmentation(), shuffle=True)

    def _augmentation(self) -> list[Transform]:
        if self.settings.augment == AugmentSettings():
            return []
        if self.settings.augment.max_gain_db and self.features.mel is None:
            raise ConfigError("`max_gain_db` is for sound; these clips come as features.")
        return [Augment(self.settings.augment, self.features.per_db)]

    def dev_batches(self) -> BatchLoader | None:
        return self._batches("dev", SCORED_BATCH) if self.splits["dev"] else None

    @property
    def folds(self) -> Sequence[ClassifySettings]:
        if self.settings.split.folds is None or self.settings.split.test_fold is not None:
            return ()
        names = fold_names(folds_of(self.dataset.series, self.settings.split.folds))
        return [self.settings.replaced(test_fold=name) for name in names]

    def fold(self, settings: ClassifySettings) -> Self:
        return self._fit(self.dataset, settings, self.raw)

    @property
    def new_data(self) -> ClipDataSettings:
        """How clips are read that are neither for training nor its parts: at the rate of those that were."""
        rate = {} if self.features.mel is None else {"rate_hz": self.features.mel.rate_hz}
        return self.settings.data.model_copy(update={"test_data": None, "fold": None, "group": None, **rate})

    @property
    def classes(self) -> tuple[str, ...]:
        """The labels of the training clips, numbers before words."""
        return self.labelling.labels

    def clips(self, split: str) -> list[Series]:
        """The clips of a part."""
        return [self.dataset.series[number] for number in self.splits[split]]

    @cached_property
    def steps(self) -> dict[str, list[Tensor]]:
        """The steps of the clips of each part."""
        self.features.check(self.dataset.series)
        return {split: [self.features.scaled(self.raw[number]) for number in self.splits[split]] for split in SPLITS}

    def _batches(
        self, split: str, batch_size: int, transforms: Sequence[Transform] = (), *, shuffle: bool = False
    ) -> BatchLoader:
        targets = torch.from_numpy(self.labelling.targets(self.clips(split)))
        stride = self.settings.encoder.conv_stride
        return clip_batches(
            self.steps[split], targets, batch_size, multiple=stride, shuffle=shuffle, transforms=transforms
        )

    def data_report(self) -> dict[str, Any]:
        clips = {split: len(numbers) for split, numbers in self.splits.items()}
        return self.dataset.report.to_json() | {"splits": clips, "classes": list(self.classes)}


def split_clips(clips: Sequence[Series], settings: ClassifySettings) -> dict[str, list[int]]:
    """The numbers of the clips of each split.

    Raises:
        ConfigError: the test split is chosen in two ways, or by a fold that does not exist.
    """
    split, data = settings.split, settings.data
    if (split.split is not None) + (split.folds is not None) + (data.test_data is not None) > 1:
        raise ConfigError("`split`, `folds` and `test_data` each choose the test split; give one of them.")
    for name, value in (("fold", data.fold), ("test_fold", split.test_fold)):
        if value is not None and split.folds is None:
            raise ConfigError(f"`{name}` requires `folds`, the number of folds.")
    folds = None if split.folds is None else folds_of(clips, split.folds)
    if split.test_fold is not None and split.test_fold not in (folds or ()):
        raise ConfigError(f"`test_fold` must be one of {', '.join(fold_names(folds or ()))}, got {split.test_fold!r}.")
    return assign_splits(
        clips,
        split.split,
        stratify=list(map(labels_of, clips)),
        folds=folds,
        test_fold=split.test_fold,
        dev_fraction=DEV_FRACTION,
    )


def folds_of(clips: Sequence[Series], count: int) -> list[str]:
    """The fold of each clip."""
    return assign_folds(clips, count, list(map(labels_of, clips)))


def _check(clips: Sequence[Series], splits: Mapping[str, Sequence[int]], classes: Sequence[str]) -> None:
    alike = {labels_of(clips[number]) for number in splits["train"]}
    if len(alike) == 1:
        what = ", ".join(map(repr, *alike)) or "without a label"
        raise DataError(f"{clips[0].origin}: all training clips are {what}; there is nothing to tell apart.")
    for split in ("dev", "test"):
        for number in splits[split]:
            for label in labels_of(clips[number]):
                if label not in classes:
                    raise DataError(
                        f"{clips[number].origin}: the class {label!r} is only in the {split} part; add training clips "
                        "of it, or remove it."
                    )
