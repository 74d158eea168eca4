"""The shapes that annotations state are checked while the tests run."""

import pytest
import torch
from jaxtyping import TypeCheckError

from echoic import ops


def test_a_wrong_shape_is_refused() -> None:
    decay, h = torch.zeros(2, 5, 4), torch.zeros(2, 4)
    assert ops.linear_scan(decay, decay, h).shape == (2, 5, 4)
    with pytest.raises(TypeCheckError, match="parameter 'h'"):
        ops.linear_scan(decay, decay, torch.zeros(3, 4))
    with pytest.raises(TypeCheckError, match="parameter 'drive'"):
        ops.linear_scan(decay, torch.zeros(2, 5), h)
