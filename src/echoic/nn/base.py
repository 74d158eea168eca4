"""Base of the drop-in layers: torch's arguments, parameters and input formats."""

import abc
import itertools
import warnings
from collections.abc import Mapping
from typing import Any, ClassVar, TypeVar

import torch
from torch import Tensor, nn
from torch.nn.utils.rnn import PackedSequence, pack_padded_sequence, pad_packed_sequence

from echoic import ops
from echoic.errors import ConfigError, ShapeError

Sequences = TypeVar("Sequences", Tensor, PackedSequence)
"""Input and output have the same type: tensor or packed sequence."""

LayerState = tuple[Tensor, ...]


class Recurrent(nn.Module, abc.ABC):
    """Stacked recurrent layers, unidirectional or bidirectional, with the interface of `torch.nn.RNNBase`."""

    num_gates: ClassVar[int]
    num_states: ClassVar[int]
    """Vectors of `hidden_size` in the state."""

    proj_size: ClassVar[int] = 0
    precision: str | None = None

    def __init__(
        self,
        input_size: int,
        hidden_size: int,
        num_layers: int = 1,
        bias: bool = True,
        batch_first: bool = False,
        dropout: float = 0.0,
        bidirectional: bool = False,
        proj_size: int = 0,
        device: torch.device | str | int | None = None,
        dtype: torch.dtype | None = None,
        precision: str | None = None,
    ) -> None:
        super().__init__()
        _check_sizes(input_size=input_size, hidden_size=hidden_size, num_layers=num_layers)
        if proj_size != 0:
            raise ConfigError(f"`proj_size` must be 0, got {proj_size!r}; for projections use `torch.nn.LSTM`.")
        if not 0 <= dropout <= 1:
            raise ConfigError(f"`dropout` must be between 0 and 1, got {dropout!r}.")
        if precision not in (None, "float32", "bf16"):
            raise ConfigError(f"`precision` must be 'float32', 'bf16' or None, got {precision!r}.")
        if dropout > 0 and num_layers == 1:
            warnings.warn(f"`dropout={dropout}` has no effect with a single layer.", stacklevel=2)
        self.input_size = input_size
        self.hidden_size = hidden_size
        self.num_layers = num_layers
        self.bias = bias
        self.batch_first = batch_first
        self.dropout = float(dropout)
        self.precision = precision
        self.bidirectional = bidirectional
        self._names: list[list[str]] = []
        for layer, suffix in itertools.product(range(num_layers), ["", "_reverse"][: self._directions]):
            self._add_parameters(layer, suffix, device, dtype)
        self.reset_parameters()

    def _add_parameters(
        self, layer: int, suffix: str, device: torch.device | str | int | None, dtype: torch.dtype | None
    ) -> None:
        rows, inputs = (
            self.num_gates * self.hidden_size,
            self.hidden_size * self._directions if layer else self.input_size,
        )
        shapes: dict[str, tuple[int, ...]] = {"weight_ih": (rows, inputs), "weight_hh": (rows, self.hidden_size)}
        if self.bias:
            shapes |= {"bias_ih": (rows,), "bias_hh": (rows,)}
        self._names.append([f"{name}_l{layer}{suffix}" for name in shapes])
        for name, shape in zip(self._names[-1], shapes.values(), strict=True):
            self.register_parameter(name, nn.Parameter(torch.empty(shape, device=device, dtype=dtype)))

    @property
    def _directions(self) -> int:
        return 2 if self.bidirectional else 1

    @property
    def all_weights(self) -> list[list[Tensor]]:
        """The parameters of each layer, and within it of each direction: input, recurrent, and the two biases."""
        try:
            found: Mapping[str, Any] = self._parameters  # reading attributes of a module takes ten times as long
            return [[found[name] for name in names] for names in self._names]
        except KeyError:  # a parametrised weight is computed when it is read
            return [[getattr(self, name) for name in names] for names in self._names]

    def reset_parameters(self) -> None:
        """Initializes all parameters: uniform within one over the root of `hidden_size`, from torch's generator."""
        bound = self.hidden_size**-0.5
        for weights in self.parameters():
            nn.init.uniform_(weights, -bound, bound)

    def flatten_parameters(self) -> None:
        """Does nothing; the kernels need no contiguous weights. For programs that call it."""

    def extra_repr(self) -> str:
        """For torch's printout of a model."""
        defaults: dict[str, Any] = {"num_layers": 1, "bias": True, "batch_first": False, "dropout": 0}
        defaults |= {"bidirectional": False, "precision": None}
        others = [f"{name}={getattr(self, name)}" for name, value in defaults.items() if getattr(self, name) != value]
        return ", ".join([str(self.input_size), str(self.hidden_size), *others])

    @abc.abstractmethod
    def _layer(
        self, x: Tensor, state: LayerState, weights: ops.StackWeights, lengths: Tensor | None, *, reverse: bool
    ) -> tuple[Tensor, LayerState]:
        """One layer in one direction: hidden vectors for `x` `(batch, steps, inputs)`, and the final state."""

    @abc.abstractmethod
    def _kernel_weights(self, weights: list[Tensor]) -> ops.StackWeights:
        """Input and recurrent weights of a layer, the sum of its biases, and the one inside a GRU's reset gate."""

    def _run(self, input: Sequences, hx: LayerState | None) -> tuple[Sequences, LayerState]:
        """All layers over `input` in any format; the state has one tensor for each of its vectors."""
        if self.precision is None:
            return self._run_any(input, hx)
        device = next(self.parameters()).device.type
        if not torch.amp.is_autocast_available(device):
            return self._run_any(input, hx)
        with torch.autocast(device, torch.bfloat16, enabled=self.precision == "bf16"):
            return self._run_any(input, hx)

    def _run_any(self, input: Sequences, hx: LayerState | None) -> tuple[Sequences, LayerState]:
        if isinstance(input, PackedSequence):
            return self._run_packed(input, hx)
        if input.ndim == 3:
            x = input if self.batch_first else input.transpose(0, 1)
            y, after = self._run_rows(x, hx, x.shape[:1])
            return y if self.batch_first else y.transpose(0, 1), after
        if input.ndim == 2:
            y, after = self._run_rows(input[None], hx, ())
            return y[0], after
        raise ShapeError(f"`input` must have 3 dimensions, or 2 without a batch, got {tuple(input.shape)}.")

    def _run_packed(self, packed: PackedSequence, hx: LayerState | None) -> tuple[PackedSequence, LayerState]:
        """Rows are in packed order, longest first; `hx` and the returned state are in the caller's order."""
        data, batch_sizes, order, back = packed
        if data.ndim != 2:
            raise ShapeError(f"The data of a packed `input` must have 2 dimensions, got {tuple(data.shape)}.")
        x, lengths = pad_packed_sequence(PackedSequence(data, batch_sizes), batch_first=True)
        y, after = self._run_rows(x, hx, x.shape[:1], lengths, order)
        if back is not None:
            after = tuple(vector.index_select(1, back) for vector in after)
        return PackedSequence(pack_padded_sequence(y, lengths, batch_first=True).data, batch_sizes, order, back), after

    def _run_rows(
        self,
        x: Tensor,
        hx: LayerState | None,
        batch: tuple[int, ...],
        lengths: Tensor | None = None,
        order: Tensor | None = None,
    ) -> tuple[Tensor, LayerState]:
        """All layers over `x` `(rows, steps, input_size)`; `hx` is `(layers * directions, *batch, hidden_size)`."""
        weights = self.all_weights
        dtype = weights[0][0].dtype
        if x.dtype != dtype or (hx is not None and hx[0].dtype != dtype):
            x, hx = _cast(x, hx, dtype)
        if x.shape[2] != self.input_size or not x.shape[1] or x.dtype != dtype:
            raise ShapeError(
                f"`input` must have at least one step, of size {self.input_size} in {dtype} like the weights, "
                f"got {x.shape[1]} of size {x.shape[2]} in {x.dtype}."
            )
        if hx is None:
            state = (x.new_zeros(len(weights), x.shape[0], self.hidden_size),) * self.num_states
        else:
            state = self._ordered(hx, batch, order, dtype)
        given = x, state, [self._kernel_weights(each) for each in weights], lengths
        y, after = self._run_stack(*given) or self._run_layers(*given)
        return y, after if batch else tuple(vectors[:, 0] for vectors in after)

    def _ordered(self, hx: LayerState, batch: tuple[int, ...], order: Tensor | None, dtype: torch.dtype) -> LayerState:
        """The state, `(layers * directions, rows, hidden_size)`, with rows in the given order."""
        shape = (len(self._names), *batch, self.hidden_size)
        if len(hx) != self.num_states or any(vector.shape != shape or vector.dtype != dtype for vector in hx):
            got = ", ".join(f"{tuple(vector.shape)} in {vector.dtype}" for vector in hx)
            raise ShapeError(f"`hx` must be {self.num_states} x {shape} in {dtype}, got {got}.")
        if not batch:
            hx = tuple(vector[:, None] for vector in hx)
        if order is not None:
            hx = tuple(vector.index_select(1, order) for vector in hx)
        return hx

    def _run_stack(
        self, x: Tensor, state: LayerState, weights: list[ops.StackWeights], lengths: Tensor | None
    ) -> tuple[Tensor, LayerState] | None:
        """As `_run_layers`, in one call of the kernels; None where layers must run one by one."""
        if self.bidirectional or len(weights) == 1 or (self.dropout and self.training):
            return None
        return ops.stack(x, state, weights, lengths)

    def _run_layers(
        self, x: Tensor, state: LayerState, weights: list[ops.StackWeights], lengths: Tensor | None
    ) -> tuple[Tensor, LayerState]:
        """The output of the top layer, and the final state of all layers and directions."""
        directions, last = self._directions, len(weights) - self._directions
        states = list(zip(*[vectors.unbind() for vectors in state], strict=True))
        ends = []
        for first in range(0, len(weights), directions):
            outputs = []
            for index in range(first, first + directions):
                y, end = self._layer(x, states[index], weights[index], lengths, reverse=index > first)
                outputs.append(y)
                ends.append(end)
            x = outputs[0] if directions == 1 else torch.cat(outputs, 2)
            if self.dropout and self.training and first < last:
                x = nn.functional.dropout(x, self.dropout)
        return x, tuple(torch.stack(vectors) for vectors in zip(*ends, strict=True))


def _check_sizes(**sizes: int) -> None:
    for name, size in sizes.items():
        if not isinstance(size, int) or size < 1:
            raise ConfigError(f"`{name}` must be an integer of at least 1, got {size!r}.")


def _cast(x: Tensor, hx: LayerState | None, dtype: torch.dtype) -> tuple[Tensor, LayerState | None]:
    """Under autocast, inputs and state in the type of the weights; otherwise unchanged."""
    if not torch.is_autocast_enabled(x.device.type):
        return x, hx
    return x.to(dtype), None if hx is None else tuple(vector.to(dtype) for vector in hx)
