"""Step-by-step inference and generation for thousands of parallel sequences on the step kernels."""

import copy
from typing import Any, Literal, Protocol, Self, final, get_args

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from echoic import ops
from echoic.encoders import Identity
from echoic.errors import ConfigError
from echoic.forks import check_threads
from echoic.heads import Gaussian, Head, Point
from echoic.heads.gaussian import MIN_SCALE
from echoic.model import SequenceModel
from echoic.readouts import PerStep
from echoic.types import Floats

Storage = Literal["float32", "float16", "bfloat16", "int8"]

MOST_STEPS_PER_CALL = 4096
"""Most steps of `generate_` in one call of the kernel, during which signals wait."""

CALL_WORK = 1_000_000_000
"""Multiplications of one call, about: a quarter of a second on a core, or one step."""

SAMPLED_HEADS: dict[type[Head], str] = {Point: "point", Gaussian: "gaussian"}
"""Heads that the kernel can sample from, and their names in the kernel."""


class BoundStep(Protocol):
    """A step between arrays that were checked before."""

    def __call__(self, *numbers: float) -> None:
        """One step, whose inputs are the numbers, or without any those of the array."""
        ...


def can_run(model: SequenceModel) -> bool:
    """Whether `KernelStream` supports this model and a compiled kernel is in use."""
    return ops.kernel() != "off" and _fits(model)


def _fits(model: SequenceModel) -> bool:
    return (
        # Of exact types, as the methods of a subclass would not be called.
        model.stack.live_layers() is not None
        and type(model.encoder) is Identity
        and type(model.readout) is PerStep
        and type(model.head).forward is Head.forward
        and type(model.head.linear) is nn.Linear
    )


@final
class KernelStream:
    """Runs a model on the step kernels, with a copy of its weights in their layout.

    The state is a matrix `(streams, model.state_size)` in float32, a row per stream, as `model.pack` returns it. `push`
    leaves it unchanged. `step_`, bound steps and `generate_` update the selected rows in place without copies; several
    threads may call them concurrently on disjoint rows. Streams can be copied, and sent to other processes.

    Weights stored in 16 or 8 bits take a half or a quarter of the memory, and less time where they exceed the nearest
    cache. float16 is the most exact of them, bfloat16 the fastest for most sizes, int8 (one scale per row of a weight
    matrix) the smallest. With bfloat16 the hidden vectors are rounded to it as well where they are multiplied by
    weights: CPUs that multiply bfloat16 then make steps of many streams faster, and others get the same results, up to
    the rounding of numbers near a tie. Inputs, gates, states and sums are always in float32.

    Args:
        model: on any device, with the encoder `identity`, cells lstm or gru, the readout `per_step` and a head with
            echoic's own `forward`; subclasses of these may do something else, so they are not supported.
        storage: type of the stored weights.
        threads: CPU threads per step; more than one pays off from a few hundred units per layer.

    Raises:
        ConfigError: encoder, cell, readout or storage are not supported, or a forked process asks for more threads.
        KernelError: no compiled kernel is in use.
    """

    def __init__(self, model: SequenceModel, *, storage: Storage = "float32", threads: int = 1) -> None:
        if storage not in get_args(Storage):
            raise ConfigError(f"`storage` must be one of {', '.join(get_args(Storage))}, got {storage!r}.")
        if threads < 1:
            raise ConfigError(f"`threads` must be 1 or more, got {threads}.")
        check_threads(threads)
        layers = model.stack.live_layers()
        if layers is None or not _fits(model):
            parts = (model.encoder, model.stack, *model.stack.layers, model.readout, model.head)
            kinds = [type(part).__name__ for part in parts]
            raise ConfigError(
                "A kernel stream requires the encoder `identity`, cells lstm or gru, the readout `per_step` and a head "
                f"with echoic's own `forward` (train with --strategy recursive), got {', '.join(kinds)}; use "
                "NetworkStream."
            )
        linear = model.head.linear
        self._model, self._storage, self._threads = model, storage, threads
        self._network = ops.live_network(layers, (linear.weight, linear.bias), storage=storage, threads=threads)
        self._num_weights = sum(parameter.numel() for parameter in model.parameters())
        self._start = model.pack(model.initial_state(1)).detach().cpu().numpy()
        self._distribution = SAMPLED_HEADS.get(type(model.head))
        self._features = model.head.features
        self._parameters = model.head.parameters_per_value
        self.state_size = model.state_size
        self.outputs = linear.out_features

    def __deepcopy__(self, memo: dict[int, Any]) -> Self:
        """A copy shares the packed weights, which never change."""
        del memo
        return copy.copy(self)

    def __copy__(self) -> Self:
        other = object.__new__(type(self))
        other.__dict__.update(self.__dict__)
        return other

    def __reduce__(self) -> tuple[Any, ...]:
        """In another process a stream is made of the model, as the model is when it is sent."""
        return _made, (self._model, self._storage, self._threads)

    def start(self, streams: int = 1) -> Floats:
        """The states `(streams, state_size)` before the first step."""
        return np.repeat(self._start, streams, 0)

    def push(self, chunk: Floats, state: Floats) -> tuple[Floats, Floats]:
        """Outputs `(streams, steps, outputs)` for inputs `(streams, steps, inputs)`, and the states after them.

        Raises:
            ValueError: sizes do not match.
            TypeError: an array is not float32.
        """
        if chunk.ndim != 3:
            raise ValueError(f"`chunk` must be (streams, steps, inputs), got {chunk.shape}.")
        if len(chunk) != len(state):
            raise ValueError(f"`chunk` must have a row per state ({len(state)}), got {len(chunk)}.")
        _check_floats(chunk=chunk, state=state)
        state = state.copy()
        x, out = np.empty((len(state), chunk.shape[2]), np.float32), np.empty((len(state), self.outputs), np.float32)
        outputs = np.empty((*chunk.shape[:2], self.outputs), np.float32)
        step_once = self.bind(x, state, out)
        for step in range(chunk.shape[1]):
            x[:] = chunk[:, step]
            step_once()
            outputs[:, step] = out
        return outputs, state

    def step_(self, x: Floats, states: Floats, rows: NDArray[np.int64] | None = None) -> Floats:
        """One step of the selected streams, in place.

        Args:
            x: `(n, inputs)`, C-contiguous.
            states: `(streams, state_size)`, C-contiguous; the selected rows are replaced.
            rows: `(n,)`, distinct indices of streams; by default the first n.

        Returns:
            The head's parameters, `(n, outputs)`; `params` reshapes them for the head.

        Raises:
            ValueError: sizes do not match, or a row is out of range.
            TypeError: an array is not float32 or not contiguous.
        """
        out = np.empty((len(x), self.outputs), np.float32)
        try:
            self._network.step(x, states, out, rows)
        except (TypeError, ValueError):
            _check_floats(x=x, states=states)
            _check_rows(rows, len(states))
            raise
        return out

    def bind(self, x: Floats, states: Floats, out: Floats) -> BoundStep:
        """A call that makes one step between these arrays: it reads `x`, and replaces the others.

        The arrays are checked here, once: a step of a small network takes less time than the checks of `step_`. Write
        the next inputs into `x` between two calls; or pass them to the call as numbers, one for each of `x`, which is
        quicker for a few. A call with another number of them raises ValueError. During short steps other threads of
        Python wait.

        Args:
            x: `(n, inputs)`, C-contiguous.
            states: `(streams, state_size)`, C-contiguous; the first n rows are replaced.
            out: `(n, outputs)`, C-contiguous; the head's parameters after each call.

        Raises:
            ValueError: sizes do not match.
            TypeError: an array is not float32, not contiguous, or one that is replaced is read-only.
        """
        _check_floats(x=x, states=states, out=out)
        _check_in_place(x=x, states=states, out=out)
        step_once: BoundStep = self._network.bind(x, states, out)
        return step_once

    def params(self, outputs: Floats) -> Tensor:
        """Outputs `(n, outputs)` in the shape of the model's head: `(n, outputs_per_step, features, parameters)`."""
        return torch.from_numpy(outputs).view(len(outputs), -1, self._features, self._parameters)

    @staticmethod
    def flat(params: Tensor) -> Floats:
        """The inverse of `params`, as a copy; converts the result of `NetworkStream.prime` for `generate_`."""
        return params.detach().cpu().flatten(1).numpy().copy()

    def generate_(
        self,
        outputs: Floats,
        states: Floats,
        steps: int,
        *,
        temperature: float = 0.0,
        generator: torch.Generator | None = None,
    ) -> Floats:
        """Generates `steps` steps autoregressively and in place, in several calls so that Ctrl-C takes effect.

        Equals a `GenerationStream` with the same generator. To continue, call again with the updated arrays.

        Args:
            outputs: `(streams, outputs)` after the last known step; replaced by those after the last generated one.
            states: `(streams, state_size)`, replaced.
            steps: number of values per stream.
            temperature: scales the deviation of samples from the mean; 0 returns the mean.
            generator: source of randomness; required unless the temperature is 0 or the head has no distribution.

        Returns:
            Values `(steps, streams, features)`.

        Raises:
            ConfigError: the kernel cannot sample from this head, or there is no generator.
        """
        if self._distribution is None:
            known = ", ".join(kind.__name__ for kind in SAMPLED_HEADS)
            raise ConfigError(f"`generate_` requires one of the heads {known}; use GenerationStream.")
        _check_floats(outputs=outputs, states=states)
        values = np.empty((steps, len(outputs), self._features), np.float32)
        is_sampled = bool(temperature) and self._distribution != "point"
        if is_sampled and generator is None:
            raise ConfigError("Sampling requires a `generator`, except at temperature 0.")
        each = steps_per_call(self._num_weights, len(outputs))
        for first in range(0, steps, each):
            part = values[first : first + each]
            noise = noise_of(len(part), (len(outputs), 1, self._features), generator) if is_sampled else None
            self._network.loop(states, outputs, None, part, self._distribution, temperature, MIN_SCALE, noise, None)
        return values


def steps_per_call(num_weights: int, streams: int) -> int:
    """Generated steps in one call of the kernel."""
    return min(max(1, CALL_WORK // max(1, num_weights * streams)), MOST_STEPS_PER_CALL)


def _made(model: SequenceModel, storage: Storage, threads: int) -> KernelStream:
    return KernelStream(model, storage=storage, threads=threads)


def noise_of(steps: int, shape: tuple[int, ...], generator: torch.Generator | None) -> Floats:
    """Normal values `(steps, streams, features)`: a draw per step, as a GenerationStream makes them."""
    return np.stack([torch.randn(shape, generator=generator).numpy()[:, 0] for _ in range(steps)])


def _check_floats(**arrays: Any) -> None:
    """The errors of the kernel have neither the name nor the type of the array."""
    for name, array in arrays.items():
        kind = array.dtype if isinstance(array, np.ndarray) else type(array).__name__
        if kind != np.float32:
            raise TypeError(f"`{name}` must be a float32 array, got {kind}; convert it with astype(numpy.float32).")


def _check_in_place(**arrays: Floats) -> None:
    """The kernel reads and writes the memory of the arrays, row after row; the inputs `x` are only read."""
    for name, array in arrays.items():
        if array.ndim != 2 or not array.flags.c_contiguous:
            raise TypeError(f"`{name}` must be a C-contiguous matrix; copy it with numpy.ascontiguousarray.")
        if name != "x" and not array.flags.writeable:
            raise TypeError(f"`{name}` must be writeable; copy it.")


def _check_rows(rows: Any, streams: int) -> None:
    if rows is None:
        return
    if not isinstance(rows, np.ndarray) or rows.dtype != np.int64:
        raise TypeError(f"`rows` must be an int64 array, got {getattr(rows, 'dtype', type(rows).__name__)}.")
    for row in rows[(rows < 0) | (rows >= streams)].tolist():
        raise ValueError(f"`rows` must be from 0 to {streams - 1}, the streams in `states`, got {row}.")
