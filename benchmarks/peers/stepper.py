"""The interface of live contenders: one step of one stream, with the state kept by the stepper."""

import abc
import contextlib

import numpy as np

from peers.workloads import Floats


class AbsentError(Exception):
    """An installed contender cannot run here."""


class Stepper(abc.ABC):
    """A network with its state, which is initially zero."""

    inputs: int

    @abc.abstractmethod
    def step(self, x: Floats) -> Floats:
        """One step from `(1, inputs)` to `(1, outputs)`, NumPy arrays."""

    def settings(self) -> contextlib.AbstractContextManager[object]:
        """A context for steps."""
        return contextlib.nullcontext()

    def follow(self, xs: Floats) -> Floats:
        """The outputs for inputs `(steps, 1, inputs)`."""
        with self.settings():
            return np.stack([np.array(self.step(x)) for x in xs])

    def run(self, steps: int) -> None:
        """Runs steps with the same input, one call per step."""
        x = np.full((1, self.inputs), 0.5, np.float32)
        with self.settings():
            for _ in range(steps):
                self.step(x)
