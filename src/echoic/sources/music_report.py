"""What was read from music, what was changed to fit the grid, and what is not modelled."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any, Self

from echoic.config.grids import grid_step
from echoic.sources.counts import CountsReport
from echoic.sources.midi import BetterGrid, GridRoll, better_grid
from echoic.types.score import Song


@dataclass(frozen=True)
class LeftOut:
    """What MIDI files have besides what is modelled.

    `velocities` are the softest and the loudest; `instruments` the numbers of all programs, from 0; `channels` and
    `tracks` the most of a song; the others numbers of messages in all songs.
    """

    velocities: tuple[int, int] | None = None
    instruments: tuple[int, ...] = ()
    channels: int = 0
    tracks: int = 0
    pitch_bends: int = 0
    control_changes: int = 0
    aftertouch: int = 0
    texts: int = 0
    other: int = 0

    @classmethod
    def of(cls, songs: Sequence[Song]) -> Self:
        """What these songs have."""
        found = [song.unmodelled for song in songs]
        loud = [note.velocity for song in songs for note in song.notes]
        counted = ("pitch_bends", "control_changes", "aftertouch", "texts", "other")
        return cls(
            (min(loud), max(loud)) if loud else None,
            tuple(sorted(frozenset[int]().union(*(one.programs for one in found)))),
            max((len({note.channel for note in song.notes}) for song in songs), default=0),
            max((one.tracks for one in found), default=0),
            **{name: sum(getattr(one, name) for one in found) for name in counted},
        )

    @property
    def notes(self) -> dict[str, Any]:
        """Sentences, each with what decides whether it applies."""
        soft, loud = self.velocities or (0, 0)
        programs = ", ".join(map(str, self.instruments))
        return {
            f"Velocities ({soft} to {loud}) are not modelled: what is generated has one.": soft != loud,
            f"{len(self.instruments)} instruments (programs {programs}) are not modelled: what is generated has one.": (
                len(self.instruments) > 1
            ),
            f"The instrument (program {programs}) is not modelled: what is generated has program 0.": (
                len(self.instruments) == 1 and self.instruments != (0,)
            ),
            f"Notes of up to {self.channels} channels per song were put together.": self.channels > 1,
            f"Notes of up to {self.tracks} tracks per song were put together.": self.tracks > 1,
            f"{_count(self.pitch_bends, 'pitch bend')} left out.": self.pitch_bends,
            f"{_count(self.control_changes, 'control change')} left out.": self.control_changes,
            f"{_count(self.aftertouch, 'aftertouch message')} left out.": self.aftertouch,
            f"{_count(self.texts, 'lyric or text', 'lyrics and texts')} left out.": self.texts,
            f"{_count(self.other, 'other message')} left out.": self.other,
        }


@dataclass(frozen=True)
class OnGrid:
    """What the grid does to notes: `merged` share pitch and step, `overlapping` begin while their pitch sounds.

    `moved` begin elsewhere, by at most `farthest`; `resized` have another length, by at most `most`, both in the unit
    of the `grid`: quarter notes, or seconds.
    """

    grid: str = ""
    merged: int = 0
    overlapping: int = 0
    moved: int = 0
    farthest: float = 0.0
    resized: int = 0
    most: float = 0.0
    better: BetterGrid | None = None

    @classmethod
    def of(cls, songs: Sequence[Song], rolls: Sequence[GridRoll], grid: str) -> Self:
        """What the grid did to these songs."""
        moves = [one.moves for one in rolls]
        return cls(
            grid,
            sum(one.merged for one in rolls),
            sum(one.overlapping for one in rolls),
            sum(one.moved for one in moves),
            max((one.farthest for one in moves), default=0.0),
            sum(one.resized for one in moves),
            max((one.most for one in moves), default=0.0),
            better_grid(songs, grid),
        )

    def notes(self, total: int) -> dict[str, Any]:
        """Sentences on `total` notes, each with what decides whether it applies."""
        unit = "quarter notes" if not self.grid or grid_step(self.grid).beats else "s"
        better = (
            ""
            if self.better is None
            else (
                f"{self.better.own:.0%} of the notes begin on the grid {self.grid}, but {self.better.fits:.0%} on "
                f"{self.better.grid}: train with --grid {self.better.grid}."
            )
        )
        return {
            f"{_count(self.merged, 'note')} merged into another of the same pitch and step.": self.merged,
            f"{_count(self.overlapping, 'note')} begun again while the same pitch sounded.": self.overlapping,
            f"{self.moved:,} of {total:,} notes were moved to the grid ({self.grid}), by at most {self.farthest:.3g} "
            f"{unit}.": self.moved,
            f"{self.resized:,} of {total:,} notes were lengthened or shortened to the grid, by at most {self.most:.3g} "
            f"{unit}.": self.resized,
            better: better,
        }


@dataclass(frozen=True)
class MusicReport(CountsReport):
    """Counts of notes on the grid, of `repaired` ones, and of `drums`, which are left out.

    `skipped` has a sentence for each file of a folder that could not be used, `remarks` one for each kind of files that
    are not read.
    """

    noun = "Files"

    songs: int
    steps: int
    notes_read: int
    drums: int = 0
    repaired: Counter[str] = field(default_factory=Counter)
    skipped: tuple[str, ...] = ()
    on_grid: OnGrid = OnGrid()
    left_out: LeftOut = LeftOut()
    remarks: tuple[str, ...] = ()

    @property
    def candidates(self) -> Mapping[str, Any]:
        """Sentences, and whether each applies to the data."""
        return {
            f"{_count(self.drums, 'drum note')} left out.": self.drums,
            **{f"{count:,} {repair}.": count for repair, count in self.repaired.items()},
            **self.on_grid.notes(self.notes_read + self.on_grid.merged),
            **self.left_out.notes,
            **dict.fromkeys(self.remarks, True),
        }

    def to_json(self) -> dict[str, Any]:
        """All counts and the notes, as plain JSON values."""
        better = self.on_grid.better
        on_grid = asdict(self.on_grid) | {"better": None if better is None else better._asdict()}
        return super().to_json() | {"repaired": dict(self.repaired), "on_grid": on_grid}


def _count(number: int, one: str, several: str = "") -> str:
    """`1 note was`, `2 notes were`."""
    return f"{number:,} {one} was" if number == 1 else f"{number:,} {several or one + 's'} were"
