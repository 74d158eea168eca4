"""What decides whether vectors hold rows or units, and that both give the same."""

import pytest
import torch
from op_layers import AssertEqualsOracle, Layer

from echoic.ops import layout
from echoic.ops.choice import native

pytestmark = pytest.mark.skipif(native is None, reason="installed without the compiled kernels")


@pytest.mark.parametrize(
    ("batch", "hidden", "layers", "blocks", "is_in_lanes"),
    [
        (128, 8, 1, 1, True),  # half of every vector of units would be empty
        (128, 20, 1, 2, True),
        (128, 16, 1, 1, False),  # equal: both fill their vectors
        (128, 16, 2, 1, True),  # in one call
        (128, 64, 1, 1, False),
        (128, 64, 3, 2, True),
        (128, 56, 1, 1, True),
        (8, 8, 1, 1, False),  # equal: both half empty
        (8, 8, 2, 1, True),
        (8, 16, 2, 1, False),
        (24, 16, 2, 1, False),
        (24, 20, 1, 1, True),  # 24 of 32 rows against 20 of 32 units
        (1, 5, 2, 1, False),
        (128, 65, 2, 1, False),
        (128, 128, 2, 1, False),
    ],
)
def test_small_layers_take_what_wastes_less(
    batch: int, hidden: int, layers: int, blocks: int, is_in_lanes: bool
) -> None:
    assert layout.in_lanes(batch, hidden, layers, blocks, 16) == is_in_lanes


@pytest.mark.parametrize("is_in_lanes", [False, True], ids=["units", "lanes"])
@pytest.mark.parametrize("lengths", [None, [3, 0, 7, 1, 7, 2, 5, 6, 4]], ids=["equal", "unequal"])
@pytest.mark.usefixtures("kernel")
def test_both_equal_the_reference(
    monkeypatch: pytest.MonkeyPatch,
    layer: Layer,
    assert_equals_oracle: AssertEqualsOracle,
    lengths: list[int] | None,
    is_in_lanes: bool,
) -> None:
    monkeypatch.setattr(layout, "in_lanes", lambda *_: is_in_lanes)
    for reverse in (False, True):
        assert_equals_oracle(layer, (9, 7, 3, 20), torch.float32, lengths, reverse=reverse)
