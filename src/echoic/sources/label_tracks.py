"""A folder of recordings, each beside its label track: Audacity's text file of the same name."""

from pathlib import Path
from typing import NamedTuple

from echoic.config.numbers import number_in
from echoic.errors import DataError
from echoic.sources.audio import ENDINGS
from echoic.sources.examples import Examples
from echoic.sources.folder_contents import contents_of
from echoic.sources.recordings import PlacedEvent
from echoic.sources.table import quoted
from echoic.sources.textfile import read_text
from echoic.types import Event

TRACK_ENDING = ".txt"

_FORM = "start, end and label, separated by tabs"


class Labelled(NamedTuple):
    """The events of each sound file, by its path relative to the folder, and sentences on what was left out."""

    events: dict[str, list[PlacedEvent]]
    notes: tuple[str, ...]


def read_tracks(folder: Path) -> Labelled:
    """The label tracks `a.txt` of the sound files `a.wav` below a folder; an empty one is a recording without events.

    Sound without a track is left out, since its events are not known, and so is a text without sound.

    Raises:
        DataError: there are no pairs, a name has two sound files, or a track has another form.
    """
    contents = contents_of(folder, (*ENDINGS, TRACK_ENDING))
    tracks = {path.with_suffix(""): path for path in contents.files if path.suffix.lower() == TRACK_ENDING}
    sounds = [path for path in contents.files if path.suffix.lower() != TRACK_ENDING]
    paired = {path: tracks[path.with_suffix("")] for path in sounds if path.with_suffix("") in tracks}
    if not paired:
        raise DataError(
            f"{folder} has no sound file beside a label track of Audacity, such as a.wav and a.txt; add the tracks, or "
            "give a table (.csv, .tsv, .parquet) with the columns file, onset_s, offset_s and label."
        )
    _refuse_twins(list(paired))
    events = {str(sound.relative_to(folder)): read_track(track) for sound, track in paired.items()}
    without_track = Examples.of(str(path.relative_to(folder)) for path in sounds if path not in paired)
    without_sound = Examples.of(str(path.relative_to(folder)) for path in set(tracks.values()) - set(paired.values()))
    notes = {
        f"Without a label track, left out: {without_track.as_text('sound file')}.": without_track,
        f"Without a sound file, left out: {without_sound.as_text('text')}.": without_sound,
        **contents.notes,
    }
    return Labelled(events, tuple(note for note, applies in notes.items() if applies))


def read_track(path: Path) -> list[PlacedEvent]:
    """The events of a label track, a line each; lines of frequencies, which begin with a backslash, are left out.

    Raises:
        DataError: the file cannot be read, or a line has another form, is a point in time or has no label.
    """
    events = list[PlacedEvent]()
    text = read_text(path, "utf-8").data.decode() if path.stat().st_size else ""
    for number, line in enumerate(text.split("\n"), 1):
        if not line.strip() or line.startswith("\\"):
            continue
        place = f"{path}, line {number}"
        cells = line.split("\t", 2)
        if len(cells) != 3:
            raise DataError(f"{place}: {quoted(line)} is no label of Audacity ({_FORM}); export the track again.")
        onset_s, offset_s = _seconds(place, cells[0]), _seconds(place, cells[1])
        label = cells[2].strip()
        if not label:
            raise DataError(f"{place}: the label is empty; name it or remove the line.")
        if onset_s == offset_s:
            raise DataError(
                f"{place}: {quoted(label)} is a point in time, not an event; give it an end after {onset_s:g} s."
            )
        events.append(PlacedEvent(Event(onset_s, offset_s, label), place))
    return events


def _seconds(place: str, cell: str) -> float:
    try:
        return number_in(cell.strip().replace(",", "."))  # Audacity writes the decimal mark of its user
    except ValueError:
        raise DataError(f"{place}: {quoted(cell)} is not a time in seconds; a line must have {_FORM}.") from None


def _refuse_twins(sounds: list[Path]) -> None:
    """Checks that a track belongs to one file."""
    seen = dict[Path, Path]()
    for path in sounds:
        other = seen.setdefault(path.with_suffix(""), path)
        if other != path:
            raise DataError(f"{path} and {other.name} share a label track; rename or remove one.")
