from types import SimpleNamespace
from typing import Any

import pytest
import torch

from echoic import nn

PAIRS = {"lstm": (nn.LSTM, torch.nn.LSTM, 2), "gru": (nn.GRU, torch.nn.GRU, 1)}


@pytest.fixture(params=PAIRS)
def kind(request: pytest.FixtureRequest) -> Any:
    """A drop-in layer, the layer of torch that it replaces, and the format of their states."""
    ours, theirs, vectors = PAIRS[request.param]

    def state(*shape: Any, **options: Any) -> Any:
        """`vectors` random tensors, as the layer's `hx`."""
        drawn = tuple(torch.randn(*shape, **options) for _ in range(vectors))
        return drawn if vectors == 2 else drawn[0]

    return SimpleNamespace(ours=ours, theirs=theirs, num_states=vectors, state=state)


@pytest.fixture(autouse=True)
def seed() -> None:
    torch.manual_seed(0)
