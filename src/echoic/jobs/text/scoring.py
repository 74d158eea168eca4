"""Log-probabilities of the symbols of texts by the network and by n-gram models."""

from collections.abc import Callable

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from echoic.baselines.ngrams import NGram
from echoic.batches import gather, next_step_batch
from echoic.model import SequenceModel
from echoic.windows import ChunkSampler, Ranges

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]

_PIECE = 1 << 20
"""Symbols per pass of an n-gram model; bounds the memory."""


@torch.no_grad()
def network_log_probs(
    model: SequenceModel, sampler: ChunkSampler, symbols: Tensor, on_batch: Callable[[int], None] = lambda _: None
) -> tuple[Floats, Integers]:
    """The network's log-probabilities of the symbols that `sampler` visits, and their positions in `symbols`.

    `symbols` is `(steps, 1)`; both results are in increasing order of the positions. `on_batch` is called with the
    number of batches done, after each.
    """
    found, places, state = [], [], None
    device = next(model.parameters()).device
    for number, index in enumerate(sampler.epoch(0, 0), 1):
        batch = next_step_batch(gather(symbols, index).float(), index).to(device)
        params, state = model(batch.inputs, state if batch.carry else None)
        mask = batch.mask[..., 0]
        found.append(-model.head.loss(params, batch.targets)[..., 0][mask].double().cpu())
        positions = index.starts[:, None] + torch.arange(1, index.steps)
        places.append(positions[mask.cpu()])
        on_batch(number)
    order = torch.cat(places).argsort()
    return torch.cat(found)[order].numpy(), torch.cat(places)[order].numpy()


def ngram_log_probs(ngram: NGram, symbols: Tensor, ranges: Ranges) -> dict[int, Floats]:
    """Log-probabilities of all symbols in `ranges` but the first of each, by the models of each order up to `n`."""
    found: dict[int, list[Floats]] = {order: [np.zeros(0)] for order in range(1, ngram.n + 1)}
    for begin, end in ranges.spans():
        for first in range(begin + 1, end, _PIECE):
            before = min(first - begin, ngram.n - 1)
            piece = symbols[first - before : min(first + _PIECE, end), 0].numpy()
            for order, log_probs in enumerate(ngram.log_probs_by_order(piece), 1):
                found[order].append(log_probs[before:])
    return {order: np.concatenate(pieces) for order, pieces in found.items()}
