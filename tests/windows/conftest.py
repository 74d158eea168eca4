from collections.abc import Callable

import pytest
import torch

from echoic.windows import Ranges

MakeRanges = Callable[..., Ranges]


@pytest.fixture
def ranges() -> MakeRanges:
    """Ranges from pairs `(begin, end)`."""

    def make(*pairs: tuple[int, int]) -> Ranges:
        return Ranges(*torch.tensor(pairs).unbind(1))

    return make
