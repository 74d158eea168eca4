"""One folder a class."""

from collections.abc import Sequence
from pathlib import Path

from echoic.config import ClipDataSettings
from echoic.errors import DataError
from echoic.sources.audio import ENDINGS, sound_files
from echoic.sources.clips.sound import ClipReader
from echoic.types import Annotations, Series


def read_clips(place: Path, settings: ClipDataSettings) -> Sequence[Series]:
    """The sound files of each folder in `place`, labelled by its name, in the order of names.

    Raises:
        DataError: there are no such folders, one of them has no sound, or a file cannot be read.
    """
    classes = sorted(folder for folder in place.iterdir() if folder.is_dir() and not folder.name.startswith("."))
    if not classes:
        has_sound = any(path.suffix.lower() in ENDINGS for path in place.iterdir())
        remedy = "give a table of files and labels instead" if has_sound else "make one folder for each class"
        raise DataError(f"{place} has no folders of classes; {remedy}.")
    sounds = ClipReader(settings)
    return [
        sounds.clip(path, str(path.relative_to(place)), Annotations(labels=(folder.name,)))
        for folder in classes
        for path in sound_files(folder)
    ]
