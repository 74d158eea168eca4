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
from echoic.windows import SPLITS, stratified_group_split

DEFAULT_SPLIT = (0.8, 0.1, 0.1)
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
        labels = tuple(sorted(counts, key=_natural))
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
        names = sorted(set(folds_of(self.dataset.series, self.settings)), key=_natural)
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
    """The numbers of the clips of each part.

    Raises:
        ConfigError: the parts are asked for in two ways, or by a fold that is not there or of no number of folds.
    """
    rule = settings.split.split
    if (rule is not None) + (settings.split.folds is not None) + (settings.data.test_data is not None) > 1:
        raise ConfigError("`split`, `folds` and `test_data` each choose the test part; give one of them.")
    for name, value in (("fold", settings.data.fold), ("test_fold", settings.split.test_fold)):
        if value is not None and settings.split.folds is None:
            raise ConfigError(f"`{name}` needs `folds`, the number of folds there are.")
    given = _splits_from_source(clips, settings)
    if rule is None and any(given):
        splits = {split: [at for at, name in enumerate(given) if name == split] for split in SPLITS}
        if not splits["dev"]:
            splits["train"], splits["dev"] = _assigned(clips, splits["train"], (1 - DEV_FRACTION, DEV_FRACTION))
        _check_groups(clips, splits)
        return splits
    assigned = _assigned(clips, list(range(len(clips))), rule or DEFAULT_SPLIT)
    return dict(zip(SPLITS, assigned, strict=True))


def _splits_from_source(clips: Sequence[Series], settings: ClassifySettings) -> list[str | None]:
    """The part of each clip, as its fold or its source says."""
    if settings.split.folds is None:
        return _all_or_none(clips, "split")
    folds, chosen = folds_of(clips, settings), settings.split.test_fold
    if chosen is not None and chosen not in folds:
        raise ConfigError(f"`test_fold`: there is no fold {chosen!r}; there are {', '.join(sorted(set(folds)))}.")
    return ["test" if fold == chosen else "train" for fold in folds]


def folds_of(clips: Sequence[Series], settings: ClassifySettings) -> list[str]:
    """The fold of each clip: as its source says, or dealt so that labels are even and groups are whole.

    Raises:
        ConfigError: the source has other folds than are asked for.
    """
    count = settings.split.folds or 0
    given = _all_or_none(clips, "fold")
    if any(given):
        found = sorted({str(fold) for fold in given}, key=_natural)
        if len(found) != count:
            raise ConfigError(f"`folds` is {count}, but {clips[0].origin} and the rest have {', '.join(found)}.")
        return [str(fold) for fold in given]
    assigned = _assigned(clips, list(range(len(clips))), [1 / count] * count)
    fold_at = {number: str(fold) for fold, numbers in enumerate(assigned, 1) for number in numbers}
    return [fold_at[number] for number in range(len(clips))]


def _all_or_none(clips: Sequence[Series], name: str) -> list[str | None]:
    """What the source says of each clip: of all of them, or of none."""
    given = [getattr(clip.annotations, name) for clip in clips]
    if any(given) and not all(given):
        bare = clips[[bool(one) for one in given].index(False)]
        raise DataError(f"{bare.origin}: has no {name}, and others have one; fill in all of them, or none.")
    return given


def _check_groups(clips: Sequence[Series], splits: Mapping[str, Sequence[int]]) -> None:
    split_of = dict[Any, str]()
    for split, numbers in splits.items():
        for number in numbers:
            group = clips[number].annotations.group
            if group is not None and split_of.setdefault(group, split) != split:
                raise DataError(
                    f"{clips[number].origin}: the group {group!r} is in the {split_of[group]} part and in the {split} "
                    "part; let no group be on both sides, or leave --group out."
                )


def _assigned(clips: Sequence[Series], chosen: Sequence[int], shares: Sequence[float]) -> list[list[int]]:
    labels = [labels_of(clips[number]) for number in chosen]
    groups = [clips[number].annotations.group for number in chosen]
    return [[chosen[at] for at in split] for split in stratified_group_split(labels, groups, shares)]


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


def _natural(label: str) -> tuple[bool, float, str]:
    """Numbers by their value, before words."""
    try:
        return False, float(label), label
    except ValueError:
        return True, 0.0, label
