"""Songs on a grid of steps, from MIDI files, folders of them, and piano-rolls."""

import hashlib
from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from itertools import chain
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from echoic.config.music import GRIDS, MusicDataSettings
from echoic.errors import DataError
from echoic.sources import rolls
from echoic.sources.base import Dataset
from echoic.sources.midi import GridRoll, read_songs, to_grid
from echoic.sources.textfile import read_bytes
from echoic.sources.usable import skipped_notes, usable
from echoic.types import Annotations, Json, MusicInfo, Series
from echoic.types.score import NUM_PITCHES, ONSET, Song

MIDI_ENDINGS = (".mid", ".midi", ".kar", ".smf")

_FEATURES = tuple(str(pitch) for pitch in range(NUM_PITCHES))


@dataclass(frozen=True)
class MusicReport:
    """Counts of notes on the grid, of `repaired` and `merged` ones, and of `drums`, which are left out.

    `skipped` has a sentence for each file of a folder that could not be used.
    """

    songs: int
    steps: int
    notes_read: int
    drums: int
    merged: int
    repaired: Json
    skipped: tuple[str, ...]

    @property
    def notes(self) -> tuple[str, ...]:
        """Noteworthy facts, one sentence each."""
        candidates = {
            f"{self.drums:,} drum notes were left out.": self.drums,
            f"{self.merged:,} notes with the same pitch and step as another were merged.": self.merged,
            **{f"{count:,} {repair}.": count for repair, count in self.repaired.items()},
        }
        return (*(note for note, applies in candidates.items() if applies), *skipped_notes(self.skipped, "Files"))

    def to_json(self) -> dict[str, Any]:
        """All counts and the notes, as plain JSON values."""
        return asdict(self) | {"repaired": dict(self.repaired), "notes": list(self.notes)}


class _OnGrid(NamedTuple):
    """A song and its notes on the grid."""

    song: Song
    to_grid: GridRoll


def read(data: Any, settings: MusicDataSettings) -> Dataset:
    """Reads every song as a piano-roll: float32 `(steps, 128)`, 0 silent, 1 onset, 2 sustained.

    Folders are searched recursively for MIDI files; unreadable ones are skipped and named in the report, or stop with
    an error that names them, by `settings.on_error`. Each series is annotated with its `MusicInfo` and, if the data
    define splits, its split.

    Raises:
        DataError: a file is missing, broken or of another kind, or a folder has no song.
    """
    if not isinstance(data, str | Path):
        raise DataError(f"Music is read from a file or a folder, got {type(data).__name__}.")
    path = Path(data)
    if path.is_dir():
        return _folder(path, settings)
    raw = read_bytes(path)
    digest = hashlib.sha256(raw).hexdigest()
    if path.suffix.lower() in rolls.ENDINGS:
        return dataset_of_rolls(rolls.read_rolls(path, raw), settings, digest, str(path))
    songs = _on_grid(path, settings)
    if not songs:
        raise DataError(f"{path} has no notes besides drums; give another file.")
    return _of_songs(songs, (), digest, settings, str(path))


def _folder(folder: Path, settings: MusicDataSettings) -> Dataset:
    digest = hashlib.sha256()

    def songs_of(path: Path) -> list[_OnGrid]:
        raw = read_bytes(path)
        digest.update(f"{path.relative_to(folder)}\0{len(raw)}\0".encode() + raw)
        found = _on_grid(path, settings)
        if not found:
            raise DataError(f"{path} has no notes besides drums; remove it.")
        return found

    songs, skipped = usable(_midi_files(folder), songs_of, settings.on_error, origin=str(folder), kind="MIDI files")
    return _of_songs(list(chain.from_iterable(songs)), skipped, digest.hexdigest(), settings, str(folder))


def _midi_files(folder: Path) -> list[Path]:
    paths = sorted(path for path in folder.rglob("*") if path.suffix.lower() in MIDI_ENDINGS and path.is_file())
    if not paths:
        raise DataError(
            f"{folder} has no files that end with {', '.join(MIDI_ENDINGS)}; name the folder with the songs."
        )
    return paths


def _on_grid(path: Path, settings: MusicDataSettings) -> list[_OnGrid]:
    """The songs of a file that have notes."""
    songs = [song for song in read_songs(path, pedal=settings.pedal) if song.notes]
    return [_OnGrid(song, to_grid(song, settings.grid)) for song in songs]


def _of_songs(
    songs: list[_OnGrid], skipped: tuple[str, ...], digest: str, settings: MusicDataSettings, origin: str
) -> Dataset:
    series, merged, repaired = [], 0, Counter[str]()
    for song, grid_roll in songs:
        merged += grid_roll.merged
        repaired.update(song.repairs)
        series.append(_series(song.name, grid_roll.roll, _annotations(song, settings), song.origin))
    drums = sum(len(song.drums) for song, _ in songs)
    return _dataset(series, drums, merged, repaired, skipped, digest, origin)


def dataset_of_rolls(
    songs: Sequence[rolls.RollSong], settings: MusicDataSettings, fingerprint: str, origin: str
) -> Dataset:
    """Piano-rolls with their counts."""
    music = _with_step(MusicInfo(has_onsets=False), settings)
    series = [_series(song.name, song.roll, Annotations(split=song.split, music=music), origin) for song in songs]
    return _dataset(series, 0, 0, Counter(), (), fingerprint, origin)


def _dataset(
    series: list[Series],
    drums: int,
    merged: int,
    repaired: Counter[str],
    skipped: tuple[str, ...],
    digest: str,
    origin: str,
) -> Dataset:
    steps = sum(one.steps for one in series)
    notes = sum(int((one.values == ONSET).sum()) for one in series)
    report = MusicReport(len(series), steps, notes, drums, merged, repaired, skipped)
    return Dataset(tuple(series), report, digest, origin)


def _series(name: str, roll: np.ndarray[Any, Any], annotations: Annotations, origin: str) -> Series:
    return Series(name, roll.astype(np.float32), _FEATURES, origin=origin, annotations=annotations)


def _annotations(song: Song, settings: MusicDataSettings) -> Annotations:
    meter = song.meters[0]
    music = MusicInfo(
        has_onsets=True,
        bpm=song.tempos[0].bpm,
        meter=(meter.numerator, meter.denominator),
        key=song.key,
    )
    return Annotations(music=_with_step(music, settings))


def _with_step(music: MusicInfo, settings: MusicDataSettings) -> MusicInfo:
    """`music` with the duration of a step, in beats or in seconds."""
    if settings.grid in GRIDS:
        return replace(music, step_beats=GRIDS[settings.grid])
    return replace(music, step_s=float(settings.grid))
