"""Passages that a piece of music shares with the training songs, in any key."""

from collections.abc import Sequence
from typing import Any, NamedTuple, final

import numpy as np
from jaxtyping import Bool, Shaped, UInt64
from numpy.typing import NDArray

Roll = Shaped[NDArray[Any], "_ pitches"]
"""One row per step; 0 is silent."""

Hashes = UInt64[NDArray[np.uint64], "_"]

_BASE = np.uint64(0x9E3779B97F4A7C15)
_SHAPE, _MOVE = np.uint64(0xBF58476D1CE4E5B9), np.uint64(0x94D049BB133111EB)
_HIGH = np.uint64(0xD6E8FEB86659FD93)
"""Odd constants of 64-bit hashes, modulo 2^64: two windows collide with a probability of about 10^-19."""

_SILENCE = 0


class Match(NamedTuple):
    """A passage of `steps` steps that also occurs in training song `song`, from its step `start` on."""

    steps: int
    song: int
    start: int


class _HashedSong(NamedTuple):
    """Prefix hashes `(steps + 1,)` of a song's chord shapes and of the intervals between their lowest notes."""

    sounding: Bool[NDArray[np.bool_], "steps"]
    shapes: Hashes
    moves: Hashes


@final
class MemorizationIndex:
    """Searches the training songs, independently of key: chords are compared by shape and by motion of the lowest note.

    Windows and matches begin with a chord, not with silence.
    """

    def __init__(self, rolls: Sequence[Roll]) -> None:
        self._songs = [_hash_song(roll) for roll in rolls]

    def longest_match(self, roll: Roll) -> Match:
        """The longest passage of `roll` that also occurs in a training song, possibly transposed."""
        song = _hash_song(roll)
        best, low, high = Match(0, 0, 0), 1, len(roll)
        while low <= high:  # a match of n steps contains one of n - 1
            steps = (low + high) // 2
            found = self._find_any(_windows(song, steps), steps)
            if found is None:
                high = steps - 1
            else:
                best, low = found, steps + 1
        return best

    def memorized_fraction(self, rolls: Sequence[Roll], steps: int) -> float:
        """Fraction of the windows of `steps` steps in `rolls` that also occur in a training song; 0 without windows."""
        training = np.concatenate([_windows(song, steps) for song in self._songs])
        queries = np.concatenate([_windows(_hash_song(roll), steps) for roll in rolls])
        return float(np.isin(queries, training).mean()) if len(queries) else 0.0

    def _find_any(self, hashes: Hashes, steps: int) -> Match | None:
        for song_index, song in enumerate(self._songs):
            present = np.isin(_windows(song, steps), hashes)
            if present.any():
                start = int(np.flatnonzero(song.sounding[: len(song.sounding) - steps + 1])[present.argmax()])
                return Match(steps, song_index, start)
        return None


def _hash_song(roll: Roll) -> _HashedSong:
    shapes, moves, before = [], [], None
    for step in roll > 0:
        pitches = np.flatnonzero(step).tolist()
        lowest = pitches[0] if pitches else before
        moves.append(0 if before is None or lowest is None else lowest - before)
        shapes.append(sum(1 << (pitch - pitches[0]) for pitch in pitches) if pitches else _SILENCE)
        before = lowest
    return _HashedSong(np.array(shapes, object) != _SILENCE, _prefix(shapes), _prefix(moves))


def _prefix(tokens: Sequence[int]) -> Hashes:
    """Polynomial hashes of the first 0, 1, ... tokens."""
    hashes, total, base = [0], 0, int(_BASE)
    for token in tokens:
        # A chord has 128 bits. Python's `hash` is unsuitable: it is equal for -1 and -2.
        total = (total * base + token + (token >> 64) * int(_HIGH) + 3) % 2**64
        hashes.append(total)
    return np.array(hashes, np.uint64)


def _windows(song: _HashedSong, steps: int) -> Hashes:
    """A hash of every window of `steps` steps, without the motion into its first chord."""
    first = np.flatnonzero(song.sounding[: max(len(song.sounding) - steps + 1, 0)])
    power = np.uint64(pow(int(_BASE), steps, 2**64))
    power_moves = np.uint64(pow(int(_BASE), steps - 1, 2**64))
    shapes = song.shapes[first + steps] - song.shapes[first] * power
    moves = song.moves[first + steps] - song.moves[first + 1] * power_moves
    return np.asarray(shapes * _SHAPE + moves * _MOVE)
