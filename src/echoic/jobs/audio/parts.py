"""Which stretches of which recordings are for training, which for dev and which for test."""

from collections.abc import Sequence
from typing import NamedTuple

from echoic.config.audio import AudioSplitSettings
from echoic.errors import DataError
from echoic.types import Floats, Series
from echoic.windows import PARTS, deal, split, whole

FILES_FOR_SPLIT_BY_FILE = 10


class Stretch(NamedTuple):
    """Samples `begin` up to, not including, `end` of a recording."""

    recording: Series
    begin: int
    end: int

    @property
    def sound(self) -> Floats:
        """The samples `(samples,)`; a view, no copy."""
        return self.recording.values[self.begin : self.end, 0]


def divided(recordings: Sequence[Series], settings: AudioSplitSettings) -> dict[str, list[Stretch]]:
    """The stretches of each part; their order in training is that of the files.

    Raises:
        DataError: there are too few recordings, or one is too short to be cut.
    """
    by = settings.split_by or ("file" if len(recordings) >= FILES_FOR_SPLIT_BY_FILE else "time")
    if by == "file":
        try:
            dealt = deal(recordings, settings.split)
        except DataError as error:
            raise DataError(f"{str(error).rstrip('.')}, or cut each file in time: --split-by time.") from None
        return {part: [all_of(recordings[number]) for number in dealt[part]] for part in PARTS}
    offsets = whole(recordings).begin.tolist()
    cut = split(recordings, settings.split)
    return {
        part: [
            Stretch(recording, begin - offset, end - offset)
            for recording, offset, begin, end in zip(
                recordings, offsets, cut[part].begin.tolist(), cut[part].end.tolist(), strict=True
            )
            if end > begin
        ]
        for part in PARTS
    }


def all_of(recording: Series) -> Stretch:
    """The whole of it."""
    return Stretch(recording, 0, recording.steps)
