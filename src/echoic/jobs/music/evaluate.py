"""Evaluation of music models next to baselines that treat each pitch independently."""

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
from echoic.jobs.scored_part import ScoredPart
from echoic.metrics.evaluation import Evaluation
from echoic.metrics.frames import frame_accuracy
from echoic.metrics.memorization import MemorizationIndex
from echoic.progress import ProgressFn, no_progress
from echoic.sources import place_of, read_new
from echoic.training import total_loss
from echoic.windows import ChunkSampler, empty_split, select_ranges

Numbers = NDArray[Any]

EVAL_SONGS, EVAL_CHUNK = 16, 256
"""Songs per batch and steps per chunk in evaluations; they bound the memory."""

MEMORIZED_STEPS = 8
"""Length of the windows that are searched for in the training songs."""


@final
@dataclass(frozen=True, repr=False)
class MusicEvaluation(Evaluation):
    """Scores over `steps` steps of `songs`; the first step of each is not scored, as in the literature."""

    songs: int
    steps: int
    memorized_windows: float
    """The fraction of the songs' windows of 8 steps that are in a training song, in any key."""

    @property
    def description(self) -> str:
        """Number of songs and steps, and the memorized fraction."""
        songs = f"{self.songs} song{'s' * (self.songs != 1)}"
        return (
            f"{self.steps:,} steps of {songs}, the first of each not scored; {self.memorized_windows:.1%} "
            f"of their {MEMORIZED_STEPS}-step windows are in training songs, in any key"
        )

    @property
    def details(self) -> dict[str, Any]:
        """Number of songs and steps, and the fraction that could be memorized."""
        return {"songs": self.songs, "steps_scored": self.steps, "memorized_windows": self.memorized_windows}


class _Totals(NamedTuple):
    """Total nats, the number of steps, and the accuracy of the most probable steps."""

    nats: float
    steps: int
    accuracy: float


def evaluate(
    fitted: Fitted[MusicTask], data: Any, split: str, on_progress: ProgressFn = no_progress
) -> MusicEvaluation:
    """Nats per step over the songs of a split, or of new `data`: the total over all steps, divided by their number.

    `nll_per_step` is over the songs as given, `nll_per_step_12_keys` over all their transpositions. `frame_accuracy` is
    that of the most probable steps; for single lines, the fraction of correct steps.

    Raises:
        DataError: there are no songs of two steps.
    """
    task = fitted.task
    songs, notes = _songs(task, data, split)
    rolls = TransposedRolls(task.codec, rolls_of(songs))
    ranges = select_ranges(songs, range(len(songs)))
    sampler = ChunkSampler.whole_series(ranges, EVAL_SONGS, EVAL_CHUNK)
    small_sampler = ChunkSampler.whole_series(ranges, max(1, EVAL_SONGS // len(KEYS)), EVAL_CHUNK)
    if not len(sampler):
        if data is not None:
            raise DataError(f"{place_of(data)} has no song of two steps to evaluate.")
        raise empty_split(split, task.dataset.origin, "song of two steps")
    total = len(sampler) + len(small_sampler)
    given = _totals(fitted, BatchLoader(sampler, SongCollate(rolls)), lambda done: on_progress(done, total))
    all_keys = BatchLoader(small_sampler, SongCollate(rolls, "all"))
    nats, steps = total_loss(fitted.model, all_keys, lambda done: on_progress(len(sampler) + done, total))
    training, scored = (
        [task.codec.round_trip(roll) for roll in rolls_of(split)] for split in (task.kept_series, songs)
    )
    return MusicEvaluation(
        {
            "nll_per_step": given.nats / given.steps,
            "nll_per_step_12_keys": nats / steps,
            "frame_accuracy": given.accuracy,
        },
        _baselines(task.codec, training, scored),
        len(songs),
        given.steps,
        MemorizationIndex(training).memorized_fraction(scored, MEMORIZED_STEPS),
        notes=notes,
    )


def _songs(task: MusicTask, data: Any, split: str) -> ScoredPart:
    if data is not None:
        return ScoredPart.of(read_new(data, task.settings.data).series, "songs")
    if not task.splits[split]:
        raise empty_split(split, task.dataset.origin, "songs")
    return ScoredPart(task.songs(split))


@torch.no_grad()
def _totals(fitted: Fitted[MusicTask], batches: BatchLoader, on_progress: Callable[[int], None]) -> _Totals:
    model, head = fitted.model, cast("SymbolHead", fitted.model.head)
    nats, predictions, targets, state = 0.0, [], [], None
    for number, batch in enumerate(batches.epoch(0, 0)):
        params, state = model(batch.inputs, state if batch.carry else None)
        nats += (head.loss(params, batch.targets) * batch.mask).sum().item()
        valid = batch.mask[..., 0]
        predictions.append(head.mode(params)[valid].numpy())
        targets.append(batch.targets[valid].numpy())
        on_progress(number + 1)
    predicted, target = np.concatenate(predictions), np.concatenate(targets)
    return _Totals(nats, len(target), _accuracy(fitted.task.codec, predicted, target))


def _accuracy(codec: PianoRoll, predicted: Any, target: Any) -> float:
    return float((predicted == target).mean()) if codec.form == "line" else frame_accuracy(predicted, target)


def _baselines(codec: PianoRoll, train: Sequence[Roll], scored: Sequence[Roll]) -> dict[str, dict[str, float]]:
    """The frequencies of each pitch, and a first-order Markov chain for each; for lines, of symbols."""
    train_steps, steps = ([codec.encode(roll) for roll in rolls] for rolls in (train, scored))
    if codec.form == "line":
        train_lines, lines = ([song[:, 0].astype(np.int64) for song in songs] for songs in (train_steps, steps))
        orders = {"marginal": 1, "markov": 2}
        return {name: _line_scores(NGram.fit(train_lines, n, codec.symbols), lines) for name, n in orders.items()}
    num_states = 3 if codec.form == "onsets" else 2
    train_states, states = ([_states(codec, song) for song in songs] for songs in (train_steps, steps))
    return {
        "marginal": _chord_scores(codec, chords.Marginal.fit(train_states, num_states), states),
        "markov": _chord_scores(codec, chords.Markov.fit(train_states, num_states), states),
    }


def _states(codec: PianoRoll, steps: Numbers) -> Numbers:
    """The state of each pitch, `(steps, pitches)`: silent 0, sounding or sustained 1, onset 2."""
    return steps[:, ::2] + 2 * steps[:, 1::2] if codec.form == "onsets" else steps


def _columns(codec: PianoRoll, states: Numbers) -> Numbers:
    """The inverse of `_states`."""
    return np.stack([states == 1, states == 2], -1).reshape(len(states), -1) if codec.form == "onsets" else states


def _chord_scores(
    codec: PianoRoll, model: chords.Marginal | chords.Markov, songs: Sequence[Numbers]
) -> dict[str, float]:
    predicted = np.concatenate([_columns(codec, model.predict_probs(song).argmax(1)) for song in songs])
    target = np.concatenate([_columns(codec, song[1:]) for song in songs])
    return {"nll_per_step": chords.nll_per_step(model, songs), "frame_accuracy": frame_accuracy(predicted, target)}


def _line_scores(model: NGram, songs: Sequence[NDArray[np.int64]]) -> dict[str, float]:
    return {"nll_per_step": -float(np.concatenate([model.log_probs(song)[1:] for song in songs]).mean())}
