"""Fixtures of the operators: every layer, every kernel, and the comparison with the reference."""

from collections.abc import Callable, Iterator

import pytest
import torch
from op_layers import LAYERS, AssertEqualsOracle, Layer, Sizes, answer
from torch import Tensor

from echoic import ops

OUTPUT = {torch.float32: 2e-6, torch.float64: 1e-12}
GRADIENT = {torch.float32: 5e-6, torch.float64: 1e-12}
"""Maximum errors relative to the largest value of an array, or to 1."""


def assert_near(got: Tensor, wanted: Tensor, tolerance: float, name: str) -> None:
    assert got.shape == wanted.shape, name
    largest = max(1.0, float(wanted.abs().max())) if wanted.numel() else 1.0
    torch.testing.assert_close(
        got.double(), wanted.double(), atol=tolerance * largest, rtol=0, msg=lambda text: f"{name}\n{text}"
    )


@pytest.fixture
def assert_equals_oracle() -> AssertEqualsOracle:
    """Compares outputs and all gradients of `layer` with the reference."""

    def compare(
        layer: Layer, sizes: Sizes, dtype: torch.dtype, lengths: list[int] | None = None, *, reverse: bool = False
    ) -> None:
        values = layer.arguments(sizes, dtype)
        outputs = layer.run(*values, lengths=None if lengths is None else torch.tensor(lengths), reverse=reverse)
        wanted = answer(layer, sizes, None if lengths is None else tuple(lengths), reverse=reverse)
        for at, (one, other) in enumerate(zip(outputs, wanted.outputs, strict=True)):
            assert one.dtype == dtype
            assert_near(one, other, OUTPUT[dtype], f"output {at} of {sizes} {lengths}")
        gradients = layer.gradients(outputs, values, sizes)
        for at, (one, other) in enumerate(zip(gradients, wanted.gradients, strict=True)):
            assert_near(one, other, GRADIENT[dtype], f"gradient of argument {at} of {sizes} {lengths}")

    return compare


@pytest.fixture(params=LAYERS, ids=lambda layer: layer.name)
def layer(request: pytest.FixtureRequest) -> Layer:
    """Every layer, with every set of optional arguments."""
    given: Layer = request.param
    return given


@pytest.fixture(params=ops.AVAILABLE)
def kernel(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    """Every implementation of this machine, forced."""
    name: str = request.param
    monkeypatch.setenv("ECHOIC_KERNEL", name)
    return name


@pytest.fixture
def set_threads() -> Iterator[Callable[[int], None]]:
    """Sets the number of threads, for one test."""
    before = torch.get_num_threads()
    yield torch.set_num_threads
    torch.set_num_threads(before)
