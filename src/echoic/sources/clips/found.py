"""What a reader of clips returns."""

from collections.abc import Sequence
from typing import NamedTuple

from echoic.types import Series


class ReadClips(NamedTuple):
    """Clips, a sentence for each that could not be used, and sentences on how they were read."""

    series: Sequence[Series]
    skipped: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
