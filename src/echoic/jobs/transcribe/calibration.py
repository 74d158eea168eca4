"""The n-gram model of the training texts, and its weight in the search, chosen on dev."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import torch

from echoic.baselines.ngrams import NGram
from echoic.jobs.transcribe.search import LogProbs, TextSearch
from echoic.metrics.paired import MIN_ITEMS, lead
from echoic.metrics.texts import Counts, error_counts
from echoic.model import SequenceModel
from echoic.types import stored

if TYPE_CHECKING:
    from echoic.jobs.transcribe.task import TranscribeTask

WEIGHTS = (0.0, 0.2, 0.4, 0.7, 1.0)
"""Weights that are tried."""

_LEAST_LEAD = 1.0
"""Standard errors by which a weight must save edits on dev: texts in any order have an n-gram model that helps none."""

MAX_DEV = 200
"""Dev recordings that the weight is chosen on, at most."""


def calibrate(task: "TranscribeTask", model: SequenceModel) -> dict[str, Any] | None:
    """Fits the n-gram model on train and chooses its weight by the edits of dev; None where there is no choice."""
    decoding = task.settings.decoding
    if decoding.decoder == "greedy" or not decoding.ngram_order:
        return None
    texts = [np.array(task.encoded(one), np.int64) for one in task.series("train")]
    ngram = NGram.fit(texts, decoding.ngram_order, max(2, len(task.units)))
    mean = float(np.mean(np.concatenate([ngram.log_probs(text) for text in texts])))
    weight, errors = 0.0, [0.0]
    if task.splits["dev"]:
        edits, units = _edits(task, model, ngram, mean)
        weight, errors = chosen_weight(edits), [float(one.sum() / max(units.sum(), 1)) for one in edits]
    return {"ngram": ngram.to_json(), "weight": weight, "mean_log_prob": mean, "dev_errors": errors}


def chosen_weight(edits: Sequence[Counts]) -> float:
    """The weight with the fewest `edits` `(recordings,)`, an array for each weight; 0 if none is clearly better."""
    best = int(np.argmin([one.sum() for one in edits]))
    saved = lead(edits[best], edits[0])
    return WEIGHTS[best] if saved.differing >= MIN_ITEMS and saved.in_standard_errors > _LEAST_LEAD else 0.0


def search_of(task: "TranscribeTask", calibration: Mapping[str, Any] | None) -> TextSearch:
    """The search of a run, with what was chosen on dev.

    Raises:
        ValueError: something of the calibration is missing, or does not fit.
    """
    decoding = task.settings.decoding
    if calibration is None:
        return TextSearch(decoding.beam_size, greedy=decoding.decoder == "greedy")
    ngram = NGram.from_json(stored.field(calibration, "ngram"))
    weight, mean = stored.number(calibration, "weight", 0, 10), stored.any_number(calibration, "mean_log_prob")
    return TextSearch(decoding.beam_size, ngram, weight, mean)


def _edits(task: "TranscribeTask", model: SequenceModel, ngram: NGram, mean: float) -> tuple[list[Counts], Counts]:
    """The edits in each recording of dev for each weight, and its number of units."""
    numbers = task.splits["dev"][:MAX_DEV]
    true = [task.encoded(task.dataset.series[number]) for number in numbers]
    outputs = [log_probs_of_whole(model, steps, task) for steps in task.steps["dev"][:MAX_DEV]]
    searches = [TextSearch(task.settings.decoding.beam_size, ngram, weight, mean) for weight in WEIGHTS]
    found = [[[unit.number for unit in search.whole(one)] for one in outputs] for search in searches]
    counts = [error_counts(true, texts) for texts in found]
    return [edits for edits, _ in counts], counts[0][1]


@torch.no_grad()
def log_probs_of_whole(model: SequenceModel, steps: torch.Tensor, task: "TranscribeTask") -> LogProbs:
    """Log-probabilities `(steps, classes)` of a whole recording with the features `steps` `(frames, values)`."""
    stride = task.settings.encoder.conv_stride
    padded = torch.nn.functional.pad(steps, (0, 0, 0, -len(steps) % stride))[None]
    params, _ = model.eval()(padded, lengths=torch.tensor([len(steps)]))
    return np.asarray(params[0, :, 0].double().log_softmax(-1).numpy())
