"""Messages that wait for a client: a few, then the client is dropped."""

import asyncio
import json
from typing import Any, final

from starlette.websockets import WebSocket, WebSocketDisconnect, WebSocketState

from echoic.web.errors import DroppedError


@final
class Outbox:
    """Sends messages in their order, from a queue of `most` messages."""

    def __init__(self, socket: WebSocket, most: int) -> None:
        self._socket = socket
        self._queue: asyncio.Queue[dict[str, Any] | bytes] = asyncio.Queue(most)

    async def put(self, message: dict[str, Any] | bytes) -> None:
        """Queues a message: an object as JSON, or bytes.

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

    async def _send(self, message: dict[str, Any] | bytes) -> None:
        if isinstance(message, bytes):
            await self._socket.send_bytes(message)
        else:
            await self._socket.send_text(json.dumps(message, separators=(",", ":")))


_CLOSE_S = 2.0
"""How long a closing connection waits for its client."""
