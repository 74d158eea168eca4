"""Messages that wait for a client: a few, then the client is dropped."""

import asyncio
import json
from typing import Any, final

from starlette.websockets import WebSocket, WebSocketDisconnect, WebSocketState

from echoic.web.errors import DroppedError

Message = dict[str, Any] | str | bytes

_JSON = json.JSONEncoder(separators=(",", ":"))


@final
class Outbox:
    """Sends messages in their order, from a queue of `most` messages.

    A message is an object, which is sent as JSON, a text, which is JSON already, or bytes.
    """

    def __init__(self, socket: WebSocket, most: int) -> None:
        self._socket = socket
        self._queue: asyncio.Queue[Message] = asyncio.Queue(most)

    def put(self, message: Message) -> None:
        """Queues a message.

        Raises:
            DroppedError: too many wait already.
        """
        try:
            self._queue.put_nowait(message)
        except asyncio.QueueFull:
            raise DroppedError("The client reads too slowly.") from None

    async def run(self) -> None:
        """Sends until it is cancelled or the client has gone."""
        try:
            while True:
                await self._send(await self._queue.get())
        except (WebSocketDisconnect, RuntimeError):  # the other side has closed
            return

    async def close(self, code: int, reason: str) -> None:
        """Sends what waits, as far as the client reads it, then an error with the reason, and closes."""
        if self._socket.application_state != WebSocketState.CONNECTED:
            return
        try:
            async with asyncio.timeout(_CLOSE_S):
                while not self._queue.empty():
                    await self._send(self._queue.get_nowait())
                await self._send({"type": "error", "message": reason})
                # A frame that closes holds at most 123 bytes.
                await self._socket.close(code, reason.encode()[:120].decode(errors="ignore"))
        except (TimeoutError, WebSocketDisconnect, RuntimeError):
            return

    async def _send(self, message: Message) -> None:
        if isinstance(message, bytes):
            await self._socket.send_bytes(message)
        else:
            await self._socket.send_text(message if isinstance(message, str) else _JSON.encode(message))


_CLOSE_S = 2.0
"""How long a closing connection waits for its client."""
