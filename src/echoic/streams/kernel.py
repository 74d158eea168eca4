"""Run a trained model live: one step for one stream or thousands, or feeding itself, by the step kernels."""

from typing import Literal, final, get_args

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from echoic import ops
from echoic.encoders import Identity
from echoic.errors import ConfigError
from echoic.heads import Gaussian, Head, Point
from echoic.heads.gaussian import MIN_SCALE
from echoic.model import SequenceModel
from echoic.readouts import PerStep
from echoic.types import Floats

Storage = Literal["float32", "float16", "int8"]

DRAWS: dict[type[Head], str] = {Point: "point", Gaussian: "gaussian"}
"""Heads whose values the kernel can draw itself, and what it calls that."""


def can_run(model: SequenceModel) -> bool:
    """Whether `Live` takes this model, here: cells and ends that it knows, and a compiled kernel in use."""
    return ops.kernel() != "off" and _fits(model)


def _fits(model: SequenceModel) -> bool:
    return (
        model.stack.live_layers() is not None
        and isinstance(model.encoder, Identity)
        and isinstance(model.readout, PerStep)
    )


@final
class Live:
    """A copy of a model's weights, packed for stepping; the states stay with the caller.

    States are the rows of one matrix `(streams, model.state_size)` in float32, as `model.pack` gives them; every call
    replaces those rows that take part, and no others. Several threads may call at once, each on rows of its own.

    Weights kept as float16 or int8 (one scale for each row of a weight matrix) take a half or a quarter of the memory:
    for layers too large for the caches that is also the time of a step. Sums are made in float32 all the same.

    Args:
        model: on any device, with a plain encoder and a readout of every step.
        storage: how the weights are kept.
        threads: how many CPU threads share one step; more than one pays off from some hundred units a layer.

    Raises:
        ConfigError: the model has another encoder, cell or readout, or the storage is unknown.
        KernelError: no compiled kernel is in use.
    """

    def __init__(self, model: SequenceModel, *, storage: Storage = "float32", threads: int = 1) -> None:
        if storage not in get_args(Storage):
            raise ConfigError(f"`storage` must be one of {', '.join(get_args(Storage))}, got {storage!r}.")
        if threads < 1:
            raise ConfigError(f"`threads` must be 1 or more, got {threads}.")
        layers = model.stack.live_layers()
        if layers is None or not _fits(model):
            parts = (model.encoder, model.stack, *model.stack.layers, model.readout)
            kinds = [type(part).__name__ for part in parts]
            raise ConfigError(
                "A live model must have the encoder `identity`, cells lstm or gru and the readout `per_step` "
                f"(train with --strategy recursive); this one has {', '.join(kinds)}: use model.step."
            )
        linear = model.head.linear
        self._network = ops.live_network(layers, (linear.weight, linear.bias), storage=storage, threads=threads)
        self._start = model.pack(model.initial_state(1)).detach().cpu().numpy()
        self._draw = DRAWS.get(type(model.head))
        self._features = model.head.features
        self._parameters = model.head.parameters_per_value
        self.state_size = model.state_size
        self.outputs = linear.out_features

    def initial_states(self, streams: int) -> Floats:
        """The states `(streams, state_size)` before the first step."""
        return np.repeat(self._start, streams, 0)

    def step(self, x: Floats, states: Floats, rows: NDArray[np.int64] | None = None) -> Floats:
        """One step of some streams.

        Args:
            x: `(n, inputs)`, C-contiguous.
            states: `(streams, state_size)`, C-contiguous; the rows that step are replaced.
            rows: `(n,)`, which streams step, none twice; by default the first n.

        Returns:
            The head's parameters, `(n, outputs)`; `params` gives them their shape.

        Raises:
            ValueError: sizes do not belong together, or there is no such stream.
            TypeError: an array is not float32 or not contiguous.
        """
        out = np.empty((len(x), self.outputs), np.float32)
        self._network.step(x, states, out, rows)
        return out

    def params(self, outputs: Floats) -> Tensor:
        """What the model's head takes: `(n, samples, features, parameters)`."""
        return torch.from_numpy(outputs).view(len(outputs), -1, self._features, self._parameters)

    @staticmethod
    def flat(params: Tensor) -> Floats:
        """The inverse of `params`, as a copy: what `echoic.streams.generation.prime` gives, ready for `free_run`."""
        return params.detach().cpu().flatten(1).numpy().copy()

    def free_run(
        self,
        outputs: Floats,
        states: Floats,
        steps: int,
        *,
        temperature: float = 0.0,
        generator: torch.Generator | None = None,
    ) -> Floats:
        """Lets the streams feed themselves for `steps` steps in one call, each value being the next input.

        Equals stepping one by one with the same generator. To go on later, call again with what this call left.

        Args:
            outputs: `(streams, outputs)` after the last known step; replaced by those after the last value.
            states: `(streams, state_size)`, replaced.
            steps: how many values.
            temperature: scales the distance of a draw from the mean; 0 is the mean path.
            generator: where draws come from; needed unless the temperature is 0 or the head has no distribution.

        Returns:
            Values `(steps, streams, features)`.

        Raises:
            ConfigError: the kernel cannot draw from this head, or there is no generator.
        """
        if self._draw is None:
            known = ", ".join(kind.__name__ for kind in DRAWS)
            raise ConfigError(
                f"Only models with one of the heads {known} run in one call; use echoic.streams.generation.free_run."
            )
        values = np.empty((steps, len(outputs), self._features), np.float32)
        noise = None
        if temperature and self._draw != "point":
            if generator is None:
                raise ConfigError("Draws need a `generator`; a temperature of 0 needs none.")
            # One draw a step, as stepping by hand would make them.
            shape = (len(outputs), 1, self._features)
            noise = np.stack([torch.randn(shape, generator=generator).numpy()[:, 0] for _ in range(steps)])
        self._network.loop(states, outputs, None, values, self._draw, temperature, MIN_SCALE, noise, None)
        return values
