"""Starts the server and says where it is."""

import gc
import socket
import sys
import webbrowser
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import final

import uvicorn

from echoic.errors import ConfigError, RunError
from echoic.web.app import Server
from echoic.web.limits import Limits
from echoic.web.security import LOOPBACK, Access
from echoic.web.served import ServedRun


@final
class Serving(uvicorn.Server):
    """Calls `on_start` once the server accepts connections; before it stops, clients get their states."""

    def __init__(self, server: Server, limits: Limits, on_start: Callable[[], None]) -> None:
        super().__init__(
            uvicorn.Config(
                server.app,
                ws="websockets-sansio",
                ws_max_size=max(limits.message_bytes, limits.state_bytes),
                ws_per_message_deflate=False,
                limit_concurrency=limits.connections + _OTHERS,
                access_log=False,  # addresses have tokens
                log_level="warning",
                server_header=False,
                timeout_graceful_shutdown=_STOP_S,
            )
        )
        self._server = server
        self._on_start = on_start

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Starts to listen."""
        await super().startup(sockets)
        if self.started:
            self._on_start()

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """Ends all connections."""
        await self._server.leave()
        await super().shutdown(sockets)


@final
@dataclass(frozen=True)
class Place:
    """Where the server is, and who may use it.

    Attributes:
        host: address to listen at.
        port: 0 is a free one.
        token: secret that opens the page; None: a new one.
        allowed_hosts: further names by which it may be called.
    """

    host: str = "127.0.0.1"
    port: int = 8420
    token: str | None = field(default=None, repr=False)
    allowed_hosts: tuple[str, ...] = ()


def serve(
    runs: Mapping[str, ServedRun],
    place: Place,
    limits: Limits,
    say: Callable[[str], None],
    *,
    taught: Path | None = None,
    open_browser: bool,
) -> None:
    """Serves until it is interrupted or terminated; `say` is called with the address.

    Raises:
        ConfigError: another host than this machine without a token, or the run to be `taught` has other data.
        RunError: the port is taken, or the host is none of this machine.
    """
    host, token = place.host, place.token
    if host not in LOOPBACK and token is None:
        raise ConfigError(
            f"--host {host} can be reached from other machines; choose a secret with --token, and put a server with "
            "TLS in front."
        )
    if token is not None and len(token) < _SHORTEST_TOKEN:
        raise ConfigError(f"`--token` must have at least {_SHORTEST_TOKEN} characters.")
    access = Access.of({host, *place.allowed_hosts}, token)
    server = Server(runs, access, limits, taught)
    listening = bound(host, place.port)
    shown = f"[{host}]" if ":" in host else host
    address = f"http://{shown}:{listening.getsockname()[1]}/?token={access.token}"

    def started() -> None:
        say(address)
        if open_browser:
            webbrowser.open(address)

    with _without_stalls():
        Serving(server, limits, started).run([listening])


@contextmanager
def _without_stalls() -> Iterator[None]:
    """Keeps Python from halting all streams of this process: for collections of garbage, and for the network's thread.

    Each collection of all objects would go through those of the libraries as well, for a tenth of a second.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(_GARBAGE_OBJECTS, *gc.get_threshold()[1:])
    sys.setswitchinterval(_SWITCH_S)
    try:
        yield
    finally:
        gc.unfreeze()  # otherwise kernels are never freed, and say so as Python ends


_OTHERS = 100
"""Requests beside the sockets."""

_STOP_S = 5
"""Seconds that connections have to end when the server stops."""

_SHORTEST_TOKEN = 16

_GARBAGE_OBJECTS = 20_000
"""New objects from which garbage is sought; Python's default: 700, which are made by some ten messages."""

_SWITCH_S = 0.0005
"""How long the network's thread may keep the interpreter from the one that answers clients; Python's default: 5 ms."""


def bound(host: str, port: int) -> socket.socket:
    """A socket at the port, or at a free one for 0.

    Raises:
        RunError: the port is taken, or the host is none of this machine.
    """
    try:
        family = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0][0]
        listening = socket.socket(family)
        listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listening.bind((host, port))
    except (OSError, ValueError) as error:  # a ValueError: the name has parts that are empty or too long
        reason = getattr(error, "strerror", None) or "no name of a host"
        raise RunError(
            f"{host}:{port} cannot be used ({reason}); choose another --port, or 0 for a free one."
        ) from None
    return listening
