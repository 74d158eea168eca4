"""What a reader of clips returns."""

from collections.abc import Sequence
from typing import NamedTuple

from echoic.types import Series


class ReadClips(NamedTuple):
    """Clips, and a sentence for each that could not be used."""

    series: Sequence[Series]
    skipped: tuple[str, ...] = ()
