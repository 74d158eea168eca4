"""One sequence of a client: its stream, the state after what has come, and its position."""

import base64
from typing import Any, final

import numpy as np
from numpy.typing import NDArray

from echoic.errors import DataError
from echoic.streams.live import GeneratingStream, LiveStream, Record
from echoic.web.batcher import Batcher
from echoic.web.limits import Limits
from echoic.web.messages import Push, Start
from echoic.web.outbox import Message
from echoic.web.payloads import data_of, frames_of, sound_of
from echoic.web.served import ServedRun

_SAMPLES: dict[str, tuple[np.dtype[Any], float]] = {
    "f32": (np.dtype("<f4"), 1.0),
    "s16": (np.dtype("<i2"), 2.0**-15),
}
"""Types of samples in binary messages, and what makes full scale 1."""


@final
class Session:
    """Processes the data of a client, in the batches of the server."""

    def __init__(self, served: ServedRun, batcher: Batcher, limits: Limits) -> None:
        self._served = served
        self._batcher = batcher
        self._limits = limits
        self._state: Any = None
        self.stream: LiveStream[Any, Any, Any] = served.plain
        self.start = Start(type="start")
        self.position = 0
        self.latest: list[Record] = []
        """The records of the last result; none after a start."""
        self.units_per_s = self._most_units_per_s()

    def begin(self, message: Start) -> None:
        """Begins a sequence, or resumes the state in the message.

        Raises:
            ConfigError: an option is unknown or out of range.
            DataError: the state cannot be used.
        """
        stream = self._served.stream(message.options)
        if message.state is None:
            state = stream.start(message.seed) if isinstance(stream, GeneratingStream) else stream.start()
        else:
            state = stream.from_bytes(_decoded(message.state))
        self.stream, self._state, self.start, self.position = stream, state, message, message.position
        self.latest = []
        self.units_per_s = self._most_units_per_s()

    def restart(self) -> None:
        """Begins again with the same options."""
        self.begin(self.start.model_copy(update={"state": None, "position": 0}))

    @property
    def is_begun(self) -> bool:
        """Whether there is a state."""
        return self._state is not None

    @property
    def state(self) -> Any:
        """The state; without one, a sequence begins."""
        if self._state is None:
            self.restart()
        return self._state

    @state.setter
    def state(self, state: Any) -> None:
        self._state = state

    def chunk_of(self, message: Push | bytes) -> Any:
        """The data in a message.

        Raises:
            DataError: they are not what the stream takes.
        """
        if isinstance(message, Push):
            return data_of(self.stream, message, self.state)
        return self._sound(message)

    async def push(self, chunk: Any) -> list[Message]:
        """The messages with the result of a chunk.

        Raises:
            DataError: the chunk is refused.
        """
        result, self._state = await self._batcher.push(self.stream, chunk, self.state)
        self.position += len(chunk)
        return self._shown(result)

    async def finish(self) -> list[Message]:
        """The messages with what the end of the sequence decides."""
        result = await self._batcher.call(self.stream.finish, self.state)
        self._state = None
        return self._shown(result)

    def saved(self) -> dict[str, Any]:
        """The state as fields of a message."""
        data = self.stream.to_bytes(self.state)
        return {"position": self.position, "bytes": len(data), "state": base64.b64encode(data).decode()}

    def _shown(self, result: Any) -> list[Message]:
        """A result, after a binary message with its sound where that is asked for."""
        records = self.latest = self.stream.records(result)
        if not records and not self.start.frames:  # most of all messages
            return [f'{{"type":"result","position":{self.position},"records":[]}}']
        message = {"type": "result", "position": self.position, "records": records}
        if self.start.frames:
            message["frames"] = frames_of(result)
        if not self.start.sound or (sound := sound_of(self.stream, result)) is None:
            return [message]
        return [sound.tobytes(), message | {"samples": len(sound)}]

    def _most_units_per_s(self) -> float:
        """How many samples, characters, rows or steps may come a second.

        What comes is counted in seconds, so that a new start or another rate makes nobody faster.
        """
        if self.stream.takes != "sound":
            return self._limits.steps_per_s
        # The rate of an audio run is that of what it generates, not of what it listens to.
        rate_hz: float = self.start.options.get("rate_hz") or self.stream.rate_hz
        return self._limits.speed * rate_hz

    def _sound(self, data: bytes) -> NDArray[np.float32]:
        if self.stream.takes != "sound":
            raise DataError(f"Binary messages are sound; this run takes {self.stream.takes}.")
        dtype, scale = _SAMPLES[self.start.samples]
        if len(data) % dtype.itemsize:
            raise DataError(f"{len(data)} bytes are no whole number of {self.start.samples} samples.")
        samples: NDArray[np.float32] = np.multiply(np.frombuffer(data, dtype), scale, dtype=np.float32)
        return samples


def _decoded(text: str) -> bytes:
    try:
        return base64.b64decode(text, validate=True)
    except ValueError:
        raise DataError("`state` is no base64; send one that the server sent.") from None
