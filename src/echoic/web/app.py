"""The application: the page, the sockets of runs, health and metrics."""

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from importlib.resources import files
from pathlib import Path
from typing import Any, final

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.routing import Route, WebSocketRoute
from starlette.types import ASGIApp
from starlette.websockets import WebSocket

from echoic.api.run import Run
from echoic.errors import ConfigError
from echoic.web.batcher import Batcher
from echoic.web.connection import TOO_MUCH, Connection
from echoic.web.limits import Limits
from echoic.web.monitoring import Monitor
from echoic.web.security import Access, Guard
from echoic.web.served import ServedRun
from echoic.web.teaching.routes import TeachingRoutes
from echoic.web.teaching.teacher import Teacher

_TYPES = {".html": "text/html", ".js": "text/javascript", ".css": "text/css", ".svg": "image/svg+xml"}


@final
class Server:
    """Serves runs to many clients, with one state for each.

    Args:
        runs: by their names.
        access: who may use it.
        limits: of the server and of each client.
        taught: the run that the page teaches, if it does.

    Raises:
        ConfigError: the run to teach is there already and was trained on other data, or another one has its name.
        RunError: its folder of examples cannot be created.
    """

    def __init__(
        self, runs: Mapping[str, ServedRun], access: Access, limits: Limits, taught: Path | None = None
    ) -> None:
        if taught is not None and taught.name in runs and runs[taught.name].run.path != taught:
            raise ConfigError(f"Two runs are named {taught.name}; give --teach another name.")
        self._runs = dict(runs)
        self._limits = limits
        self._teacher = None if taught is None else Teacher(taught, self._take)
        self.monitor = Monitor()
        self._batcher = Batcher(self.monitor)
        self._connections: set[Connection] = set()
        # The page: read once, so that no path of a client ever reaches the file system.
        self._files = _page()
        routes = [
            Route("/", self._index),
            Route("/files/{name}", self._file),
            Route("/runs", self._list),
            Route("/health", self._health),
            Route("/metrics", self._metrics),
            WebSocketRoute("/ws/{name}", self._socket),
            *(TeachingRoutes(self._teacher).routes if self._teacher else [Route("/teach", _nothing)]),
        ]
        self.app: ASGIApp = Guard(Starlette(routes=routes, lifespan=self._lifespan), access)

    @asynccontextmanager
    async def _lifespan(self, _app: Starlette) -> AsyncIterator[None]:
        batches = asyncio.create_task(self._batcher.run())
        yield
        batches.cancel()
        if self._teacher:
            await self._teacher.close()

    def _take(self, run: Run) -> None:
        """Serves a run that was just trained; streams of the one before continue with it."""
        self._runs[run.path.name] = ServedRun(run, self._limits.streams)

    async def leave(self) -> None:
        """Sends every client its state, and closes its connection."""
        await asyncio.gather(*(one.leave() for one in self._connections), return_exceptions=True)

    async def _index(self, _request: Request) -> Response:
        return self._served("index.html")

    async def _file(self, request: Request) -> Response:
        return self._served(request.path_params["name"])

    def _served(self, name: str) -> Response:
        if name not in self._files:
            return PlainTextResponse("There is no such file.", 404)
        return Response(self._files[name], media_type=_TYPES["." + name.rpartition(".")[2]])

    async def _list(self, _request: Request) -> Response:
        return JSONResponse([run.presented() for run in self._runs.values()])

    async def _health(self, _request: Request) -> Response:
        return JSONResponse({"status": "ok", "runs": len(self._runs)})

    async def _metrics(self, _request: Request) -> Response:
        self.monitor.connections = len(self._connections)
        return PlainTextResponse(self.monitor.to_text(), media_type="text/plain; version=0.0.4")

    async def _socket(self, socket: WebSocket) -> None:
        served = self._runs.get(socket.path_params["name"])
        if served is None or len(self._connections) >= self._limits.connections:
            if served is not None:
                self.monitor.dropped["full"] += 1
            await socket.close(TOO_MUCH if served else 4404, "the server is full" if served else "there is no such run")
            return
        connection = Connection(socket, served, self._batcher, self.monitor, self._limits)
        self._connections.add(connection)
        try:
            # A task of its own: it wakes up for every message, and below it lie the layers of the application.
            await asyncio.create_task(connection.run())
        finally:
            self._connections.discard(connection)


async def _nothing(_request: Request) -> Response:
    """A page asks on every load whether it teaches; an error would stand in the browser's log."""
    return Response(status_code=204)


def _page() -> dict[str, bytes]:
    folder: Any = files("echoic.web") / "page"
    return {one.name: one.read_bytes() for one in folder.iterdir() if "." + one.name.rpartition(".")[2] in _TYPES}
