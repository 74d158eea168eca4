"""What closed loops of the step kernels share: many steps in one call, each fed with what the one before has drawn."""

from typing import Protocol

import numpy as np
import torch
from torch import Tensor

from echoic.errors import RunError, ShapeError
from echoic.heads.sampling import draw_uniforms
from echoic.types import Floats

_BELOW_ONE = np.nextafter(np.float32(1), np.float32(0))


class Loop(Protocol):
    """Generates values from head parameters and states, which it leaves unchanged."""

    def run(
        self,
        steps: int,
        params: Tensor,
        recurrent: Tensor,
        values: Tensor | None,
        temperature: float,
        generator: torch.Generator,
    ) -> tuple[Tensor, Tensor, Tensor]:
        """The next values `(rows, steps, features)`, and the head parameters and the state after all of them.

        Args:
            steps: number of steps per row.
            params: head parameters `(rows, 1, features, parameters)` of the newest step.
            recurrent: the state `(rows, state_size)` that belongs to them.
            values: values `(rows, 1, features)` that are to be read before; None for none.
            temperature: divides logits; 0 takes the most probable values.
            generator: the source of randomness, used as by the head's own draws.

        Raises:
            RunError: head parameters are not numbers.
            ShapeError: there is not a state for each row.
        """
        ...


def states_of(params: Tensor, recurrent: Tensor, state_size: int) -> Floats:
    """A copy of the states.

    Raises:
        ShapeError: there is not a state for each row of `params`.
    """
    if recurrent.shape != (len(params), state_size):
        raise ShapeError(
            f"`recurrent` must be ({len(params)}, {state_size}), a state for each row of `params`, got "
            f"{tuple(recurrent.shape)}."
        )
    return np.array(recurrent.numpy(), np.float32)


def uniforms(shape: tuple[int, ...], generator: torch.Generator) -> Floats:
    """The numbers of `draw_uniforms` in float32, below one also where they would round to it."""
    return np.minimum(draw_uniforms(shape, generator).numpy().astype(np.float32), _BELOW_ONE)


def check_logits(logits: Floats) -> None:
    """Checks what a network predicts.

    Raises:
        RunError: logits are not numbers.
    """
    if np.isnan(logits).any():
        raise RunError("The network gives logits that are not numbers; its weights are, or training has failed.")
