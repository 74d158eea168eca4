"""The task of the music job."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Self, final

import numpy as np

from echoic.batches import KEYS, BatchLoader, SongCollate, TransposedRolls
from echoic.codecs import PianoRoll
from echoic.codecs.pianoroll import Roll
from echoic.config import MusicSettings
from echoic.config.music import PitchSettings
from echoic.config.train import refuse_input_noise
from echoic.errors import ConfigError, DataError
from echoic.jobs.base import Task
from echoic.jobs.music.keys import in_common_key
from echoic.jobs.music.network import build_network
from echoic.model import SequenceModel
from echoic.progress import ProgressFn, no_progress
from echoic.sources import DatasetLike
from echoic.types import Series, music_info
from echoic.types.counted import counted, were
from echoic.types.score import HIGHEST_PIANO_KEY, LOWEST_PIANO_KEY, SILENT
from echoic.windows import ChunkSampler, Ranges, assign_splits, empty_split, select_ranges

DEV_BATCH, DEV_CHUNK = 32, 256

MAX_WHOLE_STEPS = 512
"""With longer training songs, all are cut into chunks of half as many steps, with the state carried."""

OCTAVE = 12


@final
@dataclass(frozen=True, eq=False)
class MusicTask(Task[MusicSettings]):
    """Songs, and the codec of their steps."""

    settings_class = MusicSettings

    dataset: DatasetLike
    settings: MusicSettings
    codec: PianoRoll

    @classmethod
    def prepare(cls, dataset: DatasetLike, settings: MusicSettings, on_progress: ProgressFn = no_progress) -> Self:
        refuse_input_noise(settings.train, "notes", "input_dropout")
        splits = assign_splits(dataset.series, settings.split.split)
        training = [dataset.series[number] for number in splits["train"]]
        pitch = settings.pitch
        if pitch.transpose is None:
            settings = settings.replaced(transpose="none" if in_common_key(rolls_of(training)) else "random")
        codec = _codec(training, settings)
        settings = settings.replaced(
            head=settings.output.head or ("categorical" if codec.form == "line" else "joint"),
            pitch_range=(codec.lowest, codec.highest),
            onsets=codec.form == "onsets",
            tbptt_steps=settings.pitch.tbptt_steps or _chunk(training),
        )
        _check_effect(settings, pitch)
        return cls(dataset, settings, codec)

    @classmethod
    def restore(cls, dataset: DatasetLike, settings: MusicSettings, codec: Mapping[str, Any]) -> Self:
        return cls(dataset, settings, PianoRoll.from_json(codec))

    @cached_property
    def splits(self) -> dict[str, list[int]]:
        """The indices of the songs of each split."""
        return assign_splits(self.dataset.series, self.settings.split.split)

    @cached_property
    def rolls(self) -> TransposedRolls:
        """All songs in the steps of the codec."""
        return TransposedRolls(self.codec, rolls_of(self.dataset.series))

    @property
    def kept_series(self) -> Sequence[Series]:
        """The training songs: baselines learn from them, and what is generated is searched for in them."""
        return self.songs("train") if self.dataset.kept is None else self.dataset.kept

    def codec_state(self) -> dict[str, Any]:
        return self.codec.to_json()

    def build_model(self) -> SequenceModel:
        return build_network(self.settings, self.codec, self.components)

    @property
    def supports_scheduled_sampling(self) -> bool:
        return True

    def train_batches(self) -> BatchLoader:
        transpose, size = self.settings.pitch.transpose, self.settings.train.batch_size
        songs = max(1, round(size / len(KEYS))) if transpose == "all" else size
        sampler = ChunkSampler.from_ranges(self.ranges("train"), songs, self.settings.pitch.tbptt_steps)
        if not len(sampler):
            raise empty_split("train", self.dataset.origin, "song of two steps", "choose a finer --grid")
        return BatchLoader(sampler, SongCollate(self.rolls, transpose or "none"))

    def dev_batches(self) -> BatchLoader | None:
        if not self.splits["dev"]:
            return None
        sampler = ChunkSampler.whole_series(self.ranges("dev"), DEV_BATCH, DEV_CHUNK)
        return BatchLoader(sampler, SongCollate(self.rolls)) if len(sampler) else None

    def ranges(self, split: str) -> Ranges:
        """The steps of the songs of a split."""
        return select_ranges(self.dataset.series, self.splits[split])

    def songs(self, split: str) -> list[Series]:
        """The songs of a split."""
        return [self.dataset.series[number] for number in self.splits[split]]

    def data_report(self) -> dict[str, Any]:
        rolls = rolls_of(self.dataset.series)
        report = self.dataset.report.to_json()
        notes = [*report["notes"], *self._changes(rolls)]
        songs = {split: len(numbers) for split, numbers in self.splits.items()}
        steps = {split: sum(len(rolls[number]) for number in numbers) for split, numbers in self.splits.items()}
        return report | {"notes": notes, "splits": songs, "steps_per_split": steps, "symbols": self.codec.symbols}

    def _changes(self, rolls: Sequence[Roll]) -> list[str]:
        """Notes on changes of the songs by the encoding."""
        codec = self.codec
        outside = sum(codec.count_outside(roll) for roll in rolls)
        verb = {"fold": "moved by octaves", "drop": "left out"}[codec.outside]
        several = sum(int(((roll > SILENT).sum(1) > 1).sum()) for roll in rolls) if codec.form == "line" else 0
        beyond = f"{codec.lowest}-{codec.highest}"
        candidates: dict[str, int] = {
            "Training songs are transposed to a random key in every epoch.": self.settings.pitch.transpose == "random",
            f"{were(outside, f'note beyond {beyond}', f'notes beyond {beyond}')} {verb}.": outside,
            f"In {counted(several, 'step')} several notes sound; only the highest was kept.": several,
        }
        return [sentence for sentence, count in candidates.items() if count]


def rolls_of(series: Sequence[Series]) -> list[Roll]:
    """The rolls of songs as read."""
    return [one.values.astype(np.uint8) for one in series]


def _codec(training: Sequence[Series], settings: MusicSettings) -> PianoRoll:
    """The codec; its open choices are made from the training songs."""
    rolls, pitch = rolls_of(training), settings.pitch
    is_line = all(int((roll > 0).sum(1).max(initial=0)) <= 1 for roll in rolls)
    if settings.output.head == "categorical" or (settings.output.head is None and is_line):
        return PianoRoll("line", *(pitch.pitch_range or _pitch_range(rolls, pitch.transpose)), pitch.out_of_range)
    has_onsets = all(music_info(one).has_onsets for one in training) if pitch.onsets is None else pitch.onsets
    range_ = pitch.pitch_range or (LOWEST_PIANO_KEY, HIGHEST_PIANO_KEY)
    return PianoRoll("onsets" if has_onsets else "chords", *range_, pitch.out_of_range)


def _pitch_range(rolls: Sequence[Roll], transpose: str | None) -> tuple[int, int]:
    """The lowest and the highest pitch of the songs in all their keys, at least an octave apart."""
    sounding = np.flatnonzero(np.any([roll.any(0) for roll in rolls], 0))
    if not len(sounding):
        raise DataError("The training songs have no notes (drums are left out); choose another --split.")
    down, up = (KEYS[0], KEYS[-1]) if transpose != "none" else (0, 0)
    lowest, highest = max(int(sounding[0]) + down, 0), min(int(sounding[-1]) + up, 127)
    highest = min(max(highest, lowest + OCTAVE), 127)
    return min(lowest, highest - OCTAVE), highest


def _chunk(training: Sequence[Series]) -> int | None:
    longest = max(one.steps for one in training)
    return MAX_WHOLE_STEPS // 2 if longest > MAX_WHOLE_STEPS else None


def _check_effect(settings: MusicSettings, pitch: PitchSettings) -> None:
    """Refuses settings of the joint head without it, and onsets of single lines."""
    if settings.output.head != "joint":
        settings.output.refuse_changed(["chord_hidden_size", "head_dropout"], "without --head joint; leave it out.")
    if pitch.onsets and settings.output.head == "categorical":
        raise ConfigError("`onsets` has no effect with --head categorical, which has its own symbol for a held note.")
