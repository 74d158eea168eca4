"""How well a network foretells songs, beside what each pitch on its own tells."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple, cast, final

import numpy as np
import torch
from numpy.typing import NDArray

from echoic.baselines import chords
from echoic.baselines.ngrams import NGram
from echoic.batches import KEYS, BatchLoader, SongCollate, TransposedRolls
from echoic.codecs import PianoRoll
from echoic.codecs.pianoroll import Roll
from echoic.errors import DataError
from echoic.heads import SymbolHead
from echoic.jobs.base import Fitted
from echoic.jobs.music.task import MusicTask, rolls_of
from echoic.metrics.evaluation import Evaluation
from echoic.metrics.frames import frame_accuracy
from echoic.metrics.memorization import MemorizationIndex
from echoic.sources import read
from echoic.training import total_loss
from echoic.types import Series
from echoic.windows import ChunkSampler, empty_split, select_ranges

Numbers = NDArray[Any]

SONGS_TOGETHER, CHUNK = 16, 256
"""Songs that are scored side by side, so many steps at a time with the state carried: what bounds the memory."""

MEMORIZED_STEPS = 8
"""The windows whose share in the training songs is told."""


@final
@dataclass(frozen=True)
class MusicEvaluation(Evaluation):
    """Scores over `steps` steps of `songs`; the first step of each is not scored, as in the literature."""

    songs: int
    steps: int
    memorized_windows: float
    """The share of the songs' windows of 8 steps that are in a training song, in any key."""

    @property
    def description(self) -> str:
        """What was scored."""
        return (
            f"{self.steps:,} steps of {self.songs} songs, the first of each not scored; {self.memorized_windows:.1%} "
            f"of their {MEMORIZED_STEPS}-step windows are in training songs, in any key"
        )

    @property
    def details(self) -> dict[str, Any]:
        """How much was scored, and how much of it could be known by heart."""
        return {"songs": self.songs, "steps_scored": self.steps, "memorized_windows": self.memorized_windows}


class _Found(NamedTuple):
    """Total nats, the steps they are of, and the accuracy of the likeliest steps."""

    nats: float
    steps: int
    accuracy: float


def evaluate(
    fitted: Fitted[MusicTask], data: Any, split: str, on_progress: Callable[[int, int], None] = lambda _done, _all: None
) -> MusicEvaluation:
    """Nats a step over the songs of a part, or of new `data`: the total over all steps, divided by their number.

    `nll_per_step` is of the songs as given, `nll_per_step_12_keys` of all their transpositions. `frame_accuracy` is
    that of the likeliest steps; of a single line, the share of steps that are right.

    Raises:
        DataError: there is no song to score.
    """
    task = fitted.task
    songs = _songs(task, data, split)
    rolls = TransposedRolls(task.codec, rolls_of(songs))
    ranges = select_ranges(songs, range(len(songs)))
    sampler = ChunkSampler.whole_series(ranges, SONGS_TOGETHER, CHUNK)
    small_sampler = ChunkSampler.whole_series(ranges, max(1, SONGS_TOGETHER // len(KEYS)), CHUNK)
    if not len(sampler):
        if data is not None:
            raise DataError(f"{data}: has no song of two steps to evaluate.")
        raise empty_split(split, task.dataset.origin, "song of two steps")
    jobs = len(sampler) + len(small_sampler)
    given = _scored(fitted, BatchLoader(sampler, SongCollate(rolls)), lambda done: on_progress(done, jobs))
    in_all_keys = BatchLoader(small_sampler, SongCollate(rolls, "all"))
    moved, moved_steps = total_loss(fitted.model, in_all_keys, lambda done: on_progress(len(sampler) + done, jobs))
    training, scored = (
        [task.codec.round_trip(roll) for roll in rolls_of(split)] for split in (task.songs("train"), songs)
    )
    return MusicEvaluation(
        {
            "nll_per_step": given.nats / given.steps,
            "nll_per_step_12_keys": moved / moved_steps,
            "frame_accuracy": given.accuracy,
        },
        _naive(task.codec, training, scored),
        len(songs),
        given.steps,
        MemorizationIndex(training).memorized_fraction(scored, MEMORIZED_STEPS),
    )


def _songs(task: MusicTask, data: Any, split: str) -> Sequence[Series]:
    if data is not None:
        return read(data, task.settings.data).series
    if not task.splits[split]:
        raise empty_split(split, task.dataset.origin, "songs")
    return task.songs(split)


@torch.no_grad()
def _scored(fitted: Fitted[MusicTask], batches: BatchLoader, on_progress: Callable[[int], None]) -> _Found:
    model, head = fitted.model, cast("SymbolHead", fitted.model.head)
    nats, said, true, state = 0.0, [], [], None
    for number, batch in enumerate(batches.epoch(0, 0)):
        params, state = model(batch.inputs, state if batch.carry else None)
        nats += (head.loss(params, batch.targets) * batch.mask).sum().item()
        real = batch.mask[..., 0]
        said.append(head.mode(params)[real].numpy())
        true.append(batch.targets[real].numpy())
        on_progress(number + 1)
    predicted, target = np.concatenate(said), np.concatenate(true)
    return _Found(nats, len(target), _accuracy(fitted.task.codec, predicted, target))


def _accuracy(codec: PianoRoll, predicted: Any, target: Any) -> float:
    return float((predicted == target).mean()) if codec.form == "line" else frame_accuracy(predicted, target)


def _naive(codec: PianoRoll, train: Sequence[Roll], scored: Sequence[Roll]) -> dict[str, dict[str, float]]:
    """Each pitch by how often it sounds; each by what it did a step before. Of lines: symbols likewise."""
    known, asked = ([codec.encode(roll) for roll in rolls] for rolls in (train, scored))
    if codec.form == "line":
        lines, wanted = ([song[:, 0].astype(np.int64) for song in songs] for songs in (known, asked))
        models = {"marginal": 1, "markov": 2}
        return {name: _line_row(NGram.fit(lines, n, codec.symbols), wanted) for name, n in models.items()}
    states = 3 if codec.form == "onsets" else 2
    before, after = ([_states(codec, song) for song in songs] for songs in (known, asked))
    return {
        "marginal": _chord_row(codec, chords.Marginal.fit(before, states), after),
        "markov": _chord_row(codec, chords.Markov.fit(before, states), after),
    }


def _states(codec: PianoRoll, steps: Numbers) -> Numbers:
    """What each pitch does, `(steps, pitches)`: silent 0, sounds or goes on 1, begins 2."""
    return steps[:, ::2] + 2 * steps[:, 1::2] if codec.form == "onsets" else steps


def _columns(codec: PianoRoll, states: Numbers) -> Numbers:
    """The inverse of `_states`."""
    return np.stack([states == 1, states == 2], -1).reshape(len(states), -1) if codec.form == "onsets" else states


def _chord_row(codec: PianoRoll, model: chords.Marginal | chords.Markov, songs: Sequence[Numbers]) -> dict[str, float]:
    predicted = np.concatenate([_columns(codec, model.predict_probs(song).argmax(1)) for song in songs])
    target = np.concatenate([_columns(codec, song[1:]) for song in songs])
    return {"nll_per_step": chords.nll_per_step(model, songs), "frame_accuracy": frame_accuracy(predicted, target)}


def _line_row(model: NGram, songs: Sequence[NDArray[np.int64]]) -> dict[str, float]:
    return {"nll_per_step": -float(np.concatenate([model.log_probs(song)[1:] for song in songs]).mean())}
