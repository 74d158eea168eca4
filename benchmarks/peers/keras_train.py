"""Training steps with Keras 3 and its JAX backend, by `train_on_batch`."""

import jax.numpy as jnp
import keras
import numpy as np

from peers import weights
from peers.weights import Layer
from peers.workloads import Floats, Training


def _arrays(layer: Layer, cell: str) -> list[Floats]:
    """Weights in the layout of Keras: its GRU has the update gate first, its LSTM has one bias."""
    if cell == "LSTM":
        return [layer.w_in.T, layer.w_rec.T, layer.b_in + layer.b_rec]
    swapped = [np.concatenate([np.split(array, 3)[gate] for gate in (1, 0, 2)]) for array in layer]
    return [swapped[0].T, swapped[1].T, np.stack(swapped[2:])]


def _model(workload: Training) -> keras.Model:
    model = keras.Sequential([keras.Input((workload.steps, workload.inputs))])
    for at in range(workload.layers):
        every = workload.readout == "every" or at + 1 < workload.layers
        layer = getattr(keras.layers, workload.cell)(workload.hidden, return_sequences=every)
        model.add(keras.layers.Bidirectional(layer) if workload.bidirectional else layer)
    model.add(keras.layers.Dense(workload.outputs))
    return model


class Trainer:
    """The LSTM has one bias where the others have two, so its losses differ slightly after the first step."""

    def __init__(self, workload: Training) -> None:
        network = weights.of(workload)
        self._model = _model(workload)
        arrays = [_arrays(one, workload.cell) for directions in network.layers for one in directions]
        self._model.set_weights([*(one for layer in arrays for one in layer), network.w_out.T, network.b_out])
        loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True) if workload.classes else "mse"
        self._model.compile(optimizer=keras.optimizers.Adam(1e-3, epsilon=1e-8), loss=loss)
        self._inputs, self._targets = (jnp.asarray(array) for array in workload.draw())

    def losses(self, steps: int) -> list[float]:
        """The loss before each step."""
        return [float(self._model.train_on_batch(self._inputs, self._targets)) for _ in range(steps)]

    def run(self, steps: int) -> None:
        """Runs steps; each returns its loss as a number, so it is complete."""
        for _ in range(steps):
            self._model.train_on_batch(self._inputs, self._targets)
