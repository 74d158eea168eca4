"""Splits of pairs of signals, by the data or by the settings."""

from collections.abc import Sequence

from echoic.config.audio import AudioSplitSettings
from echoic.types import Series
from echoic.windows import SPLITS
from echoic.windows.recordings import Excerpt, split_recordings, whole_recording


def split_pairs(series: Sequence[Series], settings: AudioSplitSettings) -> dict[str, list[Excerpt]]:
    """The excerpts of each split; with dev data of their own, all others are train, with test data train and dev.

    Raises:
        DataError: there are too few series, or one is too short to be split.
    """
    given = {split: [one for one in series if one.annotations.split == split] for split in SPLITS}
    others = [one for one in series if one.annotations.split is None]
    if not (given["dev"] or given["test"]):
        return split_recordings(others, settings)
    train, dev, _ = settings.split
    if given["dev"] or not dev:
        splits: dict[str, list[Excerpt]] = {"train": list(map(whole_recording, others)), "dev": [], "test": []}
    else:
        cut = settings.model_copy(update={"split": (train / (train + dev), dev / (train + dev), 0.0)})
        splits = split_recordings(others, cut)
    return {split: [*splits[split], *map(whole_recording, given[split])] for split in SPLITS}
