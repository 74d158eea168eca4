"""Prime a model with known steps, then let it feed itself: constant time and memory per step."""

from collections.abc import Callable, Iterator
from typing import cast

import torch
from torch import Tensor

from echoic.heads import Sampling, SymbolHead
from echoic.model import SequenceModel
from echoic.tensors import State

CHUNK_STEPS = 1024
"""Priming goes in chunks of so many steps, which bounds the memory; the result is the same."""


@torch.no_grad()
def prime(model: SequenceModel, inputs: Tensor, state: State | None = None) -> tuple[Tensor, State]:
    """Feeds known steps `(rows, steps, width)`.

    Returns:
        The head parameters after the last step `(rows, 1, features, parameters)`, and the state.
    """
    model.eval()
    state = model.initial_state(len(inputs)) if state is None else state
    params = inputs
    for chunk in torch.split(inputs, CHUNK_STEPS, 1):
        params, state = model(chunk, state)
    return params[:, -1:], state


@torch.no_grad()
def free_run(
    model: SequenceModel,
    params: Tensor,
    state: State,
    choose: Callable[[Tensor], Tensor],
    next_input: Callable[[Tensor, int], Tensor],
) -> Iterator[Tensor]:
    """Yields value after value without end, each fed back as the next input.

    `choose` turns head parameters into values `(rows, 1, features)` (their mean, or a draw); `next_input` turns the
    values of step number n into the input `(rows, width)` that follows them.
    """
    model.eval()
    advance = model.stepper()
    step = 0
    while True:
        values = choose(params)
        yield values
        params, state = advance(next_input(values, step), state)
        step += 1


def symbols_after(
    model: SequenceModel, known: Tensor, sampling: Sampling, seed: int, streams: int = 1
) -> Iterator[Tensor]:
    """Yields the symbols `(streams * rows, features)` that a model with a head for symbols draws, without end.

    `known` `(rows, steps, features)` are the symbols that each row goes on from, in so many `streams` of its own.
    """
    params, state = prime(model, known)
    if streams > 1:
        params, state = params.repeat(streams, 1, 1, 1), model.unpack(model.pack(state).repeat(streams, 1))
    head, generator = cast("SymbolHead", model.head), torch.Generator().manual_seed(seed)
    run = free_run(
        model,
        params,
        state,
        choose=head.sample_fn(generator, sampling),
        next_input=lambda values, _step: values[:, 0],
    )
    for step in run:
        yield step[:, 0]
