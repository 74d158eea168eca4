"""Music generation with a trained network."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import cached_property
from typing import cast, final

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from echoic.codecs.pianoroll import Roll
from echoic.config.music import MusicRequest
from echoic.errors import ConfigError, DataError
from echoic.heads import Bernoulli, Sampling, SymbolHead
from echoic.jobs.base import Fitted
from echoic.jobs.music.clock import Clock, beginning
from echoic.jobs.music.task import MusicTask, rolls_of
from echoic.metrics.memorization import Match, MemorizationIndex
from echoic.sources import read_new
from echoic.sources.midi import to_notes
from echoic.streams import GenerationStream
from echoic.streams.autoregressive import Sample
from echoic.types import Series
from echoic.types.counted import counted
from echoic.types.score import Song
from echoic.windows import make_generator

_STEPS_AT_ONCE = 64
"""Steps of one call of the kernels, between two reports of the progress."""


@final
@dataclass(frozen=True)
class Composition:
    """Generated music: its `roll` `(steps, 128)`, and the roll `before` it, the prime.

    `clock` is the musical time from the beginning of the prime on. `memorized` is the longest passage that is also in a
    training song, in any key, with that song's name.
    """

    name: str
    roll: Roll
    before: Roll
    clock: Clock
    memorized: Match
    memorized_from: str

    def __repr__(self) -> str:
        return f"Composition(name={self.name!r}, roll={self.roll.shape}, before={self.before.shape})"

    @property
    def edges_beats(self) -> NDArray[np.float64]:
        """Where each step of prime and continuation begins, and the last one ends; the continuation begins at 0."""
        edges = self.clock.edges_beats(len(self.before) + len(self.roll))
        return np.asarray(edges - edges[len(self.before)])

    @cached_property
    def song(self) -> Song:
        """The music after the prime, with the tempo, meter and key that the prime ends with."""
        notes = to_notes(self.roll, self.edges_beats[len(self.before) :])
        return self.clock.song(self.name, notes, -float(self.edges_beats[0]))

    def with_prime(self) -> "Composition":
        """Prime and continuation as one piece, with all tempos, meters and keys of the prime at their places."""
        return replace(self, roll=np.concatenate([self.before, self.roll]), before=self.before[:0])

    @property
    def summary(self) -> str:
        """One line: the length, and the longest passage that is copied from training."""
        steps = self.memorized.steps
        shared = f"{steps} {'step' if steps == 1 else 'steps'}" + (f" from {self.memorized_from!r}" if steps else "")
        return (
            f"{counted(len(self.roll), 'step')}, {counted(len(self.song.notes), 'note')}; "
            f"longest passage shared with a training song, in any key: {shared}"
        )


def sampler(fitted: Fitted[MusicTask], request: MusicRequest) -> Sample:
    """Draws steps in the symbols of the task's codec according to `request`.

    Raises:
        ConfigError: top-k or nucleus sampling of a head that predicts each pitch independently.
    """
    head = fitted.model.head
    if isinstance(head, Bernoulli) and (request.top_k, request.top_p) != (None, None):
        raise ConfigError(
            "`--top-k` and `--top-p` choose among classes; this network predicts each pitch independently."
        )
    return cast("SymbolHead", head).sampler(Sampling(request.temperature, request.top_k, request.top_p))


def generate(
    fitted: Fitted[MusicTask], request: MusicRequest, on_chunk: Callable[[Roll], None] = lambda _: None
) -> Composition:
    """Generates music after the prime: a file (its first song), or by default the first bar of a training song.

    Tempos, meters and keys are the prime's. `length` is a number of steps, or `8beats`, `32bars`, `20s`, with the tempo
    and the meter at the end of the prime. `on_chunk` is called with steps `(steps, symbols)` as they are made.

    Raises:
        ConfigError: the length is invalid, or a sampling option is out of range.
        DataError: the prime cannot be read or has no step.
    """
    return continue_song(fitted, request, prime_of(fitted.task, request), on_chunk)


def continue_song(
    fitted: Fitted[MusicTask], request: MusicRequest, known: Series, on_chunk: Callable[[Roll], None]
) -> Composition:
    """As `generate`, after the prime `known`."""
    task = fitted.task
    stream = GenerationStream(fitted.model, sampler(fitted, request))
    clock = Clock.of(known)
    steps = clock.steps(request.length, known.steps)
    before = task.codec.encode(rolls_of([known])[0])
    made = []
    state = stream.start(_inputs(before), request.seed)
    each = _STEPS_AT_ONCE if stream.is_one_call else 1
    for first in range(0, steps, each):
        chunk, state = stream.push(min(each, steps - first), state)
        made.append(chunk[0].numpy().astype(np.uint8))
        on_chunk(made[-1])
    whole = task.codec.decode(np.concatenate([before, *made]))
    roll = whole[len(before) :]
    training = task.kept_series
    memorized = MemorizationIndex([task.codec.round_trip(one) for one in rolls_of(training)]).longest_match(roll)
    name = training[memorized.song].name
    return Composition(f"{known.name}, continued", roll, whole[: len(before)], clock, memorized, name)


def _inputs(steps: Roll) -> Tensor:
    return torch.from_numpy(steps).float()[None]


def prime_of(task: MusicTask, request: MusicRequest) -> Series:
    """The song to continue: the first one of a file, or by default the first bar of a training song.

    Raises:
        DataError: the file cannot be read, or has no step.
    """
    if request.prime is None:
        training = task.kept_series
        return beginning(training[int(torch.randint(len(training), (1,), generator=make_generator(request.seed)))])
    found = read_new(request.prime, task.settings.data).series[0]
    if not found.steps:
        raise DataError(f"{found.origin} has no notes to continue; choose another --prime.")
    return found
