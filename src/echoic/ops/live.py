"""Trained layers in the layout of the step kernels."""

from collections.abc import Sequence
from typing import Any, NamedTuple

import torch
from jaxtyping import Float
from torch import Tensor

from echoic.errors import KernelError
from echoic.ops.choice import AVAILABLE, kernel, native


class LayerWeights(NamedTuple):
    """One recurrent layer: `cell` is lstm or gru, the weights are as in `echoic.ops.lstm` and `gru`."""

    cell: str
    w_in: Float[Tensor, "gates inputs"]
    w_rec: Float[Tensor, "gates hidden"]
    bias: Float[Tensor, "gates"]
    bias_rec: Float[Tensor, "hidden"] | None = None


def live_network(
    layers: Sequence[LayerWeights],
    out: tuple[Float[Tensor, "outputs hidden"], Float[Tensor, "outputs"]] | None = None,
    *,
    storage: str,
    threads: int,
) -> Any:
    """Copies the layers, and a linear map on top, into the layout of the step kernels: an `echoic._kernel.Live`.

    Args:
        layers: the lowest first.
        out: weights and bias of the linear map; without it, steps return the hidden
            vectors of the last layer.
        storage: type of the stored weights: float32, float16, bfloat16 (hidden vectors are rounded to it as well in
            products), or int8 with one scale per row.
        threads: CPU threads that share each layer's units.

    Raises:
        KernelError: no compiled kernel is in use.
    """
    target = kernel()
    if target == "off":
        compiled = ", ".join(name for name in AVAILABLE if name != "off")
        remedy = f"set `ECHOIC_KERNEL` to {compiled}" if compiled else "install with a C++ compiler at hand"
        raise KernelError(f"Streams on the step kernels require a compiled kernel, and `off` is in use; {remedy}.")
    tensors: list[Tensor] = []
    for layer in layers:
        inner = layer.w_rec.new_zeros(layer.w_rec.shape[1]) if layer.bias_rec is None else layer.bias_rec
        tensors += [_as_float32(one) for one in (layer.w_in, layer.w_rec, layer.bias, inner)]
    output = [_as_float32(one) for one in out or ()]
    sizes = [layers[0].w_in.shape[1], *(layer.w_rec.shape[1] for layer in layers)]
    return native.Live(
        target,
        [layer.cell for layer in layers],
        sizes,
        [one.data_ptr() for one in tensors],
        len(output[1]) if output else 0,
        *([one.data_ptr() for one in output] or [0, 0]),
        storage,
        threads,
    )


def _as_float32(weights: Tensor) -> Tensor:
    return weights.detach().to("cpu", torch.float32).contiguous()
