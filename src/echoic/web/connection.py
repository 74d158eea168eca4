"""One client: its stream, its state, and what it may do."""

import asyncio
import base64
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from typing import Any, final

import numpy as np
from numpy.typing import NDArray
from starlette.websockets import WebSocket, WebSocketDisconnect

from echoic.errors import ConfigError, DataError, EchoicError
from echoic.streams.live import GeneratingStream, LiveStream
from echoic.web.allowance import Allowance
from echoic.web.batcher import Batcher
from echoic.web.errors import DroppedError
from echoic.web.limits import Limits
from echoic.web.messages import Generate, Push, Simple, Start, read_message
from echoic.web.monitoring import Monitor
from echoic.web.outbox import Outbox
from echoic.web.payloads import data_of, frames_of, generated_of
from echoic.web.served import ServedRun

STOPPED, REFUSED, TOO_MUCH = 1001, 1008, 1013
"""Codes of closing: the server stops; a message was refused; the client is too slow, or asks too much."""

_REASONS = {STOPPED: "stopped", REFUSED: "refused", TOO_MUCH: "limit"}

_SAMPLES: dict[str, tuple[np.dtype[Any], float]] = {
    "f32": (np.dtype("<f4"), 1.0),
    "s16": (np.dtype("<i2"), 2.0**-15),
}
"""Types of samples in binary messages, and what makes full scale 1."""

_PIECE_S = 0.05
_PIECES = {"text": 8, "roll": 4}
"""What is generated between two batches: seconds of sound, characters, steps of music."""


@final
class Connection:
    """Answers the messages of one client, in their order."""

    def __init__(
        self, socket: WebSocket, served: ServedRun, batcher: Batcher, monitor: Monitor, limits: Limits
    ) -> None:
        self._socket = socket
        self._served = served
        self._batcher = batcher
        self._monitor = monitor
        self._limits = limits
        self._outbox = Outbox(socket, limits.waiting_messages)
        self._messages = Allowance(limits.messages_per_s, limits.burst_s)
        self._stream: LiveStream[Any, Any, Any] = served.plain
        self._seconds = Allowance(1.0, limits.burst_s)
        self._state: Any = None
        self._start = Start(type="start")
        self._units_per_s = self._most_units_per_s()
        self._is_leaving = False
        self._quiet_since: float | None = None
        self.position = 0

    async def run(self) -> None:
        """Serves the client until it leaves or is dropped."""
        await self._socket.accept()
        await self._outbox.put(
            {"type": "hello", **self._served.presented(), "message_bytes": self._limits.message_bytes}
        )
        writer = asyncio.create_task(self._outbox.run())
        try:
            async with asyncio.timeout(self._limits.connected_s) as time_limit, self._idle_limit(time_limit):
                await self._serve()
        except WebSocketDisconnect:
            pass
        except TimeoutError:
            await self._close(TOO_MUCH, "time is over; connect again with your state")
        except DroppedError as error:
            await self._close(TOO_MUCH, f"{error} Connect again with your state.")
        except EchoicError as error:
            await self._close(REFUSED, str(error))
        except Exception as error:  # noqa: BLE001 (a client sends its state and options, so that anything may fail)
            await self._close(REFUSED, f"This cannot be processed ({type(error).__name__}); start again.")
        finally:
            writer.cancel()

    async def leave(self) -> None:
        """The server stops: sends the state, with which the client can come back."""
        self._is_leaving = True
        if self._state is not None:
            with suppress(DroppedError):  # it reads nothing
                await self._outbox.put(self._saved())
        await self._close(STOPPED, "the server stops")

    @asynccontextmanager
    async def _idle_limit(self, time_limit: asyncio.Timeout) -> AsyncIterator[None]:
        """Ends the time of a client that sends nothing for long; one timer, as messages come too often for one each."""

        async def watch() -> None:
            left_s = self._limits.idle_s
            while left_s > 0:
                await asyncio.sleep(left_s)
                quiet_s = 0.0 if self._quiet_since is None else time.monotonic() - self._quiet_since
                left_s = self._limits.idle_s - quiet_s
            time_limit.reschedule(0)

        watching = asyncio.create_task(watch())
        try:
            yield
        finally:
            watching.cancel()

    async def _serve(self) -> None:
        while True:
            self._quiet_since = time.monotonic()
            message = await self._socket.receive()
            self._quiet_since = None
            if message["type"] == "websocket.disconnect":
                return
            data, text = message.get("bytes"), message.get("text") or ""
            # A large message counts as several.
            size = max(1.0, len(text if data is None else data) / self._limits.message_bytes)
            arrived = time.monotonic()
            if not self._messages.take(size, arrived):
                raise DroppedError("There were too many messages a second.")
            known = None if data is not None else read_message(text)
            if size > 1 and not isinstance(known, Start):
                raise DataError(f"Messages without a state are at most {self._limits.message_bytes:,} bytes.")
            if known is not None:
                await self._answer(known, arrived)
            elif data is not None:
                await self._push(self._sound(data), arrived)

    async def _answer(self, message: Start | Push | Generate | Simple, arrived: float) -> None:
        if isinstance(message, Start):
            self._begin(message)
            await self._outbox.put({"type": "started", "position": self.position})
        elif isinstance(message, Push):
            await self._push(data_of(self._stream, message, self._ready), arrived)
        elif isinstance(message, Generate):
            await self._generate(message)
        elif message.type == "save":
            await self._outbox.put(self._saved())
        elif message.type == "reset":
            self._begin(self._start.model_copy(update={"state": None, "position": 0}))
            await self._outbox.put({"type": "started", "position": 0})
        else:
            result = await self._batcher.call(self._stream.finish, self._ready)
            await self._outbox.put(self._result(result))
            self._state = None

    def _begin(self, message: Start) -> None:
        stream = self._served.stream(message.options)
        if message.state is None:
            state = stream.start(message.seed) if isinstance(stream, GeneratingStream) else stream.start()
        else:
            state = stream.from_bytes(_decoded(message.state))
        self._stream, self._state, self._start, self.position = stream, state, message, message.position
        self._units_per_s = self._most_units_per_s()

    def _most_units_per_s(self) -> float:
        """How many samples, characters, rows or steps may come a second.

        What comes is counted in seconds, so that a new start or another rate makes nobody faster.
        """
        if self._stream.takes != "sound":
            return self._limits.steps_per_s
        # The rate of an audio run is that of what it generates, not of what it listens to.
        rate_hz: float = self._start.options.get("rate_hz") or self._stream.rate_hz
        return self._limits.speed * rate_hz

    @property
    def _ready(self) -> Any:
        if self._state is None:
            self._begin(self._start.model_copy(update={"state": None, "position": 0}))
        return self._state

    def _sound(self, data: bytes) -> NDArray[np.float32]:
        if self._stream.takes != "sound":
            raise DataError(f"Binary messages are sound; this run takes {self._stream.takes}.")
        dtype, scale = _SAMPLES[self._start.samples]
        if len(data) % dtype.itemsize:
            raise DataError(f"{len(data)} bytes are no whole number of {self._start.samples} samples.")
        samples: NDArray[np.float32] = np.multiply(np.frombuffer(data, dtype), scale, dtype=np.float32)
        return samples

    async def _push(self, chunk: Any, arrived: float) -> None:
        if not self._seconds.take(len(chunk) / self._units_per_s, arrived):
            raise DroppedError("Data came faster than this server takes them.")
        result, self._state = await self._batcher.push(self._stream, chunk, self._ready)
        self.position += len(chunk)
        self._monitor.add_latency(time.monotonic() - arrived)
        await self._outbox.put(self._result(result))

    def _result(self, result: Any) -> dict[str, Any] | str:
        records = self._stream.records(result)
        if not records and not self._start.frames:  # most of all messages
            return f'{{"type":"result","position":{self.position},"records":[]}}'
        shown = {"frames": frames_of(result)} if self._start.frames else {}
        return {"type": "result", "position": self.position, "records": records, **shown}

    async def _generate(self, message: Generate) -> None:
        stream = self._stream
        if not isinstance(stream, GeneratingStream):
            raise ConfigError(f"{stream.job} runs generate nothing; text, music and audio runs do.")
        if message.length > self._limits.generated_steps:
            raise ConfigError(f"`length` may be up to {self._limits.generated_steps:,}, got {message.length:,}.")
        state = self._ready if message.seed is None else stream.reseeded(self._ready, message.seed)
        piece = _PIECES.get(stream.takes, round(_PIECE_S * stream.rate_hz))
        left = message.length
        while left and not self._is_leaving:
            count = min(piece, left)
            made, state = await self._batcher.call(_generated, stream, count, state, message.options)
            left -= count
            for payload in generated_of(stream, made, message.id, is_last=not left):
                await self._outbox.put(payload)
        if message.keep:
            self._state = state

    def _saved(self) -> dict[str, Any]:
        data = self._stream.to_bytes(self._ready)
        return {
            "type": "state",
            "position": self.position,
            "bytes": len(data),
            "state": base64.b64encode(data).decode(),
        }

    async def _close(self, code: int, reason: str) -> None:
        self._monitor.dropped[_REASONS[code]] += 1
        await self._outbox.close(code, reason)


def _generated(stream: GeneratingStream[Any, Any, Any], count: int, state: Any, options: dict[str, Any]) -> Any:
    return stream.generate(count, state, **options)


def _decoded(text: str) -> bytes:
    try:
        return base64.b64decode(text, validate=True)
    except ValueError:
        raise DataError("`state` is no base64; send one that the server sent.") from None
