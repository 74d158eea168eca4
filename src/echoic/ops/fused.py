"""Layers on torch's own fused kernels: any device, any type."""

from typing import Any

import torch
from torch import Tensor
from torch.nn.utils.rnn import PackedSequence, pack_padded_sequence, pad_packed_sequence


def layer(
    run: Any, x: Tensor, state: tuple[Tensor, ...], weights: list[Tensor], lengths: Tensor | None, *, reverse: bool
) -> tuple[Tensor, tuple[Tensor, ...]]:
    """One layer in one direction with `run`, torch.lstm or torch.gru: hidden vectors, and the final state.

    Torch has no layer that runs backwards only, so sequences are reversed before and after.
    """
    if x.shape[1] == 0:
        return x.new_zeros(len(x), 0, state[0].shape[1]), state
    x = _reversed(x, lengths) if reverse else x
    if lengths is None:
        y, *ends = run(x, _states(run, state), weights, batch_first=True, **_one_layer_options())
    else:
        y, *ends = _run_with_lengths(run, x, state, weights, lengths)
    return _reversed(y, lengths) if reverse else y, tuple(end[0] for end in ends)


def _run_with_lengths(
    run: Any, x: Tensor, state: tuple[Tensor, ...], weights: list[Tensor], lengths: Tensor
) -> tuple[Tensor, ...]:
    """Torch cannot pack empty rows, so they get one step whose results are discarded."""
    nonempty = (lengths > 0).to(x.device)[:, None]
    x = torch.where(nonempty[..., None], x, 0.0)
    packed = pack_padded_sequence(x, lengths.clamp(min=1).cpu(), batch_first=True, enforce_sorted=False)
    order = packed.sorted_indices
    data, *ends = run(packed.data, packed.batch_sizes, _states(run, tuple(one[order] for one in state)), weights,
                      **_one_layer_options())  # fmt: skip
    y, _ = pad_packed_sequence(
        PackedSequence(data, packed.batch_sizes, order, packed.unsorted_indices),
        batch_first=True,
        total_length=x.shape[1],
    )
    ends = [end[:, packed.unsorted_indices] for end in ends]
    final = [torch.where(nonempty, end, before[None]) for end, before in zip(ends, state, strict=True)]
    return torch.where(nonempty[..., None], y, 0.0), *final


def _states(run: Any, state: tuple[Tensor, ...]) -> Any:
    return [one[None] for one in state] if run is torch.lstm else state[0][None]


def _reversed(x: Tensor, lengths: Tensor | None) -> Tensor:
    """Each row's valid steps in reverse order; padding stays."""
    if lengths is None:
        return x.flip(1)
    steps = torch.arange(x.shape[1], device=x.device)
    ends = lengths.to(x.device)[:, None]
    order = torch.where(steps < ends, ends - 1 - steps, steps)
    return x.gather(1, order[..., None].expand_as(x))


def is_traced() -> bool:
    """Whether torch.jit.trace records: it has no lists with missing tensors, which the compiled kernels take."""
    return not torch.compiler.is_compiling() and torch._C._is_tracing()  # noqa: SLF001


def _one_layer_options() -> dict[str, Any]:
    """For one layer in one direction."""
    return {
        "has_biases": True,
        "num_layers": 1,
        "dropout": 0.0,
        "train": torch.is_grad_enabled() or is_traced(),
        "bidirectional": False,
    }
