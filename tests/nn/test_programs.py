"""What torch makes of a layer: exported programs, traces, and torch.func's transforms."""

from typing import Any

import pytest
import torch
from torch import Tensor
from torch.export import Dim, export
from torch.func import functional_call, grad, vmap

from echoic.errors import KernelError

FLOAT32 = 1e-6


class Output(torch.nn.Module):
    """The output of a layer alone."""

    def __init__(self, layer: Any) -> None:
        super().__init__()
        self.layer = layer

    def forward(self, x: Tensor) -> Tensor:
        output: Tensor = self.layer(x)[0]
        return output


@pytest.fixture
def layer(kind: Any) -> Any:
    return kind.ours(3, 8, 2, batch_first=True)


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("with_gradients", [False, True])
def test_an_exported_program_takes_any_batch_and_any_time(layer: Any, with_gradients: bool) -> None:
    shapes = ({0: Dim("batch", min=1), 1: Dim("time", min=1)},)
    with torch.set_grad_enabled(with_gradients):
        program = export(layer, (torch.randn(4, 6, 3),), dynamic_shapes=shapes).module()
    for size in ((1, 1), (7, 9), (40, 3)):
        x = torch.randn(*size, 3)
        torch.testing.assert_close(program(x)[0], layer(x)[0], atol=FLOAT32, rtol=0)


@pytest.mark.filterwarnings("ignore")
def test_a_trace_is_of_torchs_layer_and_takes_any_batch_and_any_time(layer: Any) -> None:
    trace: Any = torch.jit.trace
    program = trace(Output(layer), (torch.randn(4, 6, 3),))
    for size in ((1, 1), (7, 9)):
        x = torch.randn(*size, 3)
        torch.testing.assert_close(program(x), layer(x)[0], atol=FLOAT32, rtol=0)


def test_gradients_of_each_example_equal_those_of_single_examples(layer: Any) -> None:
    x = torch.randn(4, 6, 3)
    parameters = dict(layer.named_parameters())

    def loss(parameters: dict[str, Tensor], x: Tensor) -> Tensor:
        return functional_call(layer, parameters, (x,))[0].square().sum()  # type: ignore[no-any-return]

    by_example = vmap(grad(loss), in_dims=(None, 0))(parameters, x)
    for row, example in enumerate(x):
        wanted = torch.autograd.grad(layer(example)[0].square().sum(), list(parameters.values()))
        for name, one in zip(parameters, wanted, strict=True):
            torch.testing.assert_close(by_example[name][row], one, atol=1e-5, rtol=1e-4)


def test_under_transforms_a_second_direction_is_refused(kind: Any) -> None:
    layer = kind.ours(3, 8, bidirectional=True)

    def total(parameters: dict[str, Tensor]) -> Tensor:
        return functional_call(layer, parameters, (torch.ones(6, 4, 3),))[0].sum()  # type: ignore[no-any-return]

    with pytest.raises(KernelError, match=r"Under torch\.func .* rows of equal length only"):
        grad(total)(dict(layer.named_parameters()))
