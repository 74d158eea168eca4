"""Incremental inference with the mixture of a network and an n-gram model."""

from typing import final

import numpy as np
import torch
from torch import Tensor

from echoic.baselines.ngrams import NGram
from echoic.heads import Categorical, Head
from echoic.model import SequenceModel
from echoic.streams import NetworkStream


@final
class MixtureStream:
    """As a `NetworkStream` of symbols, with log-probabilities `(rows, steps, 1, symbols)` as parameters.

    They are the logarithm of `weight * network + (1 - weight) * n-gram model`. The state is one matrix `(rows,
    model.state_size + n - 1)`: the network's, then the last n - 1 symbols, -1 before the first. The n-gram model
    takes about as long as a step of 512 units, for each row.

    Args:
        model: a network whose head predicts one symbol per step.
        ngram: a model of the same symbols.
        weight: that of the network, from 0 to 1.

    Raises:
        ConfigError: as for `NetworkStream`.
    """

    def __init__(self, model: SequenceModel, ngram: NGram, weight: float) -> None:
        self.model = model
        self._ngram = ngram
        self._weight = weight
        self._context_steps = ngram.n - 1
        self._network = NetworkStream(model)

    @torch.no_grad()
    def start(self, rows: int = 1) -> Tensor:
        """The state before the first symbol of `rows` sequences."""
        state = self._network.start(rows)
        return torch.cat([state, state.new_full((rows, self._context_steps), -1.0)], 1)

    @torch.no_grad()
    def push(self, chunk: Tensor, state: Tensor) -> tuple[Tensor, Tensor]:
        """Log-probabilities after each of the symbols `chunk` `(rows, steps, 1)`, and the state after them."""
        recurrent, context = self._parts(state)
        params, recurrent = self._network.push(chunk, recurrent)
        symbols = torch.cat([context, chunk[..., 0]], 1)
        return self._mixed(params, symbols), self._joined(recurrent, symbols)

    @torch.no_grad()
    def prime(self, inputs: Tensor, state: Tensor | None = None) -> tuple[Tensor, Tensor]:
        """As `push`, in bounded memory: log-probabilities after the last symbol only, `(rows, 1, 1, symbols)`."""
        recurrent, context = self._parts(self.start(len(inputs)) if state is None else state)
        params, recurrent = self._network.prime(inputs, recurrent)
        symbols = torch.cat([context, inputs[..., 0]], 1)
        return self._mixed(params, symbols), self._joined(recurrent, symbols)

    def step(self, chunk: Tensor, state: Tensor) -> tuple[Tensor, Tensor]:
        """As `push` for chunks of one step, without the overhead of `torch.no_grad`, which the caller must enter."""
        recurrent, context = self._parts(state)
        params, recurrent = self._network.step(chunk, recurrent)
        symbols = torch.cat([context, chunk[..., 0]], 1)
        return self._mixed(params, symbols), self._joined(recurrent, symbols)

    def _parts(self, state: Tensor) -> tuple[Tensor, Tensor]:
        size = self.model.state_size
        return state[:, :size].contiguous(), state[:, size:]

    def _joined(self, recurrent: Tensor, symbols: Tensor) -> Tensor:
        return torch.cat([recurrent, symbols[:, symbols.shape[1] - self._context_steps :]], 1)

    def _mixed(self, params: Tensor, symbols: Tensor) -> Tensor:
        """The mixture after the last steps of `symbols`, as many as `params` has."""
        network = class_log_probs(self.model.head, params, self._ngram.vocabulary)
        if self._weight == 1:
            return network
        probs = self._weight * network[:, :, 0].double().exp().cpu().numpy()
        known = symbols.cpu().numpy().astype(np.int64)
        first = known.shape[1] - probs.shape[1] + 1
        for row, symbols_of_row in zip(probs, known, strict=True):
            for step in range(len(row)):
                end = first + step
                context = symbols_of_row[max(0, end - self._context_steps) : end]
                row[step] += (1 - self._weight) * self._ngram.probs(context[context >= 0])
        return torch.from_numpy(probs)[:, :, None].log().to(params)


def class_log_probs(head: Head, params: Tensor, num_classes: int) -> Tensor:
    """Log-probabilities `(rows, steps, 1, classes)` by a head that predicts one symbol per step."""
    if isinstance(head, Categorical):
        return params.log_softmax(-1)
    # Other heads promise no more than a loss that is the negative log-likelihood.
    targets = params.new_zeros(*params.shape[:2], 1)
    return torch.stack([-head.loss(params, targets + number) for number in range(num_classes)], -1)
