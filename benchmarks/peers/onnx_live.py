"""Live steps with onnxruntime: LSTM operators and a linear head, with the state as inputs and outputs."""

from collections.abc import Sequence
from typing import final

import numpy as np
import onnx
import onnxruntime
from onnx import TensorProto, helper, numpy_helper

from peers import weights
from peers.stepper import Stepper
from peers.weights import Layer, Network
from peers.workloads import Floats, Live


def _gates(array: Floats) -> Floats:
    """Reorders torch's gates i f g o to ONNX's i o f c, and adds an axis for the direction."""
    i, f, g, o = np.split(array, 4)
    return np.concatenate([i, o, f, g])[None]


def _arrays(at: int, layer: Layer) -> dict[str, Floats]:
    bias = np.concatenate([_gates(layer.b_in), _gates(layer.b_rec)], 1)
    return {f"w{at}": _gates(layer.w_in), f"r{at}": _gates(layer.w_rec), f"b{at}": bias}


def _graph(network: Network, sizes: Sequence[int], inputs: int, outputs: int) -> bytes:
    """The model of one step: the final h of a layer has the shape of a one-step sequence, and is the next input."""
    arrays = {"w_out": network.w_out.T.copy(), "b_out": network.b_out}
    nodes, below = [], "x"
    for at, ((layer,), hidden) in enumerate(zip(network.layers, sizes, strict=True)):
        arrays |= _arrays(at, layer)
        feeds = [below, f"w{at}", f"r{at}", f"b{at}", "", f"h{at}", f"c{at}"]
        nodes.append(helper.make_node("LSTM", feeds, ["", f"h{at}_end", f"c{at}_end"], hidden_size=hidden))
        below = f"h{at}_end"
    nodes += [helper.make_node("MatMul", [below, "w_out"], ["y_0"]), helper.make_node("Add", ["y_0", "b_out"], ["y"])]

    def values(suffix: str) -> list[onnx.ValueInfoProto]:
        shapes = {f"{part}{at}{suffix}": hidden for part in "hc" for at, hidden in enumerate(sizes)}
        return [
            helper.make_tensor_value_info(name, TensorProto.FLOAT, [1, "batch", hidden])
            for name, hidden in shapes.items()
        ]

    x = helper.make_tensor_value_info("x", TensorProto.FLOAT, [1, "batch", inputs])
    y = helper.make_tensor_value_info("y", TensorProto.FLOAT, [1, "batch", outputs])
    tensors = [numpy_helper.from_array(np.ascontiguousarray(array), name) for name, array in arrays.items()]
    graph = helper.make_graph(nodes, "step", [x, *values("")], [y, *values("_end")], tensors)
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
    onnx.checker.check_model(model)
    return bytes(model.SerializeToString())


def session(workload: Live, threads: int) -> onnxruntime.InferenceSession:
    """A session with the network of a workload."""
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads
    options.inter_op_num_threads = 1
    graph = _graph(weights.of(workload), workload.sizes, workload.inputs, workload.outputs)
    return onnxruntime.InferenceSession(graph, options, ["CPUExecutionProvider"])


def state_names(workload: Live) -> list[str]:
    """State inputs of the graph; the names of the state outputs end in `_end`."""
    return [f"{part}{at}" for part in "hc" for at in range(workload.layers)]


@final
class OnnxStepper(Stepper):
    """One session with `streams` states of one row each, or one state of `batch` rows."""

    def __init__(self, workload: Live, *, threads: int = 1, streams: int = 1, batch: int = 1) -> None:
        self.inputs = workload.inputs
        self._session = session(workload, threads)
        names = state_names(workload)
        self._outputs = ["y", *(f"{name}_end" for name in names)]
        zeros = np.zeros((1, batch, workload.hidden), np.float32)
        self._states = [dict.fromkeys(names, zeros) for _ in range(streams)]

    def step(self, x: Floats) -> Floats:
        """One step of the first stream, or of the batch."""
        return self._step(0, x)

    def step_each(self, xs: Floats) -> list[Floats]:
        """One step of each stream in turn."""
        return [self._step(at, xs[at : at + 1]) for at in range(len(self._states))]

    def _step(self, at: int, x: Floats) -> Floats:
        state = self._states[at]
        y, *after = self._session.run(self._outputs, {"x": x[None], **state})
        self._states[at] = dict(zip(state, after, strict=True))
        first: Floats = y[0]
        return first
