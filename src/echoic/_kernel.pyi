"""The compiled kernels, bound by kernel/bindings.cpp. Addresses are those of contiguous tensors, 0 for none."""

from collections.abc import Sequence

def targets() -> list[str]: ...
def width(target: str) -> int: ...
def forward(
    target: str,
    cell: str,
    is_double: bool,
    dimensions: Sequence[int],
    lengths: int,
    addresses: Sequence[int],
    threads: int,
) -> None: ...
def backward(
    target: str,
    cell: str,
    is_double: bool,
    dimensions: Sequence[int],
    lengths: int,
    addresses: Sequence[int],
    threads: int,
) -> None: ...
