"""One client: what it may do, and the answers to its messages."""

import asyncio
import time
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager, suppress
from typing import Any, final

from starlette.websockets import WebSocket, WebSocketDisconnect

from echoic.errors import ConfigError, DataError, EchoicError
from echoic.streams.live import GeneratingStream
from echoic.web.allowance import Allowance
from echoic.web.batcher import Batcher
from echoic.web.errors import DroppedError
from echoic.web.limits import Limits
from echoic.web.messages import Generate, Push, Simple, Start, read_message
from echoic.web.monitoring import Monitor
from echoic.web.outbox import Message, Outbox
from echoic.web.payloads import generated_of, shared_of
from echoic.web.served import ServedRun
from echoic.web.session import Session

STOPPED, REFUSED, TOO_MUCH = 1001, 1008, 1013
"""Codes of closing: the server stops; a message was refused; the client is too slow, or asks too much."""

_REASONS = {STOPPED: "stopped", REFUSED: "refused", TOO_MUCH: "limit"}

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
        self._sharing = served.sharing
        self._session = Session(served, batcher, limits)
        self._batcher = batcher
        self._monitor = monitor
        self._limits = limits
        self._outbox = Outbox(socket, limits.waiting_messages)
        self._messages = Allowance(limits.messages_per_s, limits.burst_s)
        self._seconds = Allowance(1.0, limits.burst_s)
        self._time = asyncio.timeout(limits.connected_s)
        self._ending = (TOO_MUCH, "time is over; connect again with your state")
        self._is_leaving = False
        self._quiet_since: float | None = None

    async def run(self) -> None:
        """Serves the client until it leaves or is dropped."""
        await self._socket.accept()
        self._outbox.put({"type": "hello", **self._served.presented(), "limits": self._limits.to_json()})
        writer = asyncio.create_task(self._outbox.run())
        try:
            await self._serve_for_its_time()
        except WebSocketDisconnect:
            pass
        except TimeoutError:
            await self._close(*self._ending)
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
        if self._session.is_begun:
            with suppress(DroppedError):  # it reads nothing
                self._outbox.put({"type": "state", **self._session.saved()})
        await self._close(STOPPED, "the server stops")

    def place(self) -> Message:
        """Where it is, and its last result, for those that follow it."""
        session = self._session
        return {"type": "source", "options": session.start.options, "records": session.latest, **session.saved()}

    def forward(self, payloads: Iterable[Message]) -> None:
        """Sends what another client has sent; if too much waits already, this one is dropped."""
        try:
            self._put_all(payloads)
        except DroppedError as error:
            self._end(TOO_MUCH, f"{error} Connect again with your state.")

    def _put_all(self, messages: Iterable[Message]) -> None:
        for message in messages:
            self._outbox.put(message)

    def replace(self) -> None:
        """Ends it, because another client shares its input now."""
        self._end(REFUSED, "Another client of this run shares its input now.")

    def _end(self, code: int, reason: str) -> None:
        """Ends it where it waits for a message or for a result."""
        self._sharing.leave(self)
        if not self._time.expired():  # it ends already
            self._ending = (code, reason)
            self._time.reschedule(asyncio.get_running_loop().time())

    async def _serve_for_its_time(self) -> None:
        try:
            async with self._time, self._idle_limit():
                await self._serve()
        finally:
            self._sharing.leave(self)

    @asynccontextmanager
    async def _idle_limit(self) -> AsyncIterator[None]:
        """Ends the time of a client that sends nothing for long; one timer, as messages come too often for one each."""

        async def watch() -> None:
            left_s = self._limits.idle_s
            while left_s > 0:
                await asyncio.sleep(left_s)
                quiet_s = 0.0 if self._quiet_since is None else time.monotonic() - self._quiet_since
                left_s = self._limits.idle_s - quiet_s
            self._end(*self._ending)

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
                await self._push(data, arrived)

    async def _answer(self, message: Start | Push | Generate | Simple, arrived: float) -> None:
        if isinstance(message, Start):
            self._begin(message)
        elif isinstance(message, Push):
            await self._push(message, arrived)
        elif isinstance(message, Generate):
            await self._generate(message)
        elif message.type == "save":
            self._outbox.put({"type": "state", **self._session.saved()})
        elif message.type == "reset":
            self._session.restart()
            self._outbox.put({"type": "started", "position": 0})
            self._sharing.announce(self)
        elif message.type == "finish":
            self._put_all(await self._session.finish())
            self._sharing.unshare(self)
        elif message.type == "follow":
            self._sharing.follow(self)
        else:
            self._sharing.unfollow(self)

    def _begin(self, message: Start) -> None:
        self._session.begin(message)
        self._outbox.put({"type": "started", "position": self._session.position})
        if message.share:
            self._sharing.share(self)
        else:
            self._sharing.unshare(self)

    async def _push(self, message: Push | bytes, arrived: float) -> None:
        chunk = self._session.chunk_of(message)
        if not self._seconds.take(len(chunk) / self._session.units_per_s, arrived):
            raise DroppedError("Data came faster than this server takes them.")
        results = await self._session.push(chunk)
        self._monitor.add_latency(time.monotonic() - arrived)
        self._put_all(results)
        if self._session.start.share:
            self._sharing.forward(self, shared_of(message, chunk))

    async def _generate(self, message: Generate) -> None:
        stream, session = self._session.stream, self._session
        if not isinstance(stream, GeneratingStream):
            raise ConfigError(f"{stream.job} runs generate nothing; text, music and audio runs do.")
        if message.length > self._limits.generated_steps:
            raise ConfigError(f"`length` may be up to {self._limits.generated_steps:,}, got {message.length:,}.")
        state = session.state if message.seed is None else stream.reseeded(session.state, message.seed)
        piece = _PIECES.get(stream.takes, round(_PIECE_S * stream.rate_hz))
        left = message.length
        while left and not self._is_leaving:
            count = min(piece, left)
            made, state = await self._batcher.call(_generated, stream, count, state, message.options)
            left -= count
            self._put_all(generated_of(stream, made, message.id, is_last=not left))
        if message.keep:
            session.state = state
            self._sharing.announce(self)

    async def _close(self, code: int, reason: str) -> None:
        self._monitor.dropped[_REASONS[code]] += 1
        await self._outbox.close(code, reason)


def _generated(stream: GeneratingStream[Any, Any, Any], count: int, state: Any, options: dict[str, Any]) -> Any:
    return stream.generate(count, state, **options)
