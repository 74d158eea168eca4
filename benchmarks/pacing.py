"""Clients of the live server that send blocks of sound in real time, with little CPU of their own: they share it.

A process of its own, without echoic and torch. Blocks are sent when they are due, whether or not those before have been
answered, as a microphone does.
"""

import asyncio
import json
import random
import struct
import sys
import time
from collections import deque
from typing import Any, NamedTuple, final

RATE_HZ = 16_000

_RESULT = b'{"type":"result"'

_BINARY, _TEXT, _PONG, _PING, _CLOSE = 0x82, 0x81, 0x8A, 0x89, 0x88


class Load(NamedTuple):
    """Clients with the numbers from `first` on; each sends blocks of `block_s` seconds for `seconds`."""

    port: int
    token: str
    path: str
    first: int
    clients: int
    seconds: float
    block_s: float


class Measured(NamedTuple):
    """What came of a load: seconds from each block to its result, clients dropped, and CPU seconds of the process."""

    latencies: list[float]
    dropped: int
    cpu_s: float


@final
class Client(asyncio.Protocol):
    """One client; `done` becomes whether all of its blocks were answered."""

    def __init__(self, load: Load, number: int, latencies: list[float]) -> None:
        draws = random.Random(number)  # noqa: S311 (noise)
        samples = [round(draws.gauss(0, 3000)) for _ in range(round(load.block_s * RATE_HZ))]
        self.done: asyncio.Future[bool] = asyncio.get_running_loop().create_future()
        self._block = _frame(_BINARY, struct.pack(f"<{len(samples)}h", *(max(-32768, min(32767, s)) for s in samples)))
        self._load = load
        self._left = round(load.seconds / load.block_s)
        self._latencies = latencies
        self._sent: deque[float] = deque()
        self._received = b""
        self._num_texts = 0
        self._is_open = False

    def connection_made(self, transport: Any) -> None:
        """Asks for a WebSocket."""
        self._transport = transport
        lines = [
            f"GET {self._load.path} HTTP/1.1",
            f"Host: 127.0.0.1:{self._load.port}",
            f"Authorization: Bearer {self._load.token}",
            "Connection: Upgrade",
            "Upgrade: websocket",
            "Sec-WebSocket-Version: 13",
            "Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==",
        ]
        self._transport.write("\r\n".join([*lines, "", ""]).encode())

    def data_received(self, data: bytes) -> None:
        """Takes the frames apart; those of the server are short, and not masked."""
        received = self._received + data if self._received else data
        if not self._is_open and b"\r\n\r\n" in received:
            self._is_open = True
            received = received.partition(b"\r\n\r\n")[2]
        while self._is_open and len(received) >= 2:
            short = received[1]
            begin = 4 if short == 126 else 2
            end = begin + (int.from_bytes(received[2:4], "big") if short == 126 else short)
            if len(received) < end:
                break
            self._answer(received[0], received[begin:end])
            received = received[end:]
        self._received = received

    def connection_lost(self, exc: Exception | None) -> None:
        """The server has dropped this client, unless it was done."""
        del exc
        if not self.done.done():
            self.done.set_result(False)

    def _answer(self, kind: int, payload: bytes) -> None:
        if kind == _PING:
            self._transport.write(_frame(_PONG, payload))
        elif kind == _CLOSE:
            self._transport.close()
        elif kind == _TEXT:
            self._num_texts += 1
            if self._num_texts == 1:  # it was hello
                self._transport.write(_frame(_TEXT, b'{"type":"start","samples":"s16"}'))
            elif self._num_texts == 2:  # it was started
                self._send(time.perf_counter(), asyncio.get_running_loop().time())
            elif payload.startswith(_RESULT):
                self._latencies.append(time.perf_counter() - self._sent.popleft())
                if not self._left and not self._sent:
                    self.done.set_result(True)
                    self._transport.close()

    def _send(self, now: float, due: float) -> None:
        self._sent.append(now)
        self._transport.write(self._block)
        self._left -= 1
        if self._left:
            due += self._load.block_s
            asyncio.get_running_loop().call_at(due, lambda: self._send(time.perf_counter(), due))


def _frame(kind: int, payload: bytes) -> bytes:
    """A frame of a client; masked with zeros, which a server undoes like any others."""
    length = bytes([0x80 | len(payload)]) if len(payload) < 126 else b"\xfe" + len(payload).to_bytes(2, "big")
    return bytes([kind]) + length + bytes(4) + payload


async def _run(load: Load) -> Measured:
    loop, latencies = asyncio.get_running_loop(), list[float]()

    async def one(number: int) -> bool:
        # Blocks of different clients are due at different times.
        await asyncio.sleep(random.Random(number).uniform(0, 4 * load.block_s))  # noqa: S311
        _, client = await loop.create_connection(lambda: Client(load, number, latencies), "127.0.0.1", load.port)
        return await client.done

    answered = await asyncio.gather(*map(one, range(load.first, load.first + load.clients)))
    return Measured(latencies, answered.count(False), time.process_time())


def main() -> None:
    """Runs the load in the first argument, as JSON, and prints what was measured."""
    print(json.dumps(asyncio.run(_run(Load(*json.loads(sys.argv[1]))))))
