"""Recordings from sound files and folders, as series of samples at one rate."""

import hashlib
import os
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from echoic.config.audio import AudioDataSettings
from echoic.errors import DataError
from echoic.sources.audio.decoding import DecodedSound, decode_file
from echoic.sources.audio.facts import SoundFacts
from echoic.sources.base import Dataset
from echoic.sources.counts import CountsReport
from echoic.sources.folder_contents import contents_of
from echoic.sources.usable import usable
from echoic.types import Annotations, Series

ENDINGS = (".wav", ".flac", ".ogg", ".oga", ".opus", ".mp3", ".aif", ".aiff", ".au", ".caf", ".w64", ".rf64")

_BLOCK_BYTES = 1 << 20


@dataclass(frozen=True)
class AudioReport(CountsReport):
    """Counts of the files read, and of what was done to them.

    `skipped` has a sentence for each file of several that could not be used, `left_out` one for each kind of files in
    folders that are no sound.
    """

    noun = "Files"

    files: int
    seconds: float
    rate_hz: int
    sound: SoundFacts
    skipped: tuple[str, ...]
    left_out: tuple[str, ...] = ()

    @property
    def candidates(self) -> Mapping[str, Any]:
        """Sentences, and whether each applies to the data."""
        return {**self.sound.notes, **dict.fromkeys(self.left_out, True)}


def read(data: Any, settings: AudioDataSettings) -> Dataset:
    """Reads every file as samples, float32 `(samples, 1)`, full scale 1; nothing is scaled or clipped.

    All series have one `rate_hz`: that of the settings, or of the first file. Of several files, unreadable ones are
    skipped and named in the report, or stop with an error that names them, by `settings.on_error`.

    Args:
        data: a path, a folder (searched recursively for sound files, sorted), or several of both.
        settings: rate and channel.

    Raises:
        DataError: a file is missing, damaged or not sound, or none of several can be used; the message has the place.
    """
    places = list(data) if isinstance(data, list | tuple) else [data]
    files = named_files(places)
    digest, rates_hz = hashlib.sha256(), [settings.rate_hz] if settings.rate_hz else []

    def decoded(file: tuple[str, Path]) -> tuple[str, Path, DecodedSound]:
        name, path = file
        sound = decode_file(path, settings, rates_hz[0] if rates_hz else None)
        rates_hz.append(sound.rate_hz)
        return name, path, sound

    found, skipped = usable(files, decoded, settings.on_error, origin=_origin(places), kind="sound files")
    for name, path, _ in found:
        # A single file may be renamed.
        _add_file(digest.update, path, name if len(found) > 1 else "")
    series = tuple(
        Series(
            name,
            sound.samples[:, None],
            ("sample",),
            origin=str(path),
            annotations=Annotations(rate_hz=sound.rate_hz, sound=sound.origin),
        )
        for name, path, sound in found
    )
    notes = (contents_of(place, ENDINGS).notes.items() for place in map(Path, places) if place.is_dir())
    left_out = [note for of_folder in notes for note, applies in of_folder if applies]
    report = report_of(series, skipped, tuple(left_out))
    return Dataset(series, report, digest.hexdigest(), _origin(places))


def named_files(places: Sequence[Any]) -> list[tuple[str, Path]]:
    """The sound files of files and folders, each once, after their names: the path within the folder.

    Raises:
        DataError: a folder has none, or a place is no path.
    """
    if not all(isinstance(place, str | Path) for place in places):
        raise DataError(f"Sound is read from files and folders, got {type(places[0]).__name__}.")
    named = dict[Path, tuple[str, Path]]()
    for place in map(Path, places):
        for path in sound_files(place):
            # A file named twice, directly and by its folder, is read once.
            named.setdefault(
                Path(os.path.realpath(path)), (str(path.relative_to(place)) if path != place else path.name, path)
            )
    return list(named.values())


def sound_files(place: Path) -> list[Path]:
    """The file itself, or all sound files below a folder that are not hidden, sorted.

    Raises:
        DataError: a folder has none.
    """
    if not place.is_dir():
        return [place]
    files = contents_of(place, ENDINGS).files
    if not files:
        raise DataError(f"{place} has no sound files; supported endings are {', '.join(ENDINGS)}.")
    return files


def _add_file(update: Callable[[bytes], None], path: Path, name: str) -> None:
    if name:
        update(f"{name}\0{path.stat().st_size}\0".encode())
    with path.open("rb") as file:
        while block := file.read(_BLOCK_BYTES):
            update(block)


def report_of(series: Sequence[Series], skipped: tuple[str, ...], left_out: tuple[str, ...] = ()) -> AudioReport:
    """Counts of recordings, and of what was done to them."""
    rate_hz = series[0].annotations.rate_hz or 0
    seconds = sum(one.steps for one in series) / rate_hz
    return AudioReport(len(series), seconds, rate_hz, SoundFacts.of(series), skipped, left_out)


def _origin(places: Sequence[Any]) -> str:
    return ", ".join(map(str, places))
