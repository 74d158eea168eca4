"""Splits of recordings, by file or by time."""

from collections.abc import Sequence
from typing import NamedTuple

from echoic.config.audio import AudioSplitSettings
from echoic.errors import DataError
from echoic.types import Floats, Series
from echoic.windows import SPLITS, assign_splits, full_ranges, split_series

FILES_FOR_SPLIT_BY_FILE = 10


class Excerpt(NamedTuple):
    """Samples `begin` to `end` (exclusive) of a recording."""

    recording: Series
    begin: int
    end: int

    @property
    def sound(self) -> Floats:
        """The samples `(samples,)`, as a view."""
        return self.recording.values[self.begin : self.end, 0]


def split_recordings(recordings: Sequence[Series], settings: AudioSplitSettings) -> dict[str, list[Excerpt]]:
    """The excerpts of each split, in the order of the files.

    Raises:
        DataError: there are too few recordings, or one is too short to be split.
    """
    by = settings.split_by or ("file" if len(recordings) >= FILES_FOR_SPLIT_BY_FILE else "time")
    if by == "file":
        try:
            assigned = assign_splits(recordings, settings.split, noun="recording")
        except DataError as error:
            raise DataError(f"{str(error).rstrip('.')}, or split within each file: --split-by time.") from None
        return {split: [whole_recording(recordings[number]) for number in assigned[split]] for split in SPLITS}
    offsets = full_ranges(recordings).begin.tolist()
    return {
        split: [
            Excerpt(recording, begin - offset, end - offset)
            for recording, offset, (begin, end) in zip(recordings, offsets, ranges.spans(), strict=True)
            if end > begin
        ]
        for split, ranges in split_series(recordings, settings.split).items()
    }


def whole_recording(recording: Series) -> Excerpt:
    """The whole recording as one excerpt."""
    return Excerpt(recording, 0, recording.steps)
