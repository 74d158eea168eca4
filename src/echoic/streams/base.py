"""The contract of a stream."""

from typing import Any, Protocol, TypeVar

from torch import Tensor

from echoic.cells import Bidirectional
from echoic.errors import ConfigError, ShapeError
from echoic.model import SequenceModel

Chunk_contra = TypeVar("Chunk_contra", contravariant=True)
Result_co = TypeVar("Result_co", covariant=True)
StateT = TypeVar("StateT")


class Stream(Protocol[Chunk_contra, Result_co, StateT]):
    """Processes a sequence chunk by chunk and keeps nothing between calls.

    The results do not depend on how the sequence is cut into chunks, up to rounding. States are values: `push` returns
    a new one and never changes the one given, so that a state can be stored and used again, any number of times.
    """

    def start(self, *args: Any, **kwargs: Any) -> StateT:
        """The state before the first chunk; each implementation has its own arguments."""
        ...

    def push(self, chunk: Chunk_contra, state: StateT) -> tuple[Result_co, StateT]:
        """The result of the next chunk after `state`, and the state after it."""
        ...


def check_causal(model: SequenceModel) -> None:
    """Checks that the network can process a sequence before its end is known.

    Raises:
        ConfigError: it is bidirectional.
    """
    if isinstance(model.stack, Bidirectional):
        raise ConfigError("A bidirectional network requires whole sequences; train without --bidirectional to stream.")


def check_tensor(name: str, value: Any, *shape: int | str) -> None:
    """Checks that `value` is a tensor of this shape; a dimension that is a name may have any size.

    Raises:
        ShapeError: it is something else; the message has the shape of both.
    """
    wanted = f"`{name}` must be a tensor of shape ({', '.join(map(str, shape))})"
    if not isinstance(value, Tensor):
        raise ShapeError(f"{wanted}, got {type(value).__name__}.")
    sizes = zip(value.shape, shape, strict=False)
    if value.ndim != len(shape) or any(isinstance(one, int) and size != one for size, one in sizes):
        raise ShapeError(f"{wanted}, got {tuple(value.shape)}.")
