"""Training steps with JAX: `lax.scan` over time, and the whole training step with Adam in one compiled function."""

from functools import partial
from typing import Any

import jax
import jax.numpy as jnp
from jax import Array, lax

from peers import jax_cells, weights
from peers.workloads import Training

Parameters = Any
"""Weights of the layers and of the head."""

MIN_BATCHED_WEIGHTS = 100_000
"""Number of input weights from which all steps are projected at once; below, step by step is up to 1.4 x faster."""

RATE, DECAY, DECAY_SQUARES, SMALLEST = 1e-3, 0.9, 0.999, 1e-8


def _layer(x: Array, layer: jax_cells.Weights, mask: Array | None, *, cell: str, reverse: bool) -> tuple[Array, Array]:
    """Hidden vectors `(steps, batch, hidden)` and the last of them; rows keep their state where the mask is 0."""
    step = jax_cells.lstm if cell == "LSTM" else jax_cells.gru
    project_first = layer.w_in.size > MIN_BATCHED_WEIGHTS

    def body(state: jax_cells.State, step_inputs: tuple[Array, Array | None]) -> tuple[jax_cells.State, Array]:
        inputs, valid = step_inputs
        after = step(state, inputs if project_first else jax_cells.project(inputs, layer), layer)
        if valid is not None:
            after = tuple(jnp.where(valid, new, old) for new, old in zip(after, state, strict=True))
        return after, after[0]

    zeros = jnp.zeros((x.shape[1], layer.w_rec.shape[0]), x.dtype)
    start: jax_cells.State = (zeros, zeros) if cell == "LSTM" else (zeros,)
    end, y = lax.scan(body, start, (jax_cells.project(x, layer) if project_first else x, mask), reverse=reverse)
    return y, end[0]


def _loss(parameters: Parameters, x: Array, targets: Array, mask: Array | None, *, workload: Training) -> Array:
    layers, w_out, b_out = parameters
    hidden = x
    for directions in layers:
        outputs = [_layer(x, one, mask, cell=workload.cell, reverse=at > 0) for at, one in enumerate(directions)]
        x, last = (jnp.concatenate(parts, -1) for parts in zip(*outputs, strict=True))
        hidden = last if workload.readout == "last" else x
    predicted = hidden @ w_out + b_out
    if workload.classes:
        loss = -jnp.take_along_axis(jax.nn.log_softmax(predicted), targets[:, None], 1).mean()
    else:
        squares = (predicted - targets) ** 2
        loss = squares.mean() if mask is None else (squares * mask).sum() / (mask.sum() * workload.outputs)
    return loss


def _adam(count: Array, parameter: Array, gradient: Array, mean: Array, square: Array) -> tuple[Array, Array, Array]:
    mean = DECAY * mean + (1 - DECAY) * gradient
    square = DECAY_SQUARES * square + (1 - DECAY_SQUARES) * gradient**2
    root = jnp.sqrt(square / (1 - DECAY_SQUARES**count)) + SMALLEST
    return parameter - RATE / (1 - DECAY**count) * mean / root, mean, square


@partial(jax.jit, static_argnames="workload", donate_argnums=0)
def _step(carried: Any, x: Array, targets: Array, mask: Array | None, *, workload: Training) -> tuple[Any, Array]:
    count, parameters, means, squares = carried
    loss, gradients = jax.value_and_grad(_loss)(parameters, x, targets, mask, workload=workload)
    leaves, shape = jax.tree.flatten(parameters)
    others = (jax.tree.leaves(tree) for tree in (gradients, means, squares))
    updated = [_adam(count, *one) for one in zip(leaves, *others, strict=True)]
    return (count + 1, *(jax.tree.unflatten(shape, part) for part in zip(*updated, strict=True))), loss


class Trainer:
    """Arrays have time as first axis, as `lax.scan` requires. Packed sequences are padded and masked."""

    def __init__(self, workload: Training) -> None:
        network = weights.of(workload)
        layers = [[jax_cells.of(one) for one in layer] for layer in network.layers]
        parameters = layers, jnp.asarray(network.w_out.T), jnp.asarray(network.b_out)
        self._carried = (
            jnp.ones(()),
            parameters,
            jax.tree.map(jnp.zeros_like, parameters),
            jax.tree.map(jnp.zeros_like, parameters),
        )
        inputs, targets = (jnp.asarray(array) for array in workload.draw())
        mask = None
        if workload.packed:
            mask = (jnp.arange(workload.steps)[:, None, None] < workload.lengths[:, None]).astype(jnp.float32)
        targets = targets if workload.readout == "last" else targets.swapaxes(0, 1)
        self._step = partial(_step, x=inputs.swapaxes(0, 1), targets=targets, mask=mask, workload=workload)

    def losses(self, steps: int) -> list[float]:
        """The loss before each step."""
        losses = []
        for _ in range(steps):
            self._carried, loss = self._step(self._carried)
            losses.append(float(loss))
        return losses

    def run(self, steps: int) -> None:
        """Runs steps, and waits for the last one."""
        for _ in range(steps):
            self._carried, _ = self._step(self._carried)
        jax.block_until_ready(self._carried)
