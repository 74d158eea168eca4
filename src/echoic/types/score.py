"""A piece of music as notes in beats, read from and written to MIDI files.

Nothing here imports torch or a MIDI library.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field

LOWEST_PIANO_KEY, HIGHEST_PIANO_KEY = 21, 108
"""The 88 keys of a piano, as MIDI pitches."""

NUM_PITCHES = 128
"""All of MIDI's."""

SILENT, ONSET, SUSTAIN = 0, 1, 2
"""What a pitch can do at a step of a roll `(steps, 128)`."""

DRUM_CHANNEL = 9
"""MIDI channel of drums, counted from 0."""


@dataclass(frozen=True, slots=True, order=True)
class Note:
    """`pitch` 0..127 (60 is middle C), from `onset_beats` on for `duration_beats`; a beat is a quarter note."""

    onset_beats: float
    pitch: int
    duration_beats: float
    velocity: int = 80
    channel: int = 0


@dataclass(frozen=True, slots=True)
class Tempo:
    """From `at_beats` on, `bpm` quarter notes a minute."""

    at_beats: float
    bpm: float


@dataclass(frozen=True, slots=True)
class Meter:
    """From `at_beats` on, bars of `numerator` notes of one `denominator`-th."""

    at_beats: float
    numerator: int
    denominator: int


@dataclass(frozen=True)
class Song:
    """One piece.

    `notes` and `drums` are sorted; `drums` are those of MIDI channel 10. `key` is as MIDI names it (`C`, `F#m`), if the
    file does. `repairs` counts repaired defects by kind, such as "hanging notes ended".
    """

    name: str
    notes: tuple[Note, ...]
    drums: tuple[Note, ...] = ()
    tempos: tuple[Tempo, ...] = (Tempo(0.0, 120.0),)
    meters: tuple[Meter, ...] = (Meter(0.0, 4, 4),)
    key: str | None = None
    repairs: Mapping[str, int] = field(default_factory=dict)
    origin: str = ""

    @property
    def beats(self) -> float:
        """Where the last note ends."""
        return max((note.onset_beats + note.duration_beats for note in (*self.notes, *self.drums)), default=0.0)


def beats_to_seconds(song: Song, beats: float) -> float:
    """The time of a position in a song, in seconds from its start, with all tempo changes before it."""
    seconds, position_beats, bpm = 0.0, 0.0, song.tempos[0].bpm
    for tempo in song.tempos:
        if tempo.at_beats >= beats:
            break
        seconds += (tempo.at_beats - position_beats) * 60 / bpm
        position_beats, bpm = tempo.at_beats, tempo.bpm
    return seconds + (beats - position_beats) * 60 / bpm
