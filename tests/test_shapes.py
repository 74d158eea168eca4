"""The shapes that annotations state are checked while the tests run."""

from collections.abc import Callable
from typing import Any

import pytest
import shape_checks
import torch
from jaxtyping import TypeCheckError

from echoic import cells, encoders, heads, nn, ops, readouts
from echoic.metrics import frames

CHECKED: list[Callable[..., Any]] = [
    cells.GRU.forward,
    encoders.Segments.forward,
    frames.frame_accuracy,
    heads.Gaussian.loss,
    nn.Dropout.forward,
    ops.lstm,
    readouts.Mean.forward,
]


@pytest.mark.parametrize("function", CHECKED, ids=lambda function: function.__module__)
def test_every_annotated_package_is_checked(function: Any) -> None:
    assert hasattr(function, "__wrapped__"), "was imported before the import hook of conftest.py"


def test_a_wrong_shape_is_refused() -> None:
    decay, h = torch.zeros(2, 5, 4), torch.zeros(2, 4)
    assert ops.linear_scan(decay, decay, h).shape == (2, 5, 4)
    with pytest.raises(TypeCheckError, match="parameter 'h'"):
        ops.linear_scan(decay, decay, torch.zeros(3, 4))
    with pytest.raises(TypeCheckError, match="parameter 'drive'"):
        ops.linear_scan(decay, torch.zeros(2, 5), h)


def test_the_first_calls_in_every_test_are_checked() -> None:
    decay, h = torch.zeros(2, 5, 4), torch.zeros(2, 4)
    for _ in range(shape_checks.CHECKS):
        ops.linear_scan(decay, decay, h)
    assert getattr(ops.linear_scan, "__no_type_check__", False)
    shape_checks.begin_test()
    with pytest.raises(TypeCheckError, match="parameter 'h'"):
        ops.linear_scan(decay, decay, torch.zeros(3, 4))


def test_the_fields_of_a_named_tuple_must_agree() -> None:
    hidden = torch.zeros(2, 5, 4)
    readout = readouts.PerStep(4)
    assert readout(readouts.ReadoutInputs(torch.zeros(2, 5, 3), hidden, (), None)) is hidden
    with pytest.raises(TypeCheckError, match="parameter 'inputs'"):
        readout(readouts.ReadoutInputs(torch.zeros(2, 6, 3), hidden, (), None))
