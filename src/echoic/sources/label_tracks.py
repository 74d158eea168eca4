"""A folder of recordings, each beside its events: a label track of Audacity, or a selection table of Raven."""

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

from echoic.config.numbers import number_in
from echoic.errors import DataError
from echoic.sources.audio import ENDINGS
from echoic.sources.examples import Examples
from echoic.sources.folder_contents import contents_of
from echoic.sources.recordings import PlacedEvent
from echoic.sources.selection_tables import Selection, is_selection_table, selections_in
from echoic.sources.table import quoted
from echoic.sources.textfile import read_text
from echoic.types import Event

TRACK_ENDING = ".txt"

_SELECTIONS = "selection"
"""Part of the name of a selection table, after that of its sound: `a.Table.1.selections.txt` for `a.wav`."""

_FORM = "start, end and label, separated by tabs"


class Labelled(NamedTuple):
    """The events of each sound file, by its path relative to the folder, and sentences on what was left out."""

    events: dict[str, list[PlacedEvent]]
    notes: tuple[str, ...]


def read_tracks(folder: Path, label_column: str | None) -> Labelled:
    """The events of the sound files `a.wav` below a folder, from `a.txt` or `a.selections.txt` beside each.

    An empty text is a recording without events. Sound without a text is left out, since its events are not known, and
    so is a text without sound.

    Args:
        folder: the folder.
        label_column: the column of labels in selection tables; None: one of those that are known.

    Raises:
        DataError: there are no pairs, a name has two sound files or two texts, or a text has another form.
    """
    contents = contents_of(folder, (*ENDINGS, TRACK_ENDING))
    texts = [path for path in contents.files if path.suffix.lower() == TRACK_ENDING]
    sounds = [path for path in contents.files if path.suffix.lower() != TRACK_ENDING]
    paired = _paired(sounds, texts)
    if not paired:
        raise DataError(
            f"{folder} has no sound file beside a label track of Audacity (a.wav and a.txt) or a selection table of "
            "Raven (a.selections.txt); add them, or give a table (.csv, .tsv, .parquet) with the columns file, "
            "onset_s, offset_s and label."
        )
    events = {str(sound.relative_to(folder)): read_track(text, label_column) for sound, text in paired.items()}
    without_track = Examples.of(str(path.relative_to(folder)) for path in sounds if path not in paired)
    without_sound = Examples.of(str(path.relative_to(folder)) for path in set(texts) - set(paired.values()))
    notes = {
        f"Without a label track, left out: {without_track.as_text('sound file')}.": without_track,
        f"Without a sound file, left out: {without_sound.as_text('text')}.": without_sound,
        **contents.notes,
    }
    return Labelled(events, tuple(note for note, applies in notes.items() if applies))


def _paired(sounds: Sequence[Path], texts: Sequence[Path]) -> dict[Path, Path]:
    """The text of each sound file that has one: of the same name, or a selection table whose name begins with it."""
    _refuse_twins(sounds)
    by_stem = {path.with_suffix(""): path for path in sounds}
    found = dict[Path, Path]()
    for text in texts:
        stem = text.with_suffix("")
        while _SELECTIONS in text.name.lower() and stem not in by_stem and stem.suffix:
            stem = stem.with_suffix("")
        sound = by_stem.get(stem)
        if sound is None:
            continue
        if (other := found.setdefault(sound, text)) != text:
            raise DataError(f"{other} and {text.name} both have the events of {sound.name}; remove one.")
    return {sound: found[sound] for sound in sounds if sound in found}


def read_track(path: Path, label_column: str | None) -> list[PlacedEvent]:
    """The events of a label track or a selection table.

    Raises:
        DataError: the file cannot be read, or a line has another form, is a point in time or has no label.
    """
    events = list[PlacedEvent]()
    text = read_text(path, "utf-8").data.decode() if path.stat().st_size else ""
    is_table = is_selection_table(text)
    for line, begin, end, named in selections_in(path, text, label_column) if is_table else _labels_in(path, text):
        place, label = f"{path}, line {line}", named.strip()
        onset_s, offset_s = _seconds(place, begin), _seconds(place, end)
        if not label:
            raise DataError(f"{place}: the label is empty; name it or remove the line.")
        if onset_s == offset_s:
            raise DataError(
                f"{place}: {quoted(label)} is a point in time, not an event; give it an end after {onset_s:g} s."
            )
        events.append(PlacedEvent(Event(onset_s, offset_s, label), place))
    return events


def _labels_in(path: Path, text: str) -> Iterator[Selection]:
    """The lines of a label track; those of frequencies, which begin with a backslash, are left out."""
    for number, line in enumerate(text.split("\n"), 1):
        if not line.strip() or line.startswith("\\"):
            continue
        cells = line.split("\t", 2)
        if len(cells) != 3:
            raise DataError(
                f"{path}, line {number}: {quoted(line)} is no label of Audacity ({_FORM}); export the track again."
            )
        yield Selection(number, *cells)


def _seconds(place: str, cell: str) -> float:
    try:
        return number_in(cell.strip().replace(",", "."))  # Audacity writes the decimal mark of its user
    except ValueError:
        raise DataError(f"{place}: {quoted(cell)} is not a time in seconds; a line must have {_FORM}.") from None


def _refuse_twins(sounds: Sequence[Path]) -> None:
    """Checks that a text belongs to one file."""
    seen = dict[Path, Path]()
    for path in sounds:
        other = seen.setdefault(path.with_suffix(""), path)
        if other != path:
            raise DataError(f"{path} and {other.name} share a label track; rename or remove one.")
