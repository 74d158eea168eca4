"""What every live contender offers: one step of one stream, its state kept and handed on by the caller's side."""

import abc
import contextlib

import numpy as np

from peers.workloads import Floats


class AbsentError(Exception):
    """A contender that is installed cannot take part here."""


class Stepper(abc.ABC):
    """Made anew, its state is zero."""

    inputs: int

    @abc.abstractmethod
    def step(self, x: Floats) -> Floats:
        """One step `(1, inputs)` to `(1, outputs)`, both NumPy's."""

    def settings(self) -> contextlib.AbstractContextManager[object]:
        """What has to be set around steps."""
        return contextlib.nullcontext()

    def follow(self, xs: Floats) -> Floats:
        """The outputs for some steps `(steps, 1, inputs)`."""
        with self.settings():
            return np.stack([np.array(self.step(x)) for x in xs])

    def run(self, steps: int) -> None:
        """Some steps of the same input, one call each."""
        x = np.full((1, self.inputs), 0.5, np.float32)
        with self.settings():
            for _ in range(steps):
                self.step(x)
