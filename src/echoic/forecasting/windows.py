"""Windows of each split of a forecast job, and their samplers."""

from dataclasses import dataclass
from typing import final

import torch
from torch import Tensor

from echoic.config import ForecastSettings
from echoic.forecasting.framing import Framing
from echoic.windows import (
    ChunkSampler,
    Ranges,
    Sampler,
    SequentialSampler,
    ShuffledSampler,
    WeightedWindowSampler,
    Windows,
    evenly_spaced,
    merge_ranges,
)
from echoic.windows.seeds import Purpose, make_generator

EVAL_BATCH_SIZE = 256

MAX_SAMPLED_WINDOWS = 2000
"""Maximum number of (evenly spaced) windows for statistics and calibration."""


@final
@dataclass(frozen=True, eq=False)
class SplitWindows:
    """The windows of each split, according to planned `settings`.

    With `split_order` shuffled, windows are assigned to splits at random; otherwise splits are separated in time.
    """

    settings: ForecastSettings
    framing: Framing
    splits: dict[str, Ranges]

    @property
    def is_shuffled(self) -> bool:
        """Whether windows are assigned to splits at random."""
        return self.settings.split.split_order == "shuffled"

    @property
    def tail(self) -> int:
        """Number of steps of a training window after its context."""
        # Shuffled windows have the same length in all splits.
        recursive = self.settings.window.strategy == "recursive" and not self.is_shuffled
        return 1 if recursive else self.settings.window.horizon

    def of(self, split: str) -> tuple[Windows, Tensor | None]:
        """The windows of a split; if shuffled, all windows and the indices of those in the split."""
        context, stride = self.framing.context, self.settings.window.stride
        if self.is_shuffled:
            windows = Windows(all_ranges(self.splits), context + self.tail, self.tail, stride)
            return windows, self.shuffled_indices(len(windows))[split]
        if split == "train":
            return Windows(self.splits[split], context + self.tail, self.tail, stride), None
        floor = self.framing.panel.offsets[:-1]
        return Windows(self.splits[split], context + self.tail, self.tail, 1, floor), None

    def train_sampler(self, ranges: Ranges) -> Sampler:
        """Sampler of training windows in `ranges`, or of streams, depending on `batching`."""
        size, window = self.settings.train.batch_size, self.settings.window
        if window.batching != "windows":
            return ChunkSampler.from_ranges(ranges, size, window.lookback if window.batching == "chunks" else None)
        if self.is_shuffled:
            windows, selected = self.of("train")
            return ShuffledSampler(windows, size, selected, window.windows_per_epoch)
        windows = Windows(ranges, self.framing.context + self.tail, self.tail, window.stride)
        recency, alignment = window.recency_exponent or 1.0, window.season_aligned_fraction or 0.0
        if recency == 1.0 and alignment == 0.0:
            return ShuffledSampler(windows, size, None, window.windows_per_epoch)
        season = self.settings.scaling.season
        return WeightedWindowSampler(
            windows, size, recency, alignment, season[0] if season else 1, window.windows_per_epoch
        )

    def dev_sampler(self) -> Sampler:
        """Sampler of dev windows, or one pass over the dev split with the state carried."""
        dev, window = self.splits["dev"], self.settings.window
        if window.batching != "windows" and int(dev.lengths.min()) > 1:
            return ChunkSampler.from_ranges(dev, 1, window.lookback)
        windows, selected = self.of("dev")
        count = len(windows) if selected is None else len(selected)
        thinned = evenly_spaced(count, window.max_dev_windows)
        return SequentialSampler(windows, EVAL_BATCH_SIZE, thinned if selected is None else selected[thinned])

    def shuffled_sampler(self, split: str) -> SequentialSampler:
        """The shuffled windows of a split in order, each with a full horizon."""
        horizon = self.settings.window.horizon
        windows = Windows(all_ranges(self.splits), self.framing.context + horizon, horizon, self.settings.window.stride)
        return SequentialSampler(windows, EVAL_BATCH_SIZE, self.shuffled_indices(len(windows))[split])

    def calibration_starts(self) -> Tensor:
        """First rows of evenly spaced dev windows with a full horizon, to calibrate on."""
        if self.is_shuffled:
            batches = [index.starts for index in self.shuffled_sampler("dev").epoch()]
            starts = torch.cat(batches) if batches else torch.zeros(0)
            return starts[evenly_spaced(len(starts), MAX_SAMPLED_WINDOWS)]
        horizon, floor = self.settings.window.horizon, self.framing.panel.offsets[:-1]
        windows = Windows(self.splits["dev"], self.framing.context + horizon, horizon, 1, floor)
        return windows.starts(evenly_spaced(len(windows), MAX_SAMPLED_WINDOWS))

    def sampled_starts(self, split: str, limit: int) -> Tensor:
        """First rows of at most `limit` windows with a full horizon, drawn with the seed of the run, in order.

        Evenly spaced ones could all have the same phase of a season.
        """
        context, horizon = self.framing.context, self.settings.window.horizon
        if self.is_shuffled:
            batches = [index.starts for index in self.shuffled_sampler(split).epoch()]
            starts = torch.cat(batches) if batches else torch.zeros(0, dtype=torch.long)
        else:
            floor = None if split == "train" else self.framing.panel.offsets[:-1]
            windows = Windows(self.splits[split], context + horizon, horizon, 1, floor)
            starts = windows.starts(torch.arange(len(windows)))
        generator = make_generator(self.settings.train.seed, Purpose.CALENDAR)
        return starts[torch.randperm(len(starts), generator=generator)[:limit].sort().values]

    def counts(self) -> dict[str, int]:
        """Number of windows in each split."""
        windows = {split: self.of(split) for split in self.splits}
        return {
            split: len(every) if selected is None else len(selected) for split, (every, selected) in windows.items()
        }

    def overlap(self) -> dict[str, float]:
        """Fraction of the shuffled dev and test windows that share a step with a training window."""
        windows, _ = self.of("train")
        starts = {split: windows.starts(selected) for split, selected in self.shuffled_indices(len(windows)).items()}
        covered = torch.zeros(len(self.framing.panel.values) + 1)
        for start in starts["train"]:
            covered[int(start) : int(start) + windows.steps] = 1
        cumulative = torch.cat([torch.zeros(1), covered.cumsum(0)])
        fractions = {}
        for split in ("dev", "test"):
            shared = cumulative[starts[split] + windows.steps] - cumulative[starts[split]] > 0
            fractions[split] = float(shared.float().mean()) if len(shared) else 0.0
        return fractions

    def shuffled_indices(self, num_windows: int) -> dict[str, Tensor]:
        """Indices of the windows of each split, assigned at random with the seed of the run."""
        permutation = torch.randperm(num_windows, generator=torch.Generator().manual_seed(self.settings.train.seed))
        sizes = [int(self.splits[split].lengths.sum()) for split in ("train", "dev")]
        total = int(all_ranges(self.splits).lengths.sum())
        train, dev = (num_windows * size // total for size in sizes)
        return {
            "train": permutation[:train].sort().values,
            "dev": permutation[train : train + dev].sort().values,
            "test": permutation[train + dev :].sort().values,
        }


def all_ranges(splits: dict[str, Ranges]) -> Ranges:
    """The ranges of all splits together."""
    return merge_ranges(splits["train"], splits["test"])
