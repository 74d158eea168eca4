# The compiled kernels, bound by kernel/bindings.cpp. Addresses are those of contiguous tensors, 0 for none.

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

def targets() -> list[str]: ...
def width(target: str) -> int: ...
def peak_gflops(target: str) -> float: ...
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

class BoundStep:
    def __call__(self, *numbers: float) -> None: ...

class Live:
    # Weights in the layout of the step kernels. Arrays are float32, C-contiguous and on the CPU; none is copied.

    def __init__(
        self,
        target: str,
        cells: Sequence[str],
        sizes: Sequence[int],
        weights: Sequence[int],
        outputs: int,
        w_out: int,
        b_out: int,
        storage: str,
        threads: int,
    ) -> None: ...
    def step(
        self,
        x: NDArray[np.float32],
        states: NDArray[np.float32],
        out: NDArray[np.float32],
        stream_ids: NDArray[np.int64] | None = None,
    ) -> None: ...
    def bind(self, x: NDArray[np.float32], states: NDArray[np.float32], out: NDArray[np.float32]) -> BoundStep: ...
    def push(self, x: NDArray[np.float32], states: NDArray[np.float32], out: NDArray[np.float32]) -> None: ...
    def loop(
        self,
        states: NDArray[np.float32],
        out: NDArray[np.float32],
        stream_ids: NDArray[np.int64] | None,
        values: NDArray[np.float32],
        distribution: str,
        temperature: float,
        min_scale: float,
        noise: NDArray[np.float32] | None,
        table: NDArray[np.float32] | None,
        chords: ChordHead | None = None,
    ) -> int: ...

class ChordHead:
    # Packed for drawing the notes of chords in a loop.

    def __init__(self, target: str, notes: int, per_pitch: int, hidden: int, weights: Sequence[int]) -> None: ...

class SampleTier:
    # The fast tier of raw audio, packed for drawing. Arrays are C-contiguous and on the CPU; none is copied.

    def __init__(
        self,
        target: str,
        past: int,
        hidden: int,
        components: int,
        num_codes: int,
        weights: Sequence[int],
        first_width: float,
    ) -> None: ...
    def sample(
        self,
        positions: NDArray[np.float32],
        lpc_weights: NDArray[np.float32],
        history: NDArray[np.float32],
        power: NDArray[np.float32],
        uniforms: NDArray[np.float64],
        temperature: float,
        floor: float,
        codes: NDArray[np.float32],
        threads: int,
    ) -> None: ...
