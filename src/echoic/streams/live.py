"""The interface of the stream of a run: from data as they come to results, with the state as a value."""

import abc
import hashlib
from collections.abc import Mapping, Sequence
from functools import cached_property
from typing import Any, ClassVar, Generic, Literal, TypeVar

from echoic.errors import DataError
from echoic.model import SequenceModel
from echoic.streams.base import check_causal
from echoic.streams.state_bytes import Limits, from_bytes, to_bytes

ChunkT = TypeVar("ChunkT")
ResultT = TypeVar("ResultT")
StateT = TypeVar("StateT", bound=tuple[Any, ...])


InputKind = Literal["sound", "values", "text", "roll"]

Record = dict[str, Any]
"""A result as plain JSON values."""


class LiveStream(abc.ABC, Generic[ChunkT, ResultT, StateT]):
    """Runs a trained network on data as they come: `result, state = stream.push(chunk, state)`.

    Nothing is kept between calls. A state is a value: `push` never changes it, so it can be stored, copied, continued
    any number of times and, by `to_bytes`, in another process. Results do not depend on how the data are cut into
    chunks, nor on other sequences in `push_many`, up to float32 rounding.

    Raises:
        ConfigError: the network is bidirectional.
    """

    job: ClassVar[str]

    takes: InputKind
    """What chunks are: sound `(samples,)`, values `(steps, features)`, text, or a piano-roll `(steps, 128)`."""

    gives: Literal["records", "sound"] = "records"
    """What comes out: records alone, or also sound, by `SoundStream.sound`."""

    gives_partial_records: ClassVar[bool] = False
    """Whether there are records that are not final: those whose `ended` is False."""

    rate_hz: int = 1
    """Samples of sound per second that go in."""

    features: tuple[str, ...] = ()
    """Names of the values that go in."""

    def __init__(self, model: SequenceModel) -> None:
        check_causal(model)
        self.model = model.eval()

    @abc.abstractmethod
    def start(self) -> StateT:
        """The state before the first chunk."""

    @abc.abstractmethod
    def _push_many(self, chunks: Sequence[ChunkT], states: Sequence[StateT]) -> tuple[list[ResultT], list[StateT]]:
        """`push_many` of as many chunks as states, all of them of this stream."""

    @abc.abstractmethod
    def finish(self, state: StateT) -> ResultT:
        """What is still to come at the end of a sequence."""

    @abc.abstractmethod
    def records(self, result: ResultT) -> list[Record]:
        """A result as plain JSON values: one object per event, clip, forecast or step."""

    def push(self, chunk: ChunkT, state: StateT) -> tuple[ResultT, StateT]:
        """The result of the next chunk, and the state after it.

        Raises:
            DataError: the chunk has another shape or values that are no data, or the state is none of this job.
        """
        (result,), (after,) = self.push_many([chunk], [state])
        return result, after

    def push_many(self, chunks: Sequence[ChunkT], states: Sequence[StateT]) -> tuple[list[ResultT], list[StateT]]:
        """As `push`, for a chunk of each of several sequences: the network steps all of them together.

        Raises:
            DataError: as `push`, or there is not a state for each chunk.
        """
        if len(chunks) != len(states):
            raise DataError(f"There are {len(chunks)} chunks and {len(states)} states; pass a state for each chunk.")
        for state in states:
            if not isinstance(state, self._state_class):
                raise DataError(
                    f"The state is of type {type(state).__name__}, not of {self.job}; begin with "
                    "`state = stream.start()`, and continue with the state that `push` returns."
                )
        return self._push_many(chunks, states)

    def to_bytes(self, state: StateT) -> bytes:
        """A state in the safetensors format, for `from_bytes` in any process."""
        return to_bytes(state, self._origin)

    def from_bytes(self, data: bytes) -> StateT:
        """The state that `to_bytes` made.

        Raises:
            DataError: the data are damaged, or no state of a stream of this run and these options.
        """
        return from_bytes(data, self.start(), self._origin, self.limits)

    @property
    @abc.abstractmethod
    def limits(self) -> Limits:
        """Sizes and counts in a state that vary, with their limits."""

    @property
    def options(self) -> str:
        """What the user chose of this stream, of which states must not be mixed."""
        return ""

    @cached_property
    def _state_class(self) -> type[StateT]:
        return type(self.start())

    @cached_property
    def _origin(self) -> Mapping[str, str]:
        """Identifies the network and the options that a state belongs to."""
        digest = hashlib.sha256()
        for name, tensor in self.model.state_dict().items():
            digest.update(name.encode())
            digest.update(tensor.detach().cpu().numpy().tobytes())
        return {"job": self.job, "network": digest.hexdigest()[:32], "options": self.options}


class GeneratingStream(LiveStream[ChunkT, ResultT, StateT]):
    """A stream of a network that continues what it has read."""

    @abc.abstractmethod
    def start(self, seed: int = 0) -> StateT:
        """The state before the first chunk; `seed` is that of the random numbers of `generate`."""

    @abc.abstractmethod
    def generate(self, length: int, state: StateT, **options: Any) -> tuple[Any, StateT]:
        """What the network makes of the next `length` steps, and the state after them.

        Generating in pieces is the same as at once. `options` are those of sampling.

        Raises:
            ConfigError: an option is unknown or out of range.
        """

    @abc.abstractmethod
    def parse_length(self, length: str) -> int:
        """The number of steps of a length such as `40` or `8s`.

        Raises:
            ConfigError: it is none.
        """

    @abc.abstractmethod
    def reseeded(self, state: StateT, seed: int) -> StateT:
        """The same state with other random numbers: another future."""
