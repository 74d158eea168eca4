"""Workloads of benchmarks/kernels.py: training steps of whole networks, and live steps."""

from dataclasses import dataclass, replace
from functools import cached_property
from typing import ClassVar, Literal, NamedTuple

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float32]

GATES = {"LSTM": 4, "GRU": 3}

SGEMM_SIZE = 2048
"""Rows and columns of the matrix product used as upper bound."""


class Batch(NamedTuple):
    """The batch of all contenders: `inputs` `(batch, steps, features)`, `targets` per row or per step."""

    inputs: Floats
    targets: NDArray[np.float32 | np.int64]


@dataclass(frozen=True)
class Training:
    """Forward, loss, backward and Adam for a stack of equal layers with a linear head; cross-entropy for classes."""

    kind: ClassVar[str] = "training"

    name: str
    layers: int
    hidden: int
    inputs: int
    outputs: int
    steps: int
    batch: int
    readout: Literal["last", "every"]
    cell: Literal["LSTM", "GRU"] = "LSTM"
    bidirectional: bool = False
    packed: bool = False
    classes: bool = False

    @property
    def sizes(self) -> list[int]:
        """Units of each layer."""
        return [self.hidden] * self.layers

    @property
    def directions(self) -> int:
        """Two for bidirectional layers, else one."""
        return 2 if self.bidirectional else 1

    @cached_property
    def lengths(self) -> NDArray[np.int64]:
        """Steps of each row: all equal, or random from a tenth of `steps` on for packed sequences."""
        if not self.packed:
            return np.full(self.batch, self.steps)
        return np.random.default_rng(0).integers(max(1, self.steps // 10), self.steps + 1, self.batch)

    @property
    def unit(self) -> float:
        """Factor from seconds per step to the unit of the tables."""
        return 1e3

    def draw(self) -> Batch:
        """Standard normal numbers, and uniform classes."""
        generator = np.random.default_rng(1)
        inputs = generator.standard_normal((self.batch, self.steps, self.inputs), np.float32)
        if self.classes:
            return Batch(inputs, generator.integers(0, self.outputs, self.batch))
        where = (self.batch,) if self.readout == "last" else (self.batch, self.steps)
        return Batch(inputs, generator.standard_normal((*where, self.outputs), np.float32))

    def flops(self) -> int:
        """Operations in the products of one step; backward has twice those of forward, without the input gradient."""
        rows, total, width = int(self.lengths.sum()), 0, self.inputs
        for layer in range(self.layers):
            each = 2 * rows * GATES[self.cell] * self.hidden
            total += self.directions * each * (3 * (width + self.hidden) - (0 if layer else width))
            width = self.hidden * self.directions
        return total + 3 * 2 * (self.batch if self.readout == "last" else rows) * width * self.outputs

    def tiny(self) -> "Training":
        """The same workload with small sizes, for `--smoke`."""
        small = {"hidden": 8, "inputs": 4, "outputs": 4, "steps": 6, "batch": 3}
        return replace(self, **{name: min(size, getattr(self, name)) for name, size in small.items()})

    def __str__(self) -> str:
        kind = ("bidirectional " if self.bidirectional else "") + self.cell
        steps = f"{self.lengths.min()} to {self.lengths.max()} steps, packed" if self.packed else f"{self.steps} steps"
        loss = f"{self.outputs} classes" if self.classes else f"{self.outputs} out, squared error"
        where = "every step" if self.readout == "every" else "the last step"
        size = f"{kind} {self.layers}x{self.hidden}, {self.inputs} in"
        return f"{size}, {loss} at {where}, {steps}, batch {self.batch}"


@dataclass(frozen=True)
class Live:
    """A stack of equal LSTM layers with a linear head: the steps of one call, for one or many streams."""

    name: str
    kind: Literal["step", "streams", "loop"]
    layers: int
    hidden: int
    inputs: int
    outputs: int
    count: int = 1

    @property
    def sizes(self) -> list[int]:
        """Units of each layer."""
        return [self.hidden] * self.layers

    @property
    def unit(self) -> float:
        """Factor from seconds per call to the unit of the tables, per step and stream."""
        return 1e6 / self.count

    def tiny(self) -> "Live":
        """The same workload with small sizes, for `--smoke`."""
        small = {"hidden": 8, "inputs": 4, "outputs": 4, "count": 5}
        return replace(self, **{name: min(size, getattr(self, name)) for name, size in small.items()})

    def __str__(self) -> str:
        call = {
            "step": "one step of one stream per call",
            "streams": f"one step of {self.count:,} streams, in core time",
            "loop": f"{self.count:,} steps per call, the output fed back",
        }
        return f"LSTM {self.layers}x{self.hidden}, {self.inputs} in and out, {call[self.kind]}"


TRAINING = (
    Training("W1", layers=2, hidden=16, inputs=1, outputs=1, steps=100, batch=128, readout="last"),
    Training("W2", layers=2, hidden=128, inputs=1, outputs=1, steps=30, batch=32, readout="last"),
    Training("W4", layers=1, hidden=128, inputs=40, outputs=15, steps=501, batch=32, readout="last", classes=True),
    Training("W6-LSTM", layers=1, hidden=256, inputs=88, outputs=88, steps=200, batch=12, readout="every"),
    Training("W6-GRU", layers=1, hidden=256, inputs=88, outputs=88, steps=200, batch=12, readout="every", cell="GRU"),
    Training("W3b", layers=3, hidden=600, inputs=200, outputs=200, steps=200, batch=32, readout="every"),
    Training("W3a", layers=3, hidden=600, inputs=16_000, outputs=16_000, steps=50, batch=8, readout="every"),
    Training(
        "Bi", layers=1, hidden=128, inputs=64, outputs=16, steps=200, batch=32, readout="every", bidirectional=True
    ),
    Training("Packed", layers=1, hidden=256, inputs=64, outputs=16, steps=200, batch=32, readout="every", packed=True),
)

SMALL = (
    *(replace(TRAINING[0], name=f"LSTM-{hidden}", hidden=hidden) for hidden in (8, 20, 32, 64)),
    *(replace(TRAINING[0], name=f"GRU-{hidden}", hidden=hidden, cell="GRU") for hidden in (8, 20)),
)
"""W1 with other numbers of units, and GRU; on request."""

LIVE = (
    Live("step-2x16", "step", layers=2, hidden=16, inputs=1, outputs=1),
    Live("step-2x128", "step", layers=2, hidden=128, inputs=1, outputs=1),
    Live("step-3x600", "step", layers=3, hidden=600, inputs=200, outputs=200),
    Live("streams-2x128", "streams", layers=2, hidden=128, inputs=1, outputs=1, count=1000),
    Live("loop-2x16", "loop", layers=2, hidden=16, inputs=1, outputs=1, count=1000),
    Live("loop-2x128", "loop", layers=2, hidden=128, inputs=1, outputs=1, count=1000),
    Live("loop-3x600", "loop", layers=3, hidden=600, inputs=200, outputs=200, count=1000),
)

DEFAULT = [workload.name for workload in (*TRAINING, *LIVE)]
NAMES = [*DEFAULT, *(workload.name for workload in SMALL)]
