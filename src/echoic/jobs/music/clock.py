"""The musical time of a prime: where its steps lie, and how many steps a length has after it."""

from dataclasses import dataclass, replace
from typing import Self, final

import numpy as np
from numpy.typing import NDArray

from echoic.config.requests import parse_length
from echoic.errors import ConfigError
from echoic.types import Series, music_info
from echoic.types.score import Key, Meter, Note, Song, Tempo
from echoic.types.score_time import bar_beats, beats_at, before, first_bar_end, from_then_on, in_force, seconds_at

DEFAULT_TEMPO = Tempo(0.0, 100.0)
DEFAULT_METER = Meter(0.0, 4, 4)


@final
@dataclass(frozen=True)
class Clock:
    """Steps of `step_beats` or of `step_s`, and all tempos, meters and keys of the piece."""

    step_beats: float | None
    step_s: float | None
    tempos: tuple[Tempo, ...]
    meters: tuple[Meter, ...]
    keys: tuple[Key, ...]

    @classmethod
    def of(cls, series: Series) -> Self:
        """The musical time of a song; 100 quarter notes a minute and 4/4 where it has none."""
        info = music_info(series)
        tempos, meters = info.tempos or (DEFAULT_TEMPO,), info.meters or (DEFAULT_METER,)
        return cls(info.step_beats, info.step_s, tempos, meters, info.keys)

    def edges_beats(self, steps: int) -> NDArray[np.float64]:
        """Where each of the first `steps` steps begins, and the last one ends, `(steps + 1,)`."""
        edges = np.arange(steps + 1, dtype=np.float64)
        return edges * self.step_beats if self.step_beats else beats_at(self.tempos, edges * (self.step_s or 0.0))

    def steps(self, length: int | str, start: int = 0) -> int:
        """The number of steps of a length, from step `start` on, with the tempo and the meter there.

        Raises:
            ConfigError: it cannot be read, or is less than a step.
        """
        beats = float(self.edges_beats(start)[-1])
        per_s = in_force(self.tempos, beats).bpm / 60
        beat = 1 / (self.step_beats or (self.step_s or 0.0) * per_s)
        bar = beat * bar_beats(in_force(self.meters, beats))
        steps = parse_length(length, {"steps": 1.0, "beats": beat, "bars": bar, "s": beat * per_s}, "32bars")
        if steps < 1:
            raise ConfigError(f"`length` must be at least one step ({1 / beat:g} beats), got {length!r}.")
        return steps

    @property
    def first_bar(self) -> int:
        """The number of steps of the first bar, with the pick-up before it; at least one."""
        end = first_bar_end(self.meters)
        step = end / self.step_beats if self.step_beats else self._seconds(end) / (self.step_s or 1.0)
        return max(1, round(step))

    def song(self, name: str, notes: tuple[Note, ...], begin: float) -> Song:
        """A song of `notes` that begins at `begin`, in beats."""
        return Song(
            name,
            notes,
            tempos=from_then_on(self.tempos, begin),
            meters=from_then_on(self.meters, begin),
            keys=from_then_on(self.keys, begin),
        )

    def _seconds(self, beats: float) -> float:
        return float(seconds_at(self.tempos, np.array([beats]))[0])


def beginning(song: Series) -> Series:
    """The first bar of a song, with its pick-up, and only the changes within it."""
    clock, info = Clock.of(song), music_info(song)
    end = float(clock.edges_beats(clock.first_bar)[-1])
    within = replace(
        info, tempos=before(info.tempos, end), meters=before(info.meters, end), keys=before(info.keys, end)
    )
    return replace(song, values=song.values[: clock.first_bar], annotations=replace(song.annotations, music=within))
