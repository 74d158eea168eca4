"""The task of the text job."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Self, final

import numpy as np
import torch
from torch import Tensor

from echoic.batches import BatchLoader, NextStepCollate
from echoic.codecs import Characters
from echoic.config import TextSettings
from echoic.config.train import refuse_input_noise
from echoic.encoders import Embedding
from echoic.errors import ConfigError
from echoic.heads import Categorical
from echoic.jobs.base import Task
from echoic.model import SequenceModel
from echoic.progress import ProgressFn, no_progress
from echoic.readouts import PerStep
from echoic.sources import DatasetLike
from echoic.types import Series
from echoic.windows import ChunkSampler, Ranges, empty_split, split_series

DEV_STREAMS = 8
"""Number of streams in dev evaluations; each begins without a state, which matters little in long streams."""

EVAL_CHUNK = 256

TIED_STD = 0.1
"""Initial standard deviation of tied embeddings, which are the output weights, too."""


@final
@dataclass(frozen=True, eq=False)
class TextTask(Task[TextSettings]):
    """Texts as numbers of symbols, and the vocabulary."""

    settings_class = TextSettings

    dataset: DatasetLike
    settings: TextSettings
    codec: Characters

    @classmethod
    def prepare(cls, dataset: DatasetLike, settings: TextSettings, on_progress: ProgressFn = no_progress) -> Self:
        _check(settings)
        splits = split_series(dataset.series, settings.split.split)
        if settings.data.tokenizer == "bytes":
            codec = Characters.byte_level()
        else:
            lengths = splits["train"].lengths.tolist()
            seen = [code_points(one)[:length] for one, length in zip(dataset.series, lengths, strict=True)]
            codec = Characters.fit(np.concatenate(seen), settings.network.unknown_char)
        return cls(dataset, settings, codec)

    @classmethod
    def restore(cls, dataset: DatasetLike, settings: TextSettings, codec: Mapping[str, Any]) -> Self:
        return cls(dataset, settings, Characters.from_json(codec))

    @cached_property
    def splits(self) -> dict[str, Ranges]:
        """The ranges of each split in the texts."""
        return split_series(self.dataset.series, self.settings.split.split)

    @cached_property
    def symbols(self) -> Tensor:
        """All texts one after the other, as numbers of symbols `(steps, 1)`."""
        return encoded(self.codec, self.dataset)

    def codec_state(self) -> dict[str, Any]:
        return self.codec.to_json()

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
        return BatchLoader(sampler, NextStepCollate(self.symbols))

    def dev_batches(self) -> BatchLoader | None:
        return self.eval_batches(self.splits["dev"], DEV_STREAMS) if self.splits["dev"].lengths.max() > 1 else None

    def eval_batches(self, ranges: Ranges, streams: int) -> BatchLoader:
        """The texts in `ranges` as `streams` streams with the state carried."""
        return BatchLoader(ChunkSampler.from_ranges(ranges, streams, EVAL_CHUNK), NextStepCollate(self.symbols))

    def data_report(self) -> dict[str, Any]:
        lengths = {split: int(ranges.lengths.sum()) for split, ranges in self.splits.items()}
        return self.dataset.report.to_json() | {"splits": lengths, "symbols": len(self.codec)}


def code_points(series: Series) -> np.ndarray[Any, np.dtype[np.int64]]:
    """The code points or bytes `(steps,)` of a text as read."""
    return series.values[:, 0].astype(np.int64)


def encoded(codec: Characters, dataset: DatasetLike) -> Tensor:
    """All texts of a data set one after the other, as numbers of symbols `(steps, 1)`."""
    numbers = [codec.encode(code_points(one), one.origin) for one in dataset.series]
    return torch.from_numpy(np.concatenate(numbers))[:, None].to(torch.int32)


def _check(settings: TextSettings) -> None:
    network, stack = settings.network, settings.stack
    if network.tie_embeddings and stack.layers[-1] != network.embedding_dim:
        raise ConfigError(
            f"`tie_embeddings` requires a last layer of the embedding's size, got {stack.layers[-1]} and "
            f"{network.embedding_dim}; change --embedding-dim or the last of --layers."
        )
    if network.unknown_char is not None and settings.data.tokenizer == "bytes":
        raise ConfigError("`unknown_char` has no effect on bytes, which are all in the vocabulary; leave it out.")
    refuse_input_noise(settings.train, "symbols", "input_dropout")
