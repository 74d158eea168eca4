"""Recordings from sound files and folders, as series of samples at one rate."""

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np

from echoic.config.audio import AudioDataSettings
from echoic.errors import DataError
from echoic.sources.audio.decoding import DecodedSound, decode_file
from echoic.sources.base import Dataset
from echoic.sources.usable import skipped_notes, usable
from echoic.types import Annotations, Series

ENDINGS = (".wav", ".flac", ".ogg", ".oga", ".opus", ".mp3", ".aif", ".aiff", ".au", ".caf", ".w64", ".rf64")

_BLOCK_BYTES = 1 << 20


@dataclass(frozen=True)
class AudioReport:
    """Counts of the files read.

    `resampled`: files with another rate. `mixed`: files with several channels. `silent`: files with only zeros.
    `streamed`: WAV files without a length. `skipped` has a sentence for each file of several that could not be used.
    """

    files: int
    seconds: float
    rate_hz: int
    resampled: int
    mixed: int
    silent: int
    streamed: int
    skipped: tuple[str, ...]

    @property
    def notes(self) -> tuple[str, ...]:
        """Noteworthy facts, one sentence each."""
        candidates = {
            f"{self.resampled:,} files were resampled to {self.rate_hz:,} Hz.": self.resampled,
            f"The channels of {self.mixed:,} files were mixed into one.": self.mixed,
            f"{self.silent:,} files are silent from beginning to end.": self.silent,
            f"{self.streamed:,} files do not state their length and were read to the end.": self.streamed,
        }
        return (*(note for note, applies in candidates.items() if applies), *skipped_notes(self.skipped, "Files"))

    def to_json(self) -> dict[str, Any]:
        """All counts and the notes, as plain JSON values."""
        return asdict(self) | {"notes": list(self.notes)}


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
    if not all(isinstance(place, str | Path) for place in places):
        raise DataError(f"Sound is read from files and folders, got {type(data).__name__}.")
    named = dict[Path, tuple[Path, Path]]()
    for place in map(Path, places):
        for path in sound_files(place):
            # A file named twice, directly and by its folder, is read once.
            named.setdefault(path.resolve(), (place, path))
    files = list(named.values())
    digest, rates_hz = hashlib.sha256(), [settings.rate_hz] if settings.rate_hz else []

    def decoded(file: tuple[Path, Path]) -> tuple[str, Path, DecodedSound]:
        place, path = file
        sound = decode_file(path, settings, rates_hz[0] if rates_hz else None)
        rates_hz.append(sound.rate_hz)
        return str(path.relative_to(place)) if path != place else path.name, path, sound

    found, skipped = usable(files, decoded, settings.on_error, origin=_origin(places), kind="sound files")
    for name, path, _ in found:
        # A single file may be renamed.
        _add_file(digest.update, path, name if len(found) > 1 else "")
    series = tuple(
        Series(
            name, sound.samples[:, None], ("sample",), origin=str(path), annotations=Annotations(rate_hz=sound.rate_hz)
        )
        for name, path, sound in found
    )
    report = report_of([sound for _, _, sound in found], settings, skipped)
    return Dataset(series, report, digest.hexdigest(), _origin(places))


def sound_files(place: Path) -> list[Path]:
    """The file itself, or all sound files below a folder, sorted.

    Raises:
        DataError: a folder has none.
    """
    if not place.is_dir():
        return [place]
    files = sorted(path for path in place.rglob("*") if path.suffix.lower() in ENDINGS and path.is_file())
    if not files:
        raise DataError(f"{place} has no sound files; supported endings are {', '.join(ENDINGS)}.")
    return files


def _add_file(update: Callable[[bytes], None], path: Path, name: str) -> None:
    if name:
        update(f"{name}\0{path.stat().st_size}\0".encode())
    with path.open("rb") as file:
        while block := file.read(_BLOCK_BYTES):
            update(block)


def report_of(sounds: Sequence[DecodedSound], settings: AudioDataSettings, skipped: tuple[str, ...]) -> AudioReport:
    """Counts of the sounds, and of what was done to them."""
    rate_hz = sounds[0].rate_hz
    return AudioReport(
        files=len(sounds),
        seconds=sum(len(sound.samples) for sound in sounds) / rate_hz,
        rate_hz=rate_hz,
        resampled=sum(sound.file_rate_hz != rate_hz for sound in sounds),
        mixed=sum(sound.channels > 1 for sound in sounds) if settings.channel == "mix" else 0,
        silent=sum(not np.any(sound.samples) for sound in sounds),
        streamed=sum(sound.streamed for sound in sounds),
        skipped=skipped,
    )


def _origin(places: Sequence[Any]) -> str:
    return ", ".join(map(str, places))
