"""The task of the text job."""

import itertools
import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Self, final

import numpy as np
import torch
from torch import Tensor

from echoic.baselines.ngrams import NGram
from echoic.batches import BatchLoader, NextStepCollate, RareAsUnknown
from echoic.codecs import Characters
from echoic.codecs.characters import Symbols
from echoic.config import TextSettings
from echoic.config.train import refuse_input_noise
from echoic.encoders import Embedding
from echoic.errors import ConfigError, DataError
from echoic.heads import Categorical
from echoic.jobs.base import Task
from echoic.jobs.text.defaults import with_defaults
from echoic.jobs.text.mixture import Mixture
from echoic.jobs.text.scoring import network_log_probs, ngram_log_probs
from echoic.model import SequenceModel
from echoic.progress import ProgressFn, no_progress
from echoic.readouts import PerStep
from echoic.sources import DatasetLike
from echoic.types import Series, stored
from echoic.types.counted import counted
from echoic.windows import ChunkSampler, Ranges, empty_split, split_series

DEV_STREAMS = 8
"""Number of streams in dev evaluations; each begins without a state, which matters little in long streams."""

EVAL_CHUNK = 256

DEV_SYMBOLS = 500_000
"""Symbols of dev that training evaluates on and calibration chooses by: more would take minutes each time."""

DEV_STRETCHES = 16
"""Stretches of a longer dev split that are evaluated, evenly spread."""

NGRAM_ORDER = 6
"""The longest n-gram that is counted; dev chooses one up to it."""

NGRAM_SYMBOLS = 4_000_000
"""Symbols of train that n-grams are counted in: some 2 MB in the run folder, and some seconds."""

_MAX_NAMED = 10
"""Characters that an error names."""

UNKNOWN_PROB = 0.5
"""Probability that a character that occurs once counts as unknown in an epoch."""

TIED_STD = 0.1
"""Initial standard deviation of tied embeddings, which are the output weights, too."""

_BLOCK_SYMBOLS = 1 << 20

_INTEGERS = (torch.uint8, torch.int16, torch.int32)
"""Types of symbols; the first that holds the vocabulary is used."""


@final
@dataclass(frozen=True, eq=False)
class TextTask(Task[TextSettings]):
    """Texts as numbers of symbols, the vocabulary, and the n-grams of train."""

    settings_class = TextSettings

    dataset: DatasetLike
    settings: TextSettings
    codec: Characters
    ngram_state: Mapping[str, Any] | None = None
    """The counts of n-grams as stored; None: they are made from train when they are needed."""

    @classmethod
    def prepare(cls, dataset: DatasetLike, settings: TextSettings, on_progress: ProgressFn = no_progress) -> Self:
        splits = split_series(dataset.series, settings.split.split)
        settings = with_defaults(settings, int(splits["train"].lengths.sum()))
        _check(settings)
        return cls(dataset, settings, _fit_codec(dataset, settings, splits["train"]))

    @classmethod
    def restore(cls, dataset: DatasetLike, settings: TextSettings, codec: Mapping[str, Any]) -> Self:
        characters, state = Characters.from_json(codec), stored.field(codec, "ngram")
        ngram = None if state is None else NGram.from_json(state)
        if ngram is not None and ngram.vocabulary != len(characters):
            raise ValueError(f"`ngram.symbols` must be {len(characters)}, the vocabulary, got {ngram.vocabulary}")
        return cls(dataset, settings, characters, state)

    def continued(self, dataset: DatasetLike, settings: TextSettings) -> Self:
        """As of every task; n-grams are counted in the new training text."""
        task = type(self)(dataset, settings, self.codec)
        for one, length in zip(dataset.series, task.splits["train"].lengths.tolist(), strict=True):
            new = np.setdiff1d(_distinct([one], [length]), self.codec.vocabulary)
            if len(new):
                named = ", ".join(repr(chr(point)) for point in new[:_MAX_NAMED].tolist())
                more = f" and {len(new) - _MAX_NAMED} more" if len(new) > _MAX_NAMED else ""
                raise DataError(
                    f"{one.origin}: the characters {named}{more} are not in the vocabulary of the run; remove them, or "
                    "train a new run without --from."
                )
        return task

    @cached_property
    def splits(self) -> dict[str, Ranges]:
        """The ranges of each split in the texts."""
        return split_series(self.dataset.series, self.settings.split.split)

    @cached_property
    def symbols(self) -> Tensor:
        """All texts one after the other, as numbers of symbols `(steps, 1)`."""
        return encoded(self.codec, self.dataset)

    @cached_property
    def ngram(self) -> NGram:
        """The n-gram model of the end of each training text, of all of it unless the texts are very long."""
        if self.ngram_state is not None:
            return NGram.from_json(self.ngram_state)
        train = self.splits["train"]
        total = int(train.lengths.sum())
        lengths = -(-train.lengths * min(NGRAM_SYMBOLS, total) // total)
        stretches = [
            self.symbols[begin:end, 0].numpy() for begin, end in Ranges(train.end - lengths, train.end).spans()
        ]
        ngram = NGram.fit(stretches, NGRAM_ORDER, len(self.codec))
        return ngram if self.codec.unknown is None else ngram.with_novel_symbol()

    def codec_state(self) -> dict[str, Any]:
        return self.codec.to_json() | {"ngram": self.ngram_state or self.ngram.to_json()}

    def build_model(self) -> SequenceModel:
        network, components, size = self.settings.network, self.components, len(self.codec)
        # A tied embedding is also the output layer, whose weights must start small.
        std = TIED_STD if network.tie_embeddings else 1.0
        encoder = components.build_encoder(size, lambda size: Embedding(size, network.embedding_dim, std))
        stack = components.build_stack(encoder.output_size, self.settings.stack)
        tied = (lambda: encoder.weight) if network.tie_embeddings and isinstance(encoder, Embedding) else None
        head = components.build_symbol_head(stack.output_size, size, lambda width, size: Categorical(width, size, tied))
        return SequenceModel(encoder, stack, PerStep(stack.output_size), head)

    @property
    def supports_scheduled_sampling(self) -> bool:
        return True

    def train_batches(self) -> BatchLoader:
        network = self.settings.network
        sampler = ChunkSampler.from_ranges(
            self.splits["train"], self.settings.train.batch_size, network.tbptt_steps, network.state_reset_steps
        )
        if not len(sampler):
            raise empty_split("train", self.dataset.origin, "text of two characters")
        return BatchLoader(sampler, NextStepCollate(self.symbols), self._transforms())

    def _transforms(self) -> list[RareAsUnknown]:
        """Characters that occur once stand for those that never do, as in Good and Turing's estimate."""
        unknown = self.codec.unknown
        if unknown is None:
            return []
        spans, size = self.splits["train"].spans(), len(self.codec)
        counts = sum((_counts(self.symbols[begin:end, 0], size) for begin, end in spans), torch.zeros(size))
        rare = counts == 1
        return [RareAsUnknown(rare, unknown, UNKNOWN_PROB)] if rare.any() else []

    def dev_batches(self) -> BatchLoader | None:
        return self.eval_batches(self.dev_ranges, DEV_STREAMS) if self.dev_ranges.lengths.max() > 1 else None

    @cached_property
    def dev_ranges(self) -> Ranges:
        """What is evaluated of dev during training."""
        return spread(self.splits["dev"], DEV_SYMBOLS, DEV_STRETCHES)

    def eval_batches(self, ranges: Ranges, streams: int) -> BatchLoader:
        """The texts in `ranges` as `streams` streams with the state carried."""
        return BatchLoader(_eval_sampler(ranges, streams), NextStepCollate(self.symbols))

    def calibrate(self, model: SequenceModel) -> dict[str, Any]:
        """Chooses the weight of the network beside the n-gram model."""
        dev = self.dev_ranges
        by_order = ngram_log_probs(self.ngram, self.symbols, dev)
        network = np.zeros(0)
        if dev.lengths.max() > 1:
            network, _ = network_log_probs(model, _eval_sampler(dev, DEV_STREAMS), self.symbols)
        return Mixture.choose(network, by_order, self.settings.network.network_weight).to_json()

    def data_report(self) -> dict[str, Any]:
        lengths = {split: int(ranges.lengths.sum()) for split, ranges in self.splits.items()}
        report = self.dataset.report.to_json() | {"splits": lengths, "symbols": len(self.codec)}
        return report | {"notes": [*report["notes"], *self._notes(lengths["train"], lengths["dev"])]}

    def _notes(self, train_length: int, dev_length: int) -> list[str]:
        unknown = 0 if self.codec.unknown is None else int(_counts(self.symbols[:, 0], len(self.codec))[-1])
        notes = {
            f"dev and test have {counted(unknown, 'character')} that train has not, as one unknown symbol.": unknown,
            f"The n-gram model counts the last {NGRAM_SYMBOLS:,} of {train_length:,} symbols of train.": (
                train_length > NGRAM_SYMBOLS
            ),
            (
                f"Training evaluates on {DEV_SYMBOLS:,} of {dev_length:,} symbols of dev, in {DEV_STRETCHES} evenly "
                "spread stretches; echoic eval takes all of a split."
            ): dev_length > DEV_SYMBOLS,
        }
        return [note for note, applies in notes.items() if applies]


def spread(ranges: Ranges, most: int, stretches: int) -> Ranges:
    """At most `most` steps of `ranges`, in evenly spread stretches; all of them if they are fewer."""
    total, ends = int(ranges.lengths.sum()), ranges.lengths.cumsum(0)
    if total <= most:
        return ranges
    first = torch.arange(stretches) * total // stretches
    last = first + most // stretches
    # A stretch continues in the next range where it reaches the end of one.
    before = ends - ranges.lengths
    begin = torch.maximum(first[:, None], before) - before
    end = torch.minimum(last[:, None], ends) - before
    some = end > begin
    return Ranges((ranges.begin + begin)[some], (ranges.begin + end)[some])


def encoded(codec: Characters, dataset: DatasetLike) -> Tensor:
    """All texts of a data set one after the other, as numbers of symbols `(steps, 1)`."""
    dtype = next(one for one in _INTEGERS if len(codec) <= torch.iinfo(one).max + 1)
    symbols, at = torch.empty(sum(one.steps for one in dataset.series), dtype=dtype), 0
    for block in _blocks(dataset.series):
        symbols[at : at + len(block)] = torch.from_numpy(codec.encode(block))
        at += len(block)
    return symbols[:, None]


def _blocks(series: Sequence[Series], lengths: Sequence[int | None] = ()) -> Iterator[Symbols]:
    """The code points of all texts, or of the first `lengths` of each, a block at a time to save memory."""
    for one, length in itertools.zip_longest(series, lengths):
        values = one.values[:length, 0]
        for at in range(0, len(values), _BLOCK_SYMBOLS):
            yield values[at : at + _BLOCK_SYMBOLS].astype(np.int64)


def _distinct(series: Sequence[Series], lengths: Sequence[int | None]) -> Symbols:
    """The different code points of the first `lengths` of each text, in increasing order."""
    seen = np.zeros(sys.maxunicode + 1, np.bool_)
    for block in _blocks(series, lengths):
        seen[block] = True
    return np.flatnonzero(seen)


def _counts(symbols: Tensor, size: int) -> Tensor:
    """How often each of `size` symbols occurs in `symbols` `(steps,)`, a block at a time to save memory."""
    counts = torch.zeros(size, dtype=torch.int64)
    for block in symbols.split(_BLOCK_SYMBOLS):
        counts += block.bincount(minlength=size)
    return counts


def _fit_codec(dataset: DatasetLike, settings: TextSettings, train: Ranges) -> Characters:
    if settings.data.tokenizer == "bytes":
        return Characters.byte_level()
    lengths = [None] * len(dataset.series) if settings.data.vocabulary == "all" else train.lengths.tolist()
    return Characters.fit(_distinct(dataset.series, lengths))


def _eval_sampler(ranges: Ranges, streams: int) -> ChunkSampler:
    return ChunkSampler.from_ranges(ranges, streams, EVAL_CHUNK)


def _check(settings: TextSettings) -> None:
    network, stack = settings.network, settings.stack
    if network.tie_embeddings and stack.layers[-1] != network.embedding_dim:
        raise ConfigError(
            f"`tie_embeddings` requires a last layer of the embedding's size, got {stack.layers[-1]} and "
            f"{network.embedding_dim}; change --embedding-dim or the last of --layers."
        )
    if settings.data.vocabulary == "all" and settings.data.tokenizer == "bytes":
        raise ConfigError("`vocabulary` has no effect on bytes, which are all in the vocabulary; leave it out.")
    refuse_input_noise(settings.train, "symbols", "input_dropout")
