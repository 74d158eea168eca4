"""One folder a class, or one a split with one a class in each."""

from collections.abc import Collection, Sequence
from pathlib import Path

from echoic.config import ClipDataSettings
from echoic.errors import DataError
from echoic.sources.audio import ENDINGS
from echoic.sources.clips.found import ReadClips
from echoic.sources.clips.sound import ClipReader
from echoic.sources.clips.splits import SPLIT_NAMES
from echoic.sources.examples import Examples
from echoic.sources.folder_contents import contents_of, is_hidden
from echoic.sources.usable import usable
from echoic.types import Annotations, Series
from echoic.types.annotations import SplitName


def read_clips(place: Path, settings: ClipDataSettings) -> ReadClips:
    """The sound files of each folder in `place`, labelled by its name, in the order of names.

    If all folders have names of splits, such as `train` and `test`, the folders in them are the classes. Files that
    cannot be read are skipped, or stop with an error that names them, by `settings.on_error`.

    Raises:
        DataError: there are no such folders, none has sound, or its files cannot be read.
    """
    folders = sorted(one.name for one in place.iterdir() if one.is_dir() and not is_hidden(Path(one.name)))
    contents = contents_of(place, ENDINGS)
    splits = _splits(folders)
    depth = 2 if splits else 1
    sounds = {path: path.relative_to(place) for path in contents.files}
    labelled = {path: name for path, name in sounds.items() if len(name.parts) > depth}
    _check(place, folders, splits, labelled.values())
    reader = ClipReader(settings)

    def clip_of(path: Path) -> Series:
        name = labelled[path]
        annotations = Annotations(labels=(name.parts[depth - 1],), split=splits.get(name.parts[0]))
        return reader.clip(path, str(name), annotations)

    clips, skipped = usable(list(labelled), clip_of, settings.on_error, origin=str(place), kind="sound files")
    classes = {name.parts[:depth] for name in labelled.values()}
    empty = [str(one) for one in _class_folders(place, folders, depth) if one.parts not in classes]
    outside = [str(name) for path, name in sounds.items() if path not in labelled]
    candidates = {
        f"The folders {', '.join(folders)} were read as splits, the folders in them as classes.": splits,
        f"Folders without sound left out: {Examples.of(empty).as_text('folder')}.": empty,
        f"Sound outside of the folders of classes left out: {Examples.of(outside).as_text('file')}.": outside,
        **contents.notes,
    }
    return ReadClips(clips, skipped, tuple(note for note, applies in candidates.items() if applies))


def _splits(folders: Sequence[str]) -> dict[str, SplitName]:
    """The split of each folder; empty unless train and another one are all there is."""
    splits = {name: SPLIT_NAMES[name.lower()] for name in folders if name.lower() in SPLIT_NAMES}
    is_split = len(splits) == len(folders) > 1 and "train" in splits.values()
    return splits if is_split else {}


def _class_folders(place: Path, folders: Sequence[str], depth: int) -> list[Path]:
    """The folders that are classes, relative to `place`."""
    if depth == 1:
        return [Path(name) for name in folders]
    inner = (one.relative_to(place) for name in folders for one in sorted((place / name).iterdir()) if one.is_dir())
    return [one for one in inner if not is_hidden(one)]


def _check(place: Path, folders: Sequence[str], splits: Collection[str], labelled: Collection[Path]) -> None:
    """Refuses a folder without clips of classes, with what it has instead."""
    if not folders:
        has_sound = any(path.suffix.lower() in ENDINGS for path in place.iterdir() if not is_hidden(Path(path.name)))
        remedy = "give a table of files and labels instead" if has_sound else "make one folder for each class"
        raise DataError(f"{place} has no folders of classes; {remedy}.")
    if splits and not any(SPLIT_NAMES[name.parts[0].lower()] == "train" for name in labelled):
        raise DataError(
            f"{place}: its folders {', '.join(folders)} are splits, not classes; put one folder for each class into "
            "each, or give a table with the columns file, label and split."
        )
    if not labelled:
        raise DataError(
            f"{place / folders[0]} has no sound files, nor has any other folder; supported endings are "
            f"{', '.join(ENDINGS)}."
        )
