"""Live steps with onnxruntime's I/O binding, its fastest way: the state alternates between two bound buffers."""

from collections.abc import Mapping
from typing import final

import numpy as np
import onnxruntime
from onnxruntime import OrtValue

from peers.onnx_live import state_names
from peers.stepper import Stepper
from peers.workloads import Floats, Live

State = Mapping[str, OrtValue]


@final
class BoundStepper(Stepper):
    """One stream; streams may share a session."""

    def __init__(self, workload: Live, session: onnxruntime.InferenceSession) -> None:
        self.inputs = workload.inputs
        self._session = session
        self._x = _zeros(workload.inputs)
        self._y = _zeros(workload.outputs)
        names = state_names(workload)
        first, second = ({name: _zeros(workload.hidden) for name in names} for _ in range(2))
        self._next, self._other = self._binding(first, second), self._binding(second, first)

    def step(self, x: Floats) -> Floats:
        """One step."""
        self._x.update_inplace(x[None])
        self._session.run_with_iobinding(self._next)
        self._next, self._other = self._other, self._next
        out: Floats = self._y.numpy()[0]
        return out

    def _binding(self, before: State, after: State) -> onnxruntime.IOBinding:
        binding = self._session.io_binding()
        for name, value in {"x": self._x, **before}.items():
            binding.bind_ortvalue_input(name, value)
        for name, value in {"y": self._y, **{f"{name}_end": value for name, value in after.items()}}.items():
            binding.bind_ortvalue_output(name, value)
        return binding


def _zeros(size: int) -> OrtValue:
    return OrtValue.ortvalue_from_numpy(np.zeros((1, 1, size), np.float32))
