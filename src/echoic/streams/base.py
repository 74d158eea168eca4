"""The protocol of streams."""

from typing import Any, Protocol, TypeVar

from torch import Tensor

from echoic.cells import Bidirectional
from echoic.errors import ConfigError, ShapeError
from echoic.model import SequenceModel

Chunk_contra = TypeVar("Chunk_contra", contravariant=True)
Result_co = TypeVar("Result_co", covariant=True)
StateT = TypeVar("StateT")


class Stream(Protocol[Chunk_contra, Result_co, StateT]):
    """Processes a sequence in chunks, without storing anything between calls.

    The results do not depend on how the sequence is cut into chunks, up to rounding. States are values: `push` returns
    a new one and never modifies its argument, so a state can be stored and reused any number of times.
    """

    def start(self, *args: Any, **kwargs: Any) -> StateT:
        """The state before the first chunk; arguments depend on the implementation."""
        ...

    def push(self, chunk: Chunk_contra, state: StateT) -> tuple[Result_co, StateT]:
        """Processes the next chunk; returns its result and the new state."""
        ...


def check_causal(model: SequenceModel) -> None:
    """Checks that the network is causal, so that it can process incomplete sequences.

    Raises:
        ConfigError: the network is bidirectional.
    """
    if isinstance(model.stack, Bidirectional):
        raise ConfigError("A bidirectional network requires whole sequences; train without --bidirectional to stream.")


def check_tensor(name: str, value: Any, *shape: int | str) -> None:
    """Checks that `value` is a tensor of this shape; a dimension that is a name may have any size.

    Raises:
        ShapeError: it is something else; the message has the shape of both.
    """
    expected = f"`{name}` must be a tensor of shape ({', '.join(map(str, shape))})"
    if not isinstance(value, Tensor):
        raise ShapeError(f"{expected}, got {type(value).__name__}.")
    sizes = zip(value.shape, shape, strict=False)
    if value.ndim != len(shape) or any(isinstance(one, int) and size != one for size, one in sizes):
        raise ShapeError(f"{expected}, got {tuple(value.shape)}.")
