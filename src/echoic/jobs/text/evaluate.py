"""Evaluation of text models next to n-gram baselines."""

import math
from dataclasses import dataclass
from typing import Any, final

import numpy as np
import torch
from numpy.typing import NDArray

from echoic.baselines.ngrams import NGram
from echoic.batches import BatchLoader, NextStepCollate
from echoic.errors import DataError
from echoic.jobs.base import Fitted
from echoic.jobs.text.task import EVAL_CHUNK, TextTask, encoded
from echoic.metrics.evaluation import Evaluation
from echoic.progress import ProgressFn, no_progress
from echoic.sources import read
from echoic.training import total_loss
from echoic.windows import ChunkSampler, Ranges, empty_split, full_ranges

ORDERS = {"unigram": 1, "bigram": 2, "ngram5": 5}


@final
@dataclass(frozen=True)
class TextEvaluation(Evaluation):
    """Scores over `symbols` characters (or bytes, the `unit`); the first of each text is not scored."""

    symbols: int
    unit: str

    @property
    def description(self) -> str:
        """Number of symbols."""
        return f"{self.symbols:,} {self.unit}s, the state carried; the first of each text is not scored"

    @property
    def details(self) -> dict[str, Any]:
        """Number of symbols."""
        return {f"{self.unit}s": self.symbols}


def evaluate(fitted: Fitted[TextTask], data: Any, split: str, on_progress: ProgressFn = no_progress) -> TextEvaluation:
    """Nats and bits per character in one pass over each text of a split, or of new `data`, with the state carried.

    Raises:
        DataError: there are less than two characters, or one that is not in the vocabulary.
    """
    task = fitted.task
    symbols, ranges = _read(task, data, split)
    sampler = ChunkSampler.whole_series(ranges, 1, EVAL_CHUNK)
    if not len(sampler):
        if data is not None:
            raise DataError(f"{data} has no text of two characters to evaluate.")
        raise empty_split(split, task.dataset.origin, "text of two characters")
    batches = BatchLoader(sampler, NextStepCollate(symbols))
    total, count = total_loss(fitted.model, batches, lambda done: on_progress(done, len(batches)))
    unit = "byte" if task.codec.is_bytes else "char"
    train, scored = _texts(task.symbols, task.splits["train"]), _texts(symbols, ranges)
    baselines = {"uniform": math.log(len(task.codec))}
    for name, n in ORDERS.items():
        model = NGram.fit(train, n, len(task.codec))
        baselines[name] = -sum(float(model.log_probs(text)[1:].sum()) for text in scored) / count
    rates = {name: _rates(nats, unit) for name, nats in baselines.items()}
    return TextEvaluation(_rates(total / count, unit), rates, count, unit)


def _read(task: TextTask, data: Any, split: str) -> tuple[torch.Tensor, Ranges]:
    if data is None:
        return task.symbols, task.splits[split]
    dataset = read(data, task.settings.data)
    return encoded(task.codec, dataset), full_ranges(dataset.series)


def _texts(symbols: torch.Tensor, ranges: Ranges) -> list[NDArray[np.int64]]:
    """The symbols of each text."""
    return [symbols[begin:end, 0].numpy().astype(np.int64) for begin, end in ranges.spans()]


def _rates(nats: float, unit: str) -> dict[str, float]:
    return {f"nats_per_{unit}": nats, f"bits_per_{unit}": nats / math.log(2)}
