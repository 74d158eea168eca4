"""One connection to a run of a server: messages within its limits, and the answers to them."""

import asyncio
import json
from collections import deque
from typing import Annotated, Any, Literal, final

from pydantic import BaseModel, Field, TypeAdapter, ValidationError
from websockets.asyncio.client import ClientConnection

from echoic.web.client.address import TIMEOUT_S, ServedRun, ServerAddress
from echoic.web.client.outgoing import Pace, TheirLimits

_UNANSWERED = 8
"""Messages without a result: more would not be answered sooner."""


class _Hello(BaseModel):
    limits: TheirLimits


class _Result(BaseModel):
    type: Literal["result"]
    position: int
    records: list[dict[str, Any]]


class _Saved(BaseModel):
    type: Literal["state"]
    state: str
    position: int


class _Refusal(BaseModel):
    type: Literal["error"]
    message: str


class _Started(BaseModel):
    type: Literal["started"]


Answer = _Result | _Saved | _Refusal | _Started

_ANSWER: TypeAdapter[Answer] = TypeAdapter(Annotated[Answer, Field(discriminator="type")])


@final
class Wire:
    """Sends messages and takes the answers to them, in their order.

    Args:
        socket: a connection that has said hello.
        address: of the server.
        pace: how fast messages may go.
        limits: of the server.
    """

    def __init__(self, socket: ClientConnection, address: ServerAddress, pace: Pace, limits: TheirLimits) -> None:
        self._socket = socket
        self._address = address
        self._room = asyncio.Semaphore(_UNANSWERED)
        self._has_place = False
        self._asked: deque[bool] = deque()  # for each message without a result: is it the last one?
        self._pace = pace
        self.limits = limits

    @classmethod
    async def begun(
        cls, socket: ClientConnection, address: ServerAddress, run: ServedRun, start: dict[str, Any]
    ) -> "Wire":
        """A connection on which a sequence has begun, or was resumed, with the fields of `start`.

        Raises:
            ServerError: the server is none of runs.
        """
        try:
            limits = _Hello.model_validate_json(await asyncio.wait_for(socket.recv(), TIMEOUT_S)).limits
        except (ValidationError, TimeoutError):
            raise address.stranger() from None
        await socket.send(json.dumps({"type": "start", **start}))
        return cls(socket, address, Pace(run, start["options"].get("rate_hz", run.rate_hz), limits), limits)

    async def place(self) -> bool:
        """Waits until there is room for a message, and keeps it for the next one; whether it had to wait."""
        has_waited = await self._pace.message() or (self._room.locked() and not self._has_place)
        if not self._has_place:
            await self._room.acquire()
        self._has_place = True
        return has_waited

    async def send(self, message: str | bytes, units: int) -> None:
        """Sends a message of `units` samples, rows, characters or steps, when there is room for them."""
        await self._pace.data(units)
        await self._ask(message, is_last=False)

    async def finish(self) -> None:
        """Ends the sequence."""
        await self._ask('{"type": "finish"}', is_last=True)

    async def save(self) -> None:
        """Asks for the state, which comes by itself."""
        await self._socket.send('{"type": "save"}')

    async def settle(self) -> None:
        """Waits until everything has its result; nothing can be sent after it."""
        for _ in range(_UNANSWERED - self._has_place):
            await self._room.acquire()

    async def receive(self) -> tuple[Answer, bool]:
        """The next message of the server, and whether it is the result of `finish`.

        Raises:
            ServerError: the server is none of runs.
        """
        try:
            message = _ANSWER.validate_json(await self._socket.recv())
            is_last = self._asked.popleft() if message.type == "result" else False
        except (ValidationError, IndexError):  # the latter: a result that nothing was sent for
            raise self._address.stranger() from None
        if message.type == "result":
            self._room.release()
        return message, is_last

    async def _ask(self, message: str | bytes, *, is_last: bool) -> None:
        if not self._has_place:
            await self._room.acquire()
        self._has_place = False
        self._asked.append(is_last)
        await self._socket.send(message)
