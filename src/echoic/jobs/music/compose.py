"""Music generation with a trained network."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import final

import numpy as np
import torch
from torch import Tensor

from echoic.codecs.pianoroll import Roll
from echoic.config.music import MusicRequest
from echoic.config.requests import parse_length
from echoic.errors import ConfigError, DataError
from echoic.heads import Bernoulli, Sampling
from echoic.jobs.base import Fitted
from echoic.jobs.music.task import MusicTask, rolls_of
from echoic.metrics.memorization import Match, MemorizationIndex
from echoic.sources import read_new
from echoic.sources.midi import to_notes
from echoic.streams import GenerationStream
from echoic.types import Series, music_info
from echoic.types.score import Meter, Song, Tempo
from echoic.windows import make_generator

DEFAULT_BPM = 100.0
DEFAULT_METER = (4, 4)


@final
@dataclass(frozen=True)
class Composition:
    """Generated music.

    `song`, its `roll` `(steps, 128)` with `step_beats`, the roll `before` it (the prime), and its longest passage that
    is also in a training song, in any key, with that song's name.
    """

    song: Song
    roll: Roll
    before: Roll
    step_beats: float
    memorized: Match
    memorized_from: str

    def with_prime(self) -> "Composition":
        """Prime and continuation as one piece."""
        roll = np.concatenate([self.before, self.roll])
        return replace(self, song=replace(self.song, notes=to_notes(roll, self.step_beats)), roll=roll)

    @property
    def summary(self) -> str:
        """One line: the length, and the longest passage that is copied from training."""
        steps = self.memorized.steps
        shared = f"{steps} {'step' if steps == 1 else 'steps'}" + (f" from {self.memorized_from!r}" if steps else "")
        return (
            f"{len(self.roll)} steps, {len(self.song.notes)} notes; "
            f"longest passage shared with a training song, in any key: {shared}"
        )


def roll_stream(fitted: Fitted[MusicTask], request: MusicRequest) -> GenerationStream:
    """A stream of steps in the symbols of the task's codec, sampled according to `request`.

    Raises:
        ConfigError: top-k or nucleus sampling of a head that predicts each pitch independently.
    """
    if isinstance(fitted.model.head, Bernoulli) and (request.top_k, request.top_p) != (None, None):
        raise ConfigError(
            "`--top-k` and `--top-p` choose among classes; this network predicts each pitch independently."
        )
    return GenerationStream.of_symbols(fitted.model, Sampling(request.temperature, request.top_k, request.top_p))


def generate(
    fitted: Fitted[MusicTask], request: MusicRequest, on_chunk: Callable[[Roll], None] = lambda _: None
) -> Composition:
    """Generates music after the prime: a file (its first song), or by default the first bar of a training song.

    Tempo, meter and key are the prime's. `length` is a number of steps, or `8beats`, `32bars`, `20s`.

    Raises:
        ConfigError: the length is invalid, or a sampling option is out of range.
        DataError: the prime cannot be read or has no step.
    """
    task = fitted.task
    stream = roll_stream(fitted, request)
    known = _prime(task, request)
    clock = _Clock.of(known)
    steps = clock.steps(request.length)
    before = task.codec.encode(rolls_of([known])[0])
    made = []
    state = stream.start(_inputs(before), request.seed)
    for _ in range(steps):
        step, state = stream.push(1, state)
        made.append(step[0, 0].numpy().astype(np.uint8))
        on_chunk(made[-1])
    whole = task.codec.decode(np.concatenate([before, np.stack(made)]))
    roll = whole[len(before) :]
    training = task.kept_series
    memorized = MemorizationIndex([task.codec.round_trip(one) for one in rolls_of(training)]).longest_match(roll)
    name = training[memorized.song].name
    return Composition(_song(known, clock, roll), roll, whole[: len(before)], clock.step_beats, memorized, name)


def encode_prime(task: MusicTask, request: MusicRequest) -> Tensor:
    """The steps `(1, steps, width)` of the prime in the symbols of the codec.

    Raises:
        DataError: the prime cannot be read or has no step.
    """
    return _inputs(task.codec.encode(rolls_of([_prime(task, request)])[0]))


def _inputs(steps: Roll) -> Tensor:
    return torch.from_numpy(steps).float()[None]


def num_steps(task: MusicTask, request: MusicRequest) -> int:
    """The number of steps to generate.

    Raises:
        ConfigError: the length cannot be read, or is less than a step.
        DataError: the prime cannot be read.
    """
    return _Clock.of(_prime(task, request)).steps(request.length)


def _prime(task: MusicTask, request: MusicRequest) -> Series:
    if request.prime is None:
        training = task.kept_series
        chosen = training[int(torch.randint(len(training), (1,), generator=make_generator(request.seed)))]
        first_bar = max(1, _Clock.of(chosen).nearest("1bars"))
        return Series(chosen.name, chosen.values[:first_bar], chosen.features, annotations=chosen.annotations)
    found = read_new(request.prime, task.settings.data).series[0]
    if not found.steps:
        raise DataError(f"{found.origin} has no notes to continue; choose another --prime.")
    return found


@final
@dataclass(frozen=True)
class _Clock:
    """Duration of a step, and the meter."""

    step_beats: float
    bpm: float
    meter: tuple[int, int]

    @classmethod
    def of(cls, series: Series) -> "_Clock":
        info = music_info(series)
        bpm = info.bpm or DEFAULT_BPM
        step_beats = info.step_beats or (info.step_s or 0.0) * bpm / 60
        return cls(step_beats, bpm, info.meter or DEFAULT_METER)

    def steps(self, length: int | str) -> int:
        """The number of steps of a length.

        Raises:
            ConfigError: it cannot be read, or is less than a step.
        """
        steps = self.nearest(length)
        if steps < 1:
            raise ConfigError(f"`length` must be at least one step ({self.step_beats:g} beats), got {length!r}.")
        return steps

    def nearest(self, length: int | str) -> int:
        """The nearest number of steps to a length, which may be 0.

        Raises:
            ConfigError: it cannot be read.
        """
        numerator, denominator = self.meter
        beat = 1 / self.step_beats
        bar = beat * numerator * 4 / denominator
        units = {"steps": 1.0, "beats": beat, "bars": bar, "s": beat * self.bpm / 60}
        return parse_length(length, units, "32bars")


def _song(known: Series, clock: _Clock, roll: Roll) -> Song:
    return Song(
        name=f"{known.name}, continued",
        notes=to_notes(roll, clock.step_beats),
        tempos=(Tempo(0.0, clock.bpm),),
        meters=(Meter(0.0, *clock.meter),),
        key=music_info(known).key,
    )
