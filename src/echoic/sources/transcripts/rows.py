"""From rows that name a sound and its text to recordings."""

from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

from echoic.config.audio import SoundSourceSettings
from echoic.errors import DataError
from echoic.sources.clips.sound import ClipReader
from echoic.sources.usable import usable
from echoic.types import Annotations, Series
from echoic.types.annotations import SplitName


class Row(NamedTuple):
    """A recording to read: its place in messages, its name, the file, its text, and an excerpt of the file.

    `path` is None where there is a text and no sound, `text` where there is a sound and no text. `problem` is why the
    row cannot be read, if it is known already.
    """

    place: str
    name: str
    path: Path | None
    text: str | None
    group: str | None = None
    split: SplitName | None = None
    begin_s: float = 0.0
    end_s: float | None = None
    problem: str = ""


class Found(NamedTuple):
    """Rows, and sentences on how they were found."""

    rows: Sequence[Row]
    notes: tuple[str, ...] = ()


def recordings_of(
    rows: Sequence[Row], settings: SoundSourceSettings, origin: str, *, labelled: bool = True
) -> tuple[list[Series], tuple[str, ...]]:
    """The recordings of rows, and a sentence for each that was skipped.

    Raises:
        DataError: none can be used, or one cannot with `on_error` = stop.
    """
    reader = ClipReader(settings)

    def recording(row: Row) -> Series:
        if row.problem:
            raise DataError(row.problem)
        if row.path is None:
            raise DataError(f"{row.place}: there is a text and no sound; add {row.name}, or remove the text.")
        if labelled and row.text is None:
            raise DataError(f"{row.place}: there is a sound and no text; add its text, or leave the sound out.")
        if labelled and not (row.text or "").split():
            raise DataError(f"{row.place}: the text is empty; fill it in, or leave the recording out.")
        annotations = Annotations(text=row.text, group=row.group, split=row.split)
        try:
            return reader.clip(row.path, row.name, annotations, row.begin_s, row.end_s)
        except DataError as error:
            raise DataError(f"{row.place}: {str(error).rstrip('.')}.") from None

    return usable(rows, recording, settings.on_error, origin=origin, kind="recordings")
