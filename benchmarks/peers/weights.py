"""Initial weights shared by all contenders, in torch's layout and gate order."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from peers.workloads import GATES, Floats, Live, Training


class Layer(NamedTuple):
    """One layer in one direction: `w_in` `(gates * hidden, inputs)`, `w_rec` `(gates * hidden, hidden)`, two biases."""

    w_in: Floats
    w_rec: Floats
    b_in: Floats
    b_rec: Floats


class Network(NamedTuple):
    """`layers` from the lowest on, each with all directions; `w_out` `(outputs, width)` and `b_out` of the head."""

    layers: list[list[Layer]]
    w_out: Floats
    b_out: Floats


def draw(sizes: Sequence[int], inputs: int, outputs: int, gates: int = 4, directions: int = 1) -> Network:
    """Uniform in ±1 / sqrt(hidden), like torch's default initialization."""
    generator = np.random.default_rng(2)

    def uniform(hidden: int, *shape: int) -> Floats:
        return generator.uniform(-(hidden**-0.5), hidden**-0.5, shape).astype(np.float32)

    layers, width = [], inputs
    for hidden in sizes:
        rows = gates * hidden
        shapes = [(rows, width), (rows, hidden), (rows,), (rows,)]
        layers.append([Layer(*(uniform(hidden, *shape) for shape in shapes)) for _ in range(directions)])
        width = hidden * directions
    return Network(layers, uniform(width, outputs, width), uniform(width, outputs))


def of(workload: Training | Live) -> Network:
    """The network of a workload."""
    if isinstance(workload, Live):
        return draw(workload.sizes, workload.inputs, workload.outputs)
    gates = GATES[workload.cell]
    return draw(workload.sizes, workload.inputs, workload.outputs, gates, workload.directions)
