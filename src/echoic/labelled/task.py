"""Base class of tasks on labelled sequences: features, splits, and batches with augmentation."""

import abc
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, ClassVar, Generic, Protocol, TypeVar

from torch import Tensor

from echoic.batches import BatchLoader, Transform
from echoic.config import AudioDataSettings, StackSettings, TrainSettings
from echoic.config.audio import SoundSourceSettings
from echoic.config.spectrum import AugmentSettings, EncoderSettings, SpectrumSettings
from echoic.errors import ConfigError
from echoic.labelled.augment import Augment
from echoic.labelled.copies import copy_notes
from echoic.labelled.features import Features, RawSteps
from echoic.progress import ProgressFn
from echoic.sources import DatasetLike
from echoic.types import Series
from echoic.windows import SPLITS, empty_split

EVAL_BATCH_SIZE = 64

_EMPTY = {
    "dev": "nothing chooses the weights and the length of training",
    "test": "eval needs new data, or another split with --split",
}
"""What follows from a split without series."""


class LabelledSettings(Protocol):
    """Sections in the settings of every job on labelled sequences."""

    @property
    def data(self) -> SoundSourceSettings: ...

    @property
    def spectrum(self) -> SpectrumSettings: ...

    @property
    def augment(self) -> AugmentSettings: ...

    @property
    def encoder(self) -> EncoderSettings: ...

    @property
    def stack(self) -> StackSettings: ...

    @property
    def train(self) -> TrainSettings: ...


L = TypeVar("L", bound=LabelledSettings)


@dataclass(frozen=True, eq=False)
class LabelledTask(abc.ABC, Generic[L]):
    """The series of a dataset as features; `raw` are the unscaled ones, shared by all folds."""

    content: ClassVar[str]
    """The series in error messages, such as `clips`."""

    dataset: DatasetLike
    settings: L
    features: Features
    raw: RawSteps

    @cached_property
    @abc.abstractmethod
    def splits(self) -> dict[str, list[int]]:
        """Indices of the series in each split."""

    @abc.abstractmethod
    def loader(
        self, split: str, batch_size: int, transforms: Sequence[Transform] = (), *, shuffle: bool = False
    ) -> BatchLoader:
        """The batches of a split."""

    def series(self, split: str) -> list[Series]:
        """The series of a split."""
        return [self.dataset.series[number] for number in self.splits[split]]

    def require_series(self, split: str, remedy: str = "") -> list[Series]:
        """The series of a split, which must not be empty.

        Raises:
            DataError: the split is empty.
        """
        if not self.splits[split]:
            raise empty_split(split, self.dataset.origin, self.content, remedy)
        return self.series(split)

    @cached_property
    def steps(self) -> dict[str, list[Tensor]]:
        """The features `(steps, values)` of each series of a split."""
        self.features.check(self.dataset.series)
        return {split: [self.features.scaled(self.raw[number]) for number in self.splits[split]] for split in SPLITS}

    def steps_of(self, split: str, new: Sequence[Series] | None, on_progress: ProgressFn) -> list[Tensor]:
        """The features of each series of a split, or of `new` series."""
        if new is not None:
            return self.features.of(new, self.raw.cache, on_progress)
        self.raw.make(on_progress)
        return self.steps[split]

    def train_batches(self) -> BatchLoader:
        """Augmented batches of the train split."""
        return self.loader("train", self.settings.train.batch_size, self._augmentation(), shuffle=True)

    def dev_batches(self) -> BatchLoader | None:
        """Batches of the dev split; None if it is empty."""
        return self.loader("dev", EVAL_BATCH_SIZE) if self.splits["dev"] else None

    def data_report(self) -> dict[str, Any]:
        """The report of the source, the number of series in each split, and notes on both."""
        report = self.dataset.report.to_json()
        copies = copy_notes(self.dataset.series, self.splits, self.content.removesuffix("s"))
        empty = [split for split in self.expected_splits if not self.splits[split]]
        notes = [*report["notes"], *copies, *(f"The {split} split is empty: {_EMPTY[split]}." for split in empty)]
        return report | {
            "notes": notes,
            "splits": {split: len(numbers) for split, numbers in self.splits.items()},
        }

    @property
    def expected_splits(self) -> Sequence[str]:
        """The splits besides train that should have something."""
        return ("dev", "test")

    @property
    def sound_files(self) -> AudioDataSettings:
        """Settings to read unlabelled sound files at the sampling rate of training."""
        rate_hz = None if self.features.mel is None else self.features.mel.rate_hz
        data = self.settings.data
        return AudioDataSettings(rate_hz=rate_hz, channel=data.channel, on_error=data.on_error)

    def _augmentation(self) -> list[Transform]:
        augment = self.settings.augment
        if augment == AugmentSettings():
            return []
        if augment.max_gain_db and self.features.mel is None:
            raise ConfigError("`max_gain_db` is for sound, but the data are features; use `noise_std`.")
        return [Augment(augment, self.features.per_db)]
