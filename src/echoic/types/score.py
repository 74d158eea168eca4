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


@dataclass(frozen=True, slots=True)
class Key:
    """From `at_beats` on, the key `name` as MIDI names it (`C`, `F#m`)."""

    at_beats: float
    name: str


@dataclass(frozen=True, slots=True)
class Unmodelled:
    """What a file has besides notes, tempos, meters and keys.

    `programs` are the numbers of the instruments (from 0), `tracks` the tracks with notes, and all others numbers of
    messages.
    """

    programs: frozenset[int] = frozenset()
    tracks: int = 0
    pitch_bends: int = 0
    control_changes: int = 0
    aftertouch: int = 0
    texts: int = 0
    other: int = 0


@dataclass(frozen=True)
class Song:
    """One piece.

    `notes` and `drums` are sorted; `drums` are those of MIDI channel 10. `tempos`, `meters` and `keys` are all of the
    piece, in order; a pick-up bar has a meter of its own. `repairs` counts repaired defects by kind, such as "hanging
    notes ended". `tick_beats` is the resolution of the file; 0 without one.
    """

    name: str
    notes: tuple[Note, ...]
    drums: tuple[Note, ...] = ()
    tempos: tuple[Tempo, ...] = (Tempo(0.0, 120.0),)
    meters: tuple[Meter, ...] = (Meter(0.0, 4, 4),)
    keys: tuple[Key, ...] = ()
    repairs: Mapping[str, int] = field(default_factory=dict)
    origin: str = ""
    unmodelled: Unmodelled = Unmodelled()
    tick_beats: float = 0.0

    @property
    def beats(self) -> float:
        """Where the last note ends."""
        return max((note.onset_beats + note.duration_beats for note in (*self.notes, *self.drums)), default=0.0)
