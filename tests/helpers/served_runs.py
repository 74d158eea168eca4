"""A server in a thread, on a real socket, and clients of it."""

import asyncio
import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

from websockets.sync.client import ClientConnection, connect

from echoic.api.run import Run
from echoic.web.app import Server
from echoic.web.limits import Limits
from echoic.web.security import Access
from echoic.web.served import ServedRun
from echoic.web.serving import Serving, bound

TOKEN = "a token of a test"  # noqa: S105


class Client:
    """A WebSocket of JSON objects and bytes."""

    def __init__(self, socket: ClientConnection) -> None:
        self.socket = socket

    def send(self, message: dict[str, Any] | bytes | str) -> None:
        self.socket.send(json.dumps(message) if isinstance(message, dict) else message)

    def receive(self, timeout_s: float = 60) -> Any:
        message = self.socket.recv(timeout_s)
        return message if isinstance(message, bytes) else json.loads(message)

    def answer(self, message: dict[str, Any] | bytes | str) -> Any:
        """The answer to a message."""
        self.send(message)
        return self.receive()


class Port:
    """A port of this machine, with the headers of a client that knows the token."""

    def __init__(self, port: int) -> None:
        self.port = port

    @contextmanager
    def client(self, run: str, *, hello: bool = True, **headers: Any) -> Iterator[Client]:
        known = {"Authorization": f"Bearer {TOKEN}"} | {
            name.replace("_", "-"): value for name, value in headers.items()
        }
        address = f"ws://127.0.0.1:{self.port}/ws/{run}"
        with connect(address, additional_headers=known, max_size=None, compression=None) as socket:
            client = Client(socket)
            if hello:
                assert client.receive()["type"] == "hello"
            yield client


class Served(Port):
    """A server in this process."""

    def __init__(self, port: int, server: Server, running: Serving) -> None:
        super().__init__(port)
        self.server = server
        self.running = running


@contextmanager
def serving(runs: dict[str, Run], limits: Limits, taught: Path | None = None) -> Iterator[Served]:
    """A server in a thread, which may teach a run."""
    named = {name: ServedRun(run, limits.streams) for name, run in runs.items()}
    server = Server(named, replace(Access.of((), TOKEN), session="a session"), limits, taught)
    listening, running = bound("127.0.0.1", 0), Serving(server, limits, lambda: None)
    thread = threading.Thread(target=lambda: asyncio.run(running.serve([listening])), daemon=True)
    thread.start()
    while not running.started:
        assert thread.is_alive()
        thread.join(0.01)
    try:
        yield Served(listening.getsockname()[1], server, running)
    finally:
        running.should_exit = True
        thread.join(30)
        assert not thread.is_alive()
