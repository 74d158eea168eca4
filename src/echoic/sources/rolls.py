"""Piano-rolls: the chorale and folk-tune sets in MATLAB, JSON and NumPy files."""

import io
import json
import math
from pathlib import Path
from typing import IO, Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from echoic.errors import DataError
from echoic.sources.apart import UnreadableError, read_apart
from echoic.sources.textfile import MAX_BYTES, check_size
from echoic.types.annotations import SplitName
from echoic.types.score import LOWEST_PIANO_KEY, NUM_PITCHES

ENDINGS = (".json", ".mat", ".npy", ".npz")

SPLIT_PREFIXES: dict[str, SplitName] = {"train": "train", "val": "dev", "dev": "dev", "test": "test"}
"""Splits by prefix of the names of song sets."""

_PIANO_KEYS = 88

MAX_STEPS = MAX_BYTES // (NUM_PITCHES * np.dtype(np.float32).itemsize)
"""Maximum number of steps of a file: training takes a roll as float32, whatever it is stored as."""


class RollSong(NamedTuple):
    """A song as `roll` `(steps, 128)`, and the split that the file assigns it to."""

    name: str
    roll: NDArray[np.uint8]
    split: SplitName | None


def read_rolls(path: Path, raw: bytes) -> list[RollSong]:
    """The songs of a file, in its order.

    Raises:
        DataError: the file does not have the format of its ending, or contains no rolls.
    """
    reader = {".json": _from_json, ".mat": _from_mat, ".npy": _from_npy, ".npz": _from_npz}[path.suffix.lower()]
    songs = reader(path, raw)
    if not songs:
        raise DataError(f"{path} has no songs; give a file with some.")
    for song in songs:
        if not len(song.roll):
            raise DataError(f"{path}, {song.name} has no steps; remove it.")
        if song.split is None and any(other.split for other in songs):
            raise DataError(
                f"{path}, {song.name}: its name has no split, but others do; start all names with train, valid or "
                "test, or none."
            )
    return songs


def _from_json(path: Path, raw: bytes) -> list[RollSong]:
    """A list of songs, or one list per split; a song is a list of steps, a step a list of MIDI pitches."""
    try:
        found = json.loads(raw)
    except ValueError as error:  # also numbers of thousands of digits
        raise DataError(f"{path} is not valid JSON ({error}); export it again.") from None
    except RecursionError:
        raise DataError(f"{path} is nested too deeply; songs are lists of steps, steps lists of pitches.") from None
    arrays_by_split = found if isinstance(found, dict) else {"": found}
    _check_steps(
        path,
        sum(
            len(song)
            for songs in arrays_by_split.values()
            if isinstance(songs, list)
            for song in songs
            if isinstance(song, list)
        ),
    )
    return [
        RollSong(
            f"{name or 'song'} {number}",
            _pitches_roll(f"{path}, {name or 'song'} {number}", song),
            _split_from_name(name),
        )
        for name, songs in arrays_by_split.items()
        for number, song in enumerate(_as_list(f"{path}, {name!r}", songs), 1)
    ]


def _as_list(place: str, value: Any) -> list[Any]:
    if not isinstance(value, list):
        raise DataError(f"{place} must be a list, got {type(value).__name__}; a song is a list of steps of pitches.")
    return value


def _pitches_roll(place: str, song: Any) -> NDArray[np.uint8]:
    steps = _as_list(place, song)
    sounds = np.zeros((len(steps), NUM_PITCHES), np.bool_)
    for number, step in enumerate(steps, 1):
        for pitch in _as_list(f"{place}, step {number}", step):
            if isinstance(pitch, bool) or pitch not in range(NUM_PITCHES):
                raise DataError(f"{place}, step {number}: a pitch must be a whole number from 0 to 127, got {pitch!r}.")
            sounds[number - 1, int(pitch)] = True
    return notes_from_activity(sounds)


def _from_mat(path: Path, raw: bytes) -> list[RollSong]:
    """MATLAB cells of `(steps, 88)` per split, as published by Boulanger-Lewandowski 2012."""
    try:
        archive = np.load(io.BytesIO(read_apart(path, raw, "matlab")), allow_pickle=False)
    except UnreadableError as error:
        raise DataError(f"{path} is not a readable MATLAB file ({error}); export it as version 7.") from None
    cells = [name.rpartition("/") for name in archive.files]
    arrays = {f"{name} {number}": archive[f"{name}/{number}"] for name, _, number in cells if number != "0"}
    _check_steps(path, sum(len(array) for array in arrays.values() if array.ndim))
    songs = [
        RollSong(name, array_roll(f"{path}, {name}", array), split)
        for name, array in arrays.items()
        if (split := _split_from_name(name)) is not None
    ]
    if not songs:
        names = ", ".join(dict.fromkeys(name for name, _, _ in cells)) or "nothing"
        raise DataError(f"{path} must have cells named traindata, validdata and testdata, got {names}.")
    return songs


def _from_npy(path: Path, raw: bytes) -> list[RollSong]:
    array = _load(path, raw)
    _check_steps(path, array.shape[0] if array.ndim else 0)
    return [RollSong(path.stem, array_roll(str(path), array), None)]


def _from_npz(path: Path, raw: bytes) -> list[RollSong]:
    archive = _load(path, raw)
    if isinstance(archive, np.ndarray):
        raise DataError(f"{path} is a single array; rename it to end with .npy.")
    check_size(path, sum(one.file_size for one in archive.zip.infolist()), len(raw))
    try:
        _check_steps(path, sum(map(_steps_of_member, map(archive.zip.open, archive.zip.infolist()))))
        return [
            RollSong(name, array_roll(f"{path}, {name}", archive[name]), _split_from_name(name))
            for name in archive.files
        ]
    except DataError:
        raise
    except Exception as error:  # noqa: BLE001 (damaged members raise whatever zip, zlib and NumPy do)
        raise DataError(f"{path} must contain only arrays of numbers ({error}); save rolls alone.") from None


def _check_steps(path: Path, steps: int) -> None:
    """Checks, before memory is taken, that the rolls of a file are not longer than any music.

    Raises:
        DataError: they are.
    """
    if steps > MAX_STEPS:
        raise DataError(
            f"{path} has rolls of {steps:,} steps, and there may be {MAX_STEPS:,} ({MAX_BYTES:,} bytes in memory); "
            "split it into smaller files, or choose a coarser grid."
        )


def _steps_of_member(member: IO[bytes]) -> int:
    """The number of steps that the header of an archived array gives; 0 for other members, which reading refuses."""
    with member:
        version = np.lib.format.read_magic(member)
        read_header = {(1, 0): np.lib.format.read_array_header_1_0, (2, 0): np.lib.format.read_array_header_2_0}
        shape = read_header[version](member)[0] if version in read_header else ()
    return int(shape[0]) if shape else 0


def _load(path: Path, raw: bytes) -> Any:
    try:
        _check_array(raw)
        return np.load(io.BytesIO(raw), allow_pickle=False)
    except Exception as error:  # noqa: BLE001 (damaged archives raise whatever zip, zlib and NumPy do)
        raise DataError(f"{path} is not a readable NumPy file ({error}); save it with numpy.save.") from None


def _check_array(raw: bytes) -> None:
    """Checks, before memory is taken, that an array of version 1 is as long as its shape; archives are no arrays.

    Raises:
        ValueError: it is not.
    """
    stream = io.BytesIO(raw)
    if raw.startswith(np.lib.format.magic(1, 0)):
        np.lib.format.read_magic(stream)
        shape, _, dtype = np.lib.format.read_array_header_1_0(stream)
        if math.prod(shape) * dtype.itemsize > len(raw):
            raise ValueError(f"its shape {shape} is larger than the file")


def array_roll(place: str, array: Any) -> NDArray[np.uint8]:
    """The roll of `(steps, 88)` piano keys or `(steps, 128)` pitches; non-zero entries sound."""
    array = np.asarray(array)
    if array.ndim != 2 or array.shape[1] not in {_PIANO_KEYS, NUM_PITCHES} or array.dtype.kind not in "biuf":
        raise DataError(
            f"{place}: a roll must be numbers (steps, 88) or (steps, 128), got {array.dtype} {array.shape}."
        )
    invalid = ~np.isfinite(array) if array.dtype.kind == "f" else np.zeros((0, 0), np.bool_)
    if invalid.any():
        raise DataError(
            f"{place}, step {int(invalid.any(1).argmax()) + 1} has a value that is not a number; use 0 and 1."
        )
    sounds = np.zeros((len(array), NUM_PITCHES), np.bool_)
    first = LOWEST_PIANO_KEY if array.shape[1] == _PIANO_KEYS else 0
    sounds[:, first : first + array.shape[1]] = array != 0
    return notes_from_activity(sounds)


def notes_from_activity(sounds: NDArray[np.bool_]) -> NDArray[np.uint8]:
    """The roll `(steps, 128)` of sounding pitches: a pitch that sounded one step before is sustained."""
    roll = sounds.astype(np.uint8)  # a sounding pitch is ONSET
    roll[1:] *= 1 + (sounds[1:] & sounds[:-1]).view(np.uint8)
    return roll


def _split_from_name(name: str) -> SplitName | None:
    return next((split for start, split in SPLIT_PREFIXES.items() if name.lower().startswith(start)), None)
