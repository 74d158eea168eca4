"""A module of the user in place of the recurrent layers."""

from typing import Any, final

import torch
from jaxtyping import Float, Integer
from torch import Tensor, nn

from echoic import ops
from echoic.cells.base import Cell
from echoic.errors import ConfigError, ShapeError
from echoic.tensors import State

_PROBE_STEPS = 3
_TOLERANCE = 1e-4


@final
class NetworkStack(nn.Module):
    """Wraps a module with the interface of `torch.nn.GRU(..., batch_first=True)`.

    `y = network(x)` or `y, state = network(x, state)` for `x` `(batch, steps, input_size)` and `y` `(batch, steps,
    output_size)`. The state is one tensor or a tuple of tensors, each `(layers, batch, hidden)`, and starts at zero.
    Output size and state are found by a trial run of three steps.

    Args:
        network: the module.
        input_size: values per step.
        is_stepwise: the network will run step by step, so it must have a state and be causal.

    Raises:
        ConfigError: the output has another shape, or a stepwise network has no state or other outputs step by step.
    """

    def __init__(self, network: nn.Module, input_size: int, *, is_stepwise: bool = True) -> None:
        super().__init__()
        self.network = network
        self.input_size = input_size
        y, state = self._trial_run(is_stepwise=is_stepwise)
        self.output_size = y.shape[2]
        self.is_stateful = state is not None
        self._is_single = isinstance(state, Tensor)
        vectors: tuple[Tensor, ...] = (state,) if isinstance(state, Tensor) else state or ()
        self._shapes = [(one.shape[0], one.shape[2]) for one in vectors]

    @property
    def layers(self) -> list[Cell]:
        """Empty: the network has layers of its own."""
        return []

    @property
    def state_size(self) -> int:
        """Numbers in the state of one row."""
        return sum(layers * hidden for layers, hidden in self._shapes)

    def initial_state(self, batch: int) -> State:
        """The zero state of `batch` rows."""
        if not self.is_stateful:
            return ()
        zero = next(self.network.parameters(), torch.zeros(0)).new_zeros
        return (tuple(zero(batch, layers * hidden) for layers, hidden in self._shapes),)

    def pack(self, state: State) -> Float[Tensor, "batch state"]:
        """The state as one matrix of width `state_size`; `unpack` is the exact inverse."""
        return torch.cat(state[0], -1) if self.is_stateful else torch.zeros(0, 0)

    def unpack(self, matrix: Float[Tensor, "batch state"]) -> State:
        """The state that `pack` made into `matrix`.

        Raises:
            ShapeError: the matrix is not two-dimensional or has another width.
        """
        if not self.is_stateful and not matrix.numel():
            return ()
        if matrix.ndim != 2 or matrix.shape[1] != self.state_size:
            raise ShapeError(f"A state matrix must be (batch, {self.state_size}), got {tuple(matrix.shape)}.")
        return (torch.split(matrix, [layers * hidden for layers, hidden in self._shapes], -1),)

    def forward(
        self, x: Float[Tensor, "batch steps inputs"], state: State, lengths: Integer[Tensor, "batch"] | None = None
    ) -> tuple[Float[Tensor, "batch steps outputs"], State]:
        """Outputs and the state after the last step; `lengths` is ignored."""
        if not self.is_stateful:
            return self.network(x), state
        vectors = tuple(
            vector.view(len(vector), *shape).transpose(0, 1).contiguous()
            for vector, shape in zip(state[0], self._shapes, strict=True)
        )
        y, after = self.network(x, vectors[0] if self._is_single else vectors)
        ends = (after,) if self._is_single else after
        return y, (tuple(end.transpose(0, 1).flatten(1) for end in ends),)

    def live_layers(self) -> list[ops.LayerWeights] | None:
        """None: the step kernels do not support the network."""
        return None

    def _trial_run(self, *, is_stepwise: bool) -> tuple[Tensor, Any]:
        was_training = self.network.training
        x = torch.linspace(-1, 1, 2 * _PROBE_STEPS * self.input_size).view(2, _PROBE_STEPS, self.input_size)
        with torch.no_grad():
            y, state = _split(self.network.eval()(x))
            if not isinstance(y, Tensor) or y.ndim != 3 or y.shape[:2] != x.shape[:2]:
                raise ConfigError(
                    f"`network` must map (batch, steps, {self.input_size}) to (batch, steps, output_size), got "
                    f"{tuple(y.shape) if isinstance(y, Tensor) else type(y).__name__} for {tuple(x.shape)}."
                )
            if is_stepwise:
                self._check_steps(x, y)
        self.network.train(was_training)
        return y, state

    def _check_steps(self, x: Tensor, y: Tensor) -> None:
        """One step at a time with the state carried must give the same; so the network is causal as well."""
        first, state = _split(self.network(x[:, :1]))
        if state is None:
            raise ConfigError(
                "`network` runs step by step in this job, so it must take and return a state, as "
                "`y, state = network(x, state)`."
            )
        outputs = [first]
        for x_t in x.unbind(1)[1:]:
            step, state = self.network(x_t[:, None], state)
            outputs.append(step)
        if not torch.allclose(torch.cat(outputs, 1), y, atol=_TOLERANCE, rtol=_TOLERANCE, equal_nan=True):
            raise ConfigError(
                "`network` must give the same outputs step by step, with its state carried, as for a whole sequence."
            )


def _split(result: Any) -> tuple[Any, Any]:
    """The output, and the state if there is one."""
    return result if isinstance(result, tuple) else (result, None)
