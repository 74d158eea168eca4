"""Songs on a grid of steps, from MIDI files, folders of them, and piano-rolls."""

import hashlib
from collections import Counter
from collections.abc import Mapping, Sequence
from itertools import chain
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from echoic.config.grids import grid_step
from echoic.config.music import MusicDataSettings
from echoic.errors import DataError
from echoic.sources import rolls
from echoic.sources.base import Dataset
from echoic.sources.folder_contents import contents_of
from echoic.sources.midi import GridRoll, read_songs, to_grid
from echoic.sources.music_report import LeftOut, MusicReport, OnGrid
from echoic.sources.textfile import read_bytes
from echoic.sources.usable import usable
from echoic.types import Annotations, MusicInfo, Series
from echoic.types.score import NUM_PITCHES, ONSET, Song

MIDI_ENDINGS = (".mid", ".midi", ".kar", ".smf")

_FEATURES = tuple(str(pitch) for pitch in range(NUM_PITCHES))


class _OnGrid(NamedTuple):
    """A song and its notes on the grid."""

    song: Song
    to_grid: GridRoll


def read(data: Any, settings: MusicDataSettings) -> Dataset:
    """Reads every song as a piano-roll: float32 `(steps, 128)`, 0 silent, 1 onset, 2 sustained.

    Folders are searched recursively for MIDI files, and a list names such files; unreadable ones are skipped and named
    in the report, or stop with an error that names them, by `settings.on_error`. Each series is annotated with its
    `MusicInfo` and, if the data define splits, its split.

    Raises:
        DataError: a file is missing, broken or of another kind, or a folder has no song.
    """
    if isinstance(data, list | tuple) and data and all(isinstance(one, str | Path) for one in data):
        # By number and name: the same files elsewhere are the same data.
        files = {f"{number}/{Path(one).name}": Path(one) for number, one in enumerate(data)}
        return _files(files, settings, f"{len(data)} files")
    if not isinstance(data, str | Path):
        raise DataError(f"Music is read from a file, a folder or a list of files, got {type(data).__name__}.")
    path = Path(data)
    if path.is_dir():
        return _folder(path, settings)
    raw = read_bytes(path)
    digest = hashlib.sha256(raw).hexdigest()
    if path.suffix.lower() in rolls.ENDINGS:
        return dataset_of_rolls(rolls.read_rolls(path, raw), settings, digest, str(path))
    songs = _on_grid(path, settings)
    if not songs:
        raise DataError(f"{path} has no notes besides drums, which are not modelled; give another file.")
    return _of_songs(songs, (), digest, settings, str(path))


def _folder(folder: Path, settings: MusicDataSettings) -> Dataset:
    contents = contents_of(folder, MIDI_ENDINGS)
    if not contents.files:
        raise DataError(
            f"{folder} has no files that end with {', '.join(MIDI_ENDINGS)}; name the folder with the songs."
        )
    remarks = tuple(note for note, applies in contents.notes.items() if applies)
    names = {str(file.relative_to(folder)): file for file in contents.files}
    return _files(names, settings, str(folder), remarks)


def _files(
    files: Mapping[str, Path], settings: MusicDataSettings, origin: str, remarks: tuple[str, ...] = ()
) -> Dataset:
    """The songs of MIDI files, whose names are part of the fingerprint."""
    digest = hashlib.sha256()

    def songs_of(name: str) -> list[_OnGrid]:
        raw = read_bytes(files[name])
        digest.update(f"{name}\0{len(raw)}\0".encode() + raw)
        found = _on_grid(files[name], settings)
        if not found:
            raise DataError(f"{files[name]} has no notes besides drums, which are not modelled; remove it.")
        return found

    songs, skipped = usable(list(files), songs_of, settings.on_error, origin=origin, kind="MIDI files")
    return _of_songs(list(chain.from_iterable(songs)), skipped, digest.hexdigest(), settings, origin, remarks)


def _on_grid(path: Path, settings: MusicDataSettings) -> list[_OnGrid]:
    """The songs of a file that have notes."""
    songs = [song for song in read_songs(path, pedal=settings.pedal) if song.notes]
    return [_OnGrid(song, to_grid(song, settings.grid)) for song in songs]


def _of_songs(
    songs: list[_OnGrid],
    skipped: tuple[str, ...],
    digest: str,
    settings: MusicDataSettings,
    origin: str,
    remarks: tuple[str, ...] = (),
) -> Dataset:
    series = [_series(song.name, one.roll, _annotations(song, settings), song.origin) for song, one in songs]
    scores, rolls = [song for song, _ in songs], [one for _, one in songs]
    repaired = sum((Counter(song.repairs) for song in scores), Counter[str]())
    report = MusicReport(
        *_sizes(series),
        sum(len(song.drums) for song in scores),
        repaired,
        skipped,
        OnGrid.of(scores, rolls, settings.grid),
        LeftOut.of(scores),
        remarks,
    )
    return Dataset(tuple(series), report, digest, origin)


def dataset_of_rolls(
    songs: Sequence[rolls.RollSong], settings: MusicDataSettings, fingerprint: str, origin: str
) -> Dataset:
    """Piano-rolls with their counts."""
    step = grid_step(settings.grid)
    music = MusicInfo(has_onsets=False, step_beats=step.beats, step_s=step.seconds)
    series = [_series(song.name, song.roll, Annotations(split=song.split, music=music), origin) for song in songs]
    return Dataset(tuple(series), MusicReport(*_sizes(series)), fingerprint, origin)


def _sizes(series: Sequence[Series]) -> tuple[int, int, int]:
    """The numbers of songs, steps and notes."""
    notes = sum(int((one.values == ONSET).sum()) for one in series)
    return len(series), sum(one.steps for one in series), notes


def _series(name: str, roll: np.ndarray[Any, Any], annotations: Annotations, origin: str) -> Series:
    return Series(name, roll.astype(np.float32), _FEATURES, origin=origin, annotations=annotations)


def _annotations(song: Song, settings: MusicDataSettings) -> Annotations:
    step = grid_step(settings.grid)
    music = MusicInfo(
        has_onsets=True,
        step_beats=step.beats,
        step_s=step.seconds,
        tempos=song.tempos,
        meters=song.meters,
        keys=song.keys,
    )
    return Annotations(music=music)
