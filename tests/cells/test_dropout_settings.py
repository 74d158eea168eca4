"""Dropout as the settings of a stack ask for it: of recurrent weights, and the same at all steps of a sequence."""

from typing import Any

import pytest
import torch

from echoic.cells import CELLS, Bidirectional, Stack
from echoic.config import StackSettings

STEPS, UNITS = 6, 8

StackClass = type[Stack | Bidirectional]


def outputs(
    stack_class: StackClass,
    lengths: torch.Tensor | None = None,
    *,
    training: bool = True,
    **settings: Any,
) -> list[torch.Tensor]:
    """Two passes of a stack of one layer over the same ones: only what is dropped can differ."""
    torch.manual_seed(0)
    stack = stack_class(CELLS, 3, StackSettings(layers=(UNITS,), **settings)).train(training)
    x = torch.ones(5, STEPS, 3)
    state = stack.initial_state(5)
    return [stack(x, state, lengths)[0].detach() for _ in range(2)]


@pytest.mark.parametrize("stack_class", [Stack, Bidirectional])
@pytest.mark.parametrize("cell", [name for name, cell in CELLS.items() if cell.has_recurrent_weights])
def test_dropped_recurrent_weights_change_every_step_but_the_first_of_each_direction(
    stack_class: StackClass, cell: str
) -> None:
    plain, _ = outputs(stack_class, cell=cell)
    first, second = outputs(stack_class, cell=cell, weight_dropout=0.5)
    forward, backward = slice(0, UNITS), slice(UNITS, 2 * UNITS)
    # The state before the first step is zero: recurrent weights have nothing to act on there.
    torch.testing.assert_close(first[:, 0, forward], plain[:, 0, forward])
    assert (first[:, 1:, forward] != plain[:, 1:, forward]).any(-1).all()
    assert not torch.equal(first[..., forward], second[..., forward])
    if stack_class is Bidirectional:
        torch.testing.assert_close(first[:, -1, backward], plain[:, -1, backward])
        assert (first[:, :-1, backward] != plain[:, :-1, backward]).any(-1).all()
        assert not torch.equal(first[..., backward], second[..., backward])


@pytest.mark.parametrize("stack_class", [Stack, Bidirectional])
def test_dropped_recurrent_weights_are_the_same_for_a_whole_batch(stack_class: StackClass) -> None:
    first, _ = outputs(stack_class, weight_dropout=0.5)
    for row in first[1:]:
        torch.testing.assert_close(row, first[0])


@pytest.mark.parametrize("stack_class", [Stack, Bidirectional])
def test_no_weights_are_dropped_in_evaluation(stack_class: StackClass) -> None:
    plain, _ = outputs(stack_class, training=False)
    for found in outputs(stack_class, training=False, weight_dropout=0.9):
        assert torch.equal(found, plain)


@pytest.mark.parametrize("stack_class", [Stack, Bidirectional])
@pytest.mark.parametrize("variational", [False, True])
def test_variational_dropout_drops_the_same_units_at_all_steps(stack_class: StackClass, variational: bool) -> None:
    found, _ = outputs(stack_class, dropout=0.5, variational_dropout=variational)
    dropped = found == 0
    assert 0.3 < dropped.float().mean() < 0.7
    assert (dropped == dropped[:, :1]).all() == variational
    assert not (dropped == dropped[:1]).all(), "each sequence has units of its own"


@pytest.mark.parametrize("stack_class", [Stack, Bidirectional])
@pytest.mark.parametrize("variational", [False, True])
def test_variational_dropout_of_the_inputs_drops_the_same_at_all_steps(
    stack_class: StackClass, variational: bool
) -> None:
    torch.manual_seed(0)
    stack = stack_class(CELLS, 16, StackSettings(layers=(4,), input_dropout=0.5, variational_dropout=variational))
    seen: list[torch.Tensor] = []
    stack.layers[0].register_forward_pre_hook(lambda _, arguments: seen.append(arguments[0]))
    stack(torch.ones(5, STEPS, 16), stack.initial_state(5))
    dropped = seen[0] == 0
    assert 0.3 < dropped.float().mean() < 0.7
    assert (dropped == dropped[:, :1]).all() == variational
