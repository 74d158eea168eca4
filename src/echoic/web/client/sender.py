"""Sends data to a run of a server, and comes back with its state where the connection is lost."""

import asyncio
import time
from collections import deque
from collections.abc import Callable
from typing import Any, NamedTuple, final

from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed, InvalidHandshake, InvalidStatus

from echoic.errors import DataError, EchoicError
from echoic.streams.live import Record
from echoic.web.client.address import TIMEOUT_S, ServedRun, ServerAddress
from echoic.web.client.feed import END, Feed
from echoic.web.client.outgoing import joined, message_of, pieces_of
from echoic.web.client.wire import Wire
from echoic.web.errors import ServerError

PATIENCE_S = 60.0
"""How long a server may be away."""

_FIRST_WAIT_S, _LONGEST_WAIT_S = 0.25, 5.0
_SAVE_EVERY_S = 5.0
_KEEP_OPEN_S = 120.0
"""Without data, a save as often as this keeps the connection open."""

_REFUSED = 1008
_FULL, _NOT_READY = 403, 500
"""Statuses of a server that is full, and from which on one is not ready, as behind a proxy."""


class _Sent(NamedTuple):
    """A message, its number of samples, rows, characters or steps, and the position after it."""

    message: str | bytes
    units: int
    position: int


@final
class Sender:
    """Shares what a feed gives with the pages that follow a run, and passes the results on.

    Args:
        address: of the server.
        run: of the server.
        options: of the stream.
        on_record: is called with each record of a result.
        on_status: is called with a sentence when the connection changes.
    """

    def __init__(
        self,
        address: ServerAddress,
        run: ServedRun,
        options: dict[str, Any],
        on_record: Callable[[Record], None],
        on_status: Callable[[str], None],
    ) -> None:
        self._address = address
        self._run = run
        self._start: dict[str, Any] = {"options": options, "share": True}
        self._on_record = on_record
        self._on_status = on_status
        self._unsaved: deque[_Sent] = deque()
        self._sent = self._received = 0
        self._refusal = ""

    async def send(self, feed: Feed) -> None:
        """Sends all that the feed gives, and waits for the results.

        Raises:
            DataError: the feed or the server refuses something.
            ServerError: the server cannot be reached any more, or it refuses the client.
        """
        lost_s: float | None = None
        wait_s = _FIRST_WAIT_S
        while True:
            socket = await self._connected(lost_s)
            if socket is not None:
                self._on_status("The server is back." if lost_s else f"{self._run.run}: pages of this run can follow.")
                wait_s = _FIRST_WAIT_S
                if await self._received_all(socket, feed):
                    return
                self._on_status(f"The connection is lost; trying again for {PATIENCE_S:.0f} s.")
                lost_s = time.monotonic()
            await asyncio.sleep(wait_s)
            wait_s = min(_LONGEST_WAIT_S, 2 * wait_s)

    async def _connected(self, lost_s: float | None) -> ClientConnection | None:
        """A connection; None if there is none, and one may still come."""
        try:
            return await connect(
                self._address.socket(self._run.run),
                additional_headers=self._address.headers,
                compression=None,
                max_size=None,
                proxy=None,
                open_timeout=TIMEOUT_S,
            )
        except InvalidStatus as error:
            status = error.response.status_code
            if status != _FULL and status < _NOT_READY:
                raise self._address.refusal(status) from None
            reason: Exception = ServerError(f"it takes no more clients, or none now: status {status}")
        except (OSError, InvalidHandshake) as error:
            reason = error
        if lost_s is None or time.monotonic() - lost_s > PATIENCE_S:
            raise self._address.unreachable(reason)
        return None

    async def _received_all(self, socket: ClientConnection, feed: Feed) -> bool:
        """Whether the connection held until the last result."""
        try:
            async with socket:
                await self._talk(socket, feed)
        except ConnectionClosed as error:
            if error.rcvd is not None and error.rcvd.code == _REFUSED:
                raise DataError(self._refusal or error.rcvd.reason) from None
            return False
        return True

    async def _talk(self, socket: ClientConnection, feed: Feed) -> None:
        """Goes on from the last saved state, with what was sent after it."""
        wire = await Wire.begun(socket, self._address, self._run, self._start)
        tasks = [asyncio.create_task(self._write(wire, feed)), asyncio.create_task(self._read(wire))]
        try:
            await asyncio.gather(*tasks)
        finally:
            for task in tasks:
                task.cancel()

    async def _write(self, wire: Wire, feed: Feed) -> None:
        for sent in tuple(self._unsaved):
            await wire.send(sent.message, sent.units)
        try:
            await self._write_new(wire, feed)
        except EchoicError:  # of the feed: what came before it still has its results
            await wire.settle()
            raise
        await wire.finish()

    async def _write_new(self, wire: Wire, feed: Feed) -> None:
        saved_s = time.monotonic()
        while True:
            since_s = time.monotonic() - saved_s
            if since_s > (_SAVE_EVERY_S if self._unsaved else _KEEP_OPEN_S):
                saved_s = time.monotonic()
                await wire.save()
            has_waited = await wire.place()
            try:
                async with asyncio.timeout(_SAVE_EVERY_S):
                    chunk = await feed.next()
            except TimeoutError:
                continue
            if chunk is END:
                return
            if has_waited and self._run.takes in {"values", "roll"}:  # they come faster than messages may go
                chunk = joined([chunk, *feed.waiting()])
            for piece in pieces_of(self._run, chunk, wire.limits):
                self._sent += len(piece)
                sent = _Sent(message_of(self._run, piece), len(piece), self._sent)
                self._unsaved.append(sent)
                await wire.send(sent.message, sent.units)

    async def _read(self, wire: Wire) -> None:
        while True:
            message, is_last = await wire.receive()
            if message.type == "result":
                # What is computed again after a lost connection was given before.
                if is_last or message.position > self._received:
                    self._received = message.position
                    for record in message.records:
                        self._on_record(record)
                if is_last:
                    return
            elif message.type == "state":
                self._start |= {"state": message.state, "position": message.position}
                while self._unsaved and self._unsaved[0].position <= message.position:
                    self._unsaved.popleft()
            elif message.type == "error":
                self._refusal = message.message
