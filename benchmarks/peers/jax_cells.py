"""LSTM and GRU for JAX in torch's variants and gate order, with the input projection as a separate function."""

from typing import NamedTuple

import jax
import jax.numpy as jnp
from jax import Array

from peers.weights import Layer

State = tuple[Array, ...]
"""h and c for an LSTM, h for a GRU."""


class Weights(NamedTuple):
    """Like `weights.Layer`, with both matrices transposed, the layout of JAX's products."""

    w_in: Array
    w_rec: Array
    b_in: Array
    b_rec: Array


def of(layer: Layer) -> Weights:
    """Converts the weights of a layer."""
    return Weights(*(jnp.asarray(array.T) for array in layer))


def project(x: Array, weights: Weights) -> Array:
    """The contribution of the inputs to all gates, for one step or a whole sequence."""
    return x @ weights.w_in + weights.b_in


def lstm(state: State, projected: Array, weights: Weights) -> State:
    """One step of an LSTM."""
    h, c = state
    i, f, g, o = jnp.split(projected + h @ weights.w_rec + weights.b_rec, 4, -1)
    c = jax.nn.sigmoid(f) * c + jax.nn.sigmoid(i) * jnp.tanh(g)
    return jax.nn.sigmoid(o) * jnp.tanh(c), c


def gru(state: State, projected: Array, weights: Weights) -> State:
    """One step of a GRU that resets after the recurrent product."""
    (h,) = state
    r_in, z_in, n_in = jnp.split(projected, 3, -1)
    r_rec, z_rec, n_rec = jnp.split(h @ weights.w_rec + weights.b_rec, 3, -1)
    z = jax.nn.sigmoid(z_in + z_rec)
    n = jnp.tanh(n_in + jax.nn.sigmoid(r_in + r_rec) * n_rec)
    return ((1 - z) * n + z * h,)
