"""The text job laid over its files."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Self, final

import numpy as np
import torch
from torch import Tensor

from echoic.cells import CELLS, Stack
from echoic.codecs import Characters
from echoic.config import TextSettings
from echoic.encoders import Embedding
from echoic.errors import ConfigError, DataError
from echoic.heads import Categorical
from echoic.jobs.base import OnWork, Task, unwatched
from echoic.model import SequenceModel
from echoic.readouts import Every
from echoic.sources import Data
from echoic.types import Series
from echoic.windows import FollowingBatches, Ranges, Streams, split

DEV_STREAMS = 8
"""The dev part is cut into so many streams for a look: each begins without a state, which few thousand steps forget."""

DEV_CHUNK = 256

TIED_DEVIATION = 0.1


@final
@dataclass(frozen=True, eq=False)
class TextTask(Task):
    """Texts one after the other as numbers of symbols, their parts, and the vocabulary."""

    name = "text"
    settings_class = TextSettings

    dataset: Data
    settings: TextSettings
    codec: Characters

    @classmethod
    def fit(cls, dataset: Data, settings: TextSettings, on_prepare: OnWork = unwatched) -> Self:
        _check(settings)
        parts = split(dataset.series, settings.parts.split)
        if settings.data.symbols == "bytes":
            codec = Characters.of_bytes()
        else:
            lengths = parts["train"].lengths.tolist()
            seen = [code_points(one)[:length] for one, length in zip(dataset.series, lengths, strict=True)]
            codec = Characters.fit(np.concatenate(seen), settings.network.unknown)
        return cls(dataset, settings, codec)

    @classmethod
    def reopen(cls, dataset: Data, settings: TextSettings, codec: Mapping[str, Any]) -> Self:
        return cls(dataset, settings, Characters.from_json(codec))

    @cached_property
    def parts(self) -> dict[str, Ranges]:
        """Where the parts lie in each text."""
        return split(self.dataset.series, self.settings.parts.split)

    @cached_property
    def symbols(self) -> Tensor:
        """All texts one after the other, as numbers of symbols `(steps, 1)`."""
        return encoded(self.codec, self.dataset)

    def codec_json(self) -> dict[str, Any]:
        return self.codec.to_json()

    def network(self) -> SequenceModel:
        settings = self.settings
        # A tied embedding is the scores' map, too: that has to begin small.
        deviation = TIED_DEVIATION if settings.network.tied else 1.0
        encoder = Embedding(len(self.codec), settings.network.embedding, deviation)
        stack = Stack(CELLS, encoder.output_size, settings.stack)
        tied = (lambda: encoder.weight) if settings.network.tied else None
        return SequenceModel(
            encoder, stack, Every(stack.output_size), Categorical(stack.output_size, len(self.codec), tied)
        )

    @property
    def feeds_back(self) -> bool:
        return True

    def train_batches(self) -> FollowingBatches:
        network = self.settings.network
        order = Streams.of(self.parts["train"], self.training.batch_size, network.chunk, network.stream)
        if not len(order):
            raise DataError(f"{self.dataset.origin}: the training part is too short; it needs two characters at least.")
        return FollowingBatches(self.symbols, order)

    def dev_batches(self) -> FollowingBatches | None:
        return self.batches(self.parts["dev"], DEV_STREAMS) if int(self.parts["dev"].lengths.max()) > 1 else None

    def batches(self, part: Ranges, streams: int) -> FollowingBatches:
        """A part in `streams` streams with the state carried, for scoring."""
        return FollowingBatches(self.symbols, Streams.of(part, streams, DEV_CHUNK))

    def data_report(self) -> dict[str, Any]:
        lengths = {part: int(ranges.lengths.sum()) for part, ranges in self.parts.items()}
        return self.dataset.report.to_json() | {"parts": lengths, "symbols": len(self.codec)}


def code_points(series: Series) -> np.ndarray[Any, np.dtype[np.int64]]:
    """What a source of text read: code points or bytes `(steps,)`."""
    return series.values[:, 0].astype(np.int64)


def encoded(codec: Characters, dataset: Data) -> Tensor:
    """All texts of a data set one after the other, as numbers of symbols `(steps, 1)`."""
    numbers = [codec.encode(code_points(one), one.origin) for one in dataset.series]
    return torch.from_numpy(np.concatenate(numbers))[:, None].to(torch.int32)


def _check(settings: TextSettings) -> None:
    network, stack = settings.network, settings.stack
    if network.tied and stack.layers[-1] != network.embedding:
        raise ConfigError(
            f"`tied` needs a last layer as wide as the embedding, got {stack.layers[-1]} and {network.embedding}; set "
            "--embedding, or the last of --layers, to the other's width."
        )
    if network.unknown is not None and settings.data.symbols == "bytes":
        raise ConfigError("`unknown` is for characters; all bytes are known.")
    if settings.train.input_noise:
        raise ConfigError("`input_noise` is for numbers; symbols have none: use --input-dropout.")
