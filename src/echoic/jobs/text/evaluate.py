"""Evaluation of text models next to n-gram baselines."""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, final

import torch

from echoic.errors import DataError
from echoic.jobs.base import Fitted
from echoic.jobs.text.mixture import Mixture, mix
from echoic.jobs.text.scoring import network_log_probs, ngram_log_probs
from echoic.jobs.text.task import EVAL_CHUNK, TextTask, encoded
from echoic.metrics.evaluation import Evaluation
from echoic.progress import ProgressFn, no_progress
from echoic.sources import place_of, read_new
from echoic.types.counted import counted
from echoic.windows import ChunkSampler, Ranges, empty_split, full_ranges

ORDERS = {1: "unigram", 2: "bigram", 5: "ngram5"}


@final
@dataclass(frozen=True, eq=False, repr=False)
class TextEvaluation(Evaluation):
    """Scores over `symbols` characters (or bytes, the `unit`); the first of each text is not scored.

    `unknown` of them are not in the vocabulary. The model is a mixture with the `weight` of the network, whose own
    scores are `network`, and an n-gram model of order `order`.
    """

    symbols: int
    unit: str
    unknown: int
    network: dict[str, float]
    weight: float
    order: int

    @property
    def description(self) -> str:
        """Number of symbols, and the mixture."""
        first = "the first of each text is not scored"
        parts = "" if self.weight == 1 else f"; {self.weight:.2f} network + {1 - self.weight:.2f} ngram{self.order}"
        return f"{self.symbols:,} {self.unit}s, the state carried; {first}{parts}"

    @property
    def details(self) -> dict[str, Any]:
        """Counts and the mixture."""
        return {
            f"{self.unit}s": self.symbols,
            "unknown": self.unknown,
            "network": self.network,
            "network_weight": self.weight,
            "ngram_order": self.order,
        }

    @property
    def rows(self) -> dict[str, Mapping[str, float]]:
        """The model, the network alone unless it is the model, and the baselines."""
        alone = {} if self.weight == 1 else {"network": self.network}
        return {"model": self.scores, **alone, **self.baselines}


def evaluate(fitted: Fitted[TextTask], data: Any, split: str, on_progress: ProgressFn = no_progress) -> TextEvaluation:
    """Nats and bits per character in one pass over each text of a split, or of new `data`, with the state carried.

    Raises:
        DataError: there are less than two characters.
    """
    task, mixture = fitted.task, mixture_of(fitted)
    symbols, ranges = _read(task, data, split)
    sampler = ChunkSampler.whole_series(ranges, 1, EVAL_CHUNK)
    if not len(sampler):
        if data is not None:
            raise DataError(f"{place_of(data)} has no text of two characters to evaluate.")
        raise empty_split(split, task.dataset.origin, "text of two characters")
    network, positions = network_log_probs(fitted.model, sampler, symbols, lambda done: on_progress(done, len(sampler)))
    by_order = ngram_log_probs(task.ngram, symbols, ranges)
    unit = "byte" if task.codec.is_bytes else "char"
    baselines = {"uniform": math.log(len(task.codec))}
    for order in sorted({*ORDERS, mixture.order} & by_order.keys()):
        baselines[ORDERS.get(order, f"ngram{order}")] = -float(by_order[order].mean())
    unknown = int((symbols[positions, 0] == task.codec.unknown).sum()) if task.codec.unknown is not None else 0
    both = mix(network, by_order[mixture.order], mixture.weight)
    return TextEvaluation(
        _rates(-float(both.mean()), unit),
        {name: _rates(nats, unit) for name, nats in baselines.items()},
        len(network),
        unit,
        unknown,
        _rates(-float(network.mean()), unit),
        mixture.weight,
        mixture.order,
        notes=(_unknown_note(unknown, len(network)),) if unknown else (),
    )


def mixture_of(fitted: Fitted[TextTask]) -> Mixture:
    """The mixture that dev chose; the network alone for a run that was not calibrated."""
    if fitted.calibration is None:
        return Mixture(1.0, fitted.task.ngram.n, 0, {})
    return Mixture.from_json(fitted.calibration)


def _read(task: TextTask, data: Any, split: str) -> tuple[torch.Tensor, Ranges]:
    if data is None:
        return task.symbols, task.splits[split]
    dataset = read_new(data, task.settings.data)
    return encoded(task.codec, dataset), full_ranges(dataset.series)


def _unknown_note(unknown: int, symbols: int) -> str:
    are = "is" if unknown == 1 else "are"
    return (
        f"{unknown:,} of {counted(symbols, 'character')} {are} not in the vocabulary. Each is scored as the one symbol "
        "that stands for all of them, whichever it is."
    )


def _rates(nats: float, unit: str) -> dict[str, float]:
    return {f"nats_per_{unit}": nats, f"bits_per_{unit}": nats / math.log(2)}
