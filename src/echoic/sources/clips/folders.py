"""One folder a class."""

from pathlib import Path

from echoic.config import ClipDataSettings
from echoic.errors import DataError
from echoic.sources.audio import ENDINGS, sound_files
from echoic.sources.clips.found import ReadClips
from echoic.sources.clips.sound import ClipReader
from echoic.sources.usable import usable
from echoic.types import Annotations, Series


def read_clips(place: Path, settings: ClipDataSettings) -> ReadClips:
    """The sound files of each folder in `place`, labelled by its name, in the order of names.

    Files that cannot be read are skipped, or stop with an error that names them, by `settings.on_error`.

    Raises:
        DataError: there are no such folders, one of them has no sound, or its files cannot be read.
    """
    classes = sorted(folder for folder in place.iterdir() if folder.is_dir() and not folder.name.startswith("."))
    if not classes:
        has_sound = any(path.suffix.lower() in ENDINGS for path in place.iterdir())
        remedy = "give a table of files and labels instead" if has_sound else "make one folder for each class"
        raise DataError(f"{place} has no folders of classes; {remedy}.")
    sounds = ClipReader(settings)
    files = [(folder.name, path) for folder in classes for path in sound_files(folder)]

    def clip_of(file: tuple[str, Path]) -> Series:
        label, path = file
        return sounds.clip(path, str(path.relative_to(place)), Annotations(labels=(label,)))

    return ReadClips(*usable(files, clip_of, settings.on_error, origin=str(place), kind="sound files"))
