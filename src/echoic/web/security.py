"""Who may use the server: hosts, origins, a token and a cookie; and headers that keep the page to itself."""

import hmac
import re
import secrets
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import final
from urllib.parse import parse_qs, urlsplit

from starlette.datastructures import Headers
from starlette.requests import cookie_parser
from starlette.responses import PlainTextResponse, RedirectResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

COOKIE = "echoic_session"

LOOPBACK = frozenset({"127.0.0.1", "localhost", "::1"})

HEADERS = {
    "content-security-policy": (
        "default-src 'self'; connect-src 'self'; img-src 'self' data: blob:; media-src 'self' blob:; "
        "object-src 'none'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'"
    ),
    "x-content-type-options": "nosniff",
    "referrer-policy": "no-referrer",
    "cache-control": "no-store",
    "permissions-policy": "microphone=(self), midi=(self), camera=(), geolocation=()",
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
}
"""Headers of every response."""

_PLAIN_HOST = re.compile(r"[A-Za-z0-9.:\[\]-]+")

_REFUSED = 4403
_OPEN = frozenset({"/health"})
"""Paths that need no token."""


@final
@dataclass(frozen=True)
class Access:
    """Hosts by which the server may be called, and its secrets.

    Attributes:
        hosts: names without a port.
        token: opens the page once, or stands in the header `Authorization: Bearer`.
        session: the value of the cookie that the page gets for the token.
    """

    hosts: frozenset[str]
    token: str = field(repr=False)
    session: str = field(repr=False)

    @classmethod
    def of(cls, hosts: Iterable[str], token: str | None) -> "Access":
        """Access by loopback names and `hosts`, with a new token unless there is one.

        The cookie follows from the token: pages stay open when a server is started again with the same one.
        """
        token = token or secrets.token_urlsafe(32)
        session = hmac.digest(token.encode(), COOKIE.encode(), "sha256").hex()
        return cls(LOOPBACK | frozenset(map(str.lower, hosts)), token, session)

    def knows_host(self, host: str | None) -> bool:
        """Whether a Host header names this server; the port does not matter."""
        return bool(host) and _PLAIN_HOST.fullmatch(host or "") is not None and _host_name(f"//{host}") in self.hosts

    def knows_origin(self, origin: str | None, host: str | None) -> bool:
        """Whether an Origin header, if there is one, is that of a page of this server."""
        if origin is None:
            return True
        return self.knows_host(host) and _host_name(origin) in self.hosts and urlsplit(origin).netloc == host

    def is_known(self, headers: Headers) -> bool:
        """Whether a request has the cookie or the token."""
        cookie = cookie_parser(headers.get("cookie", "")).get(COOKIE, "")
        scheme, _, given = headers.get("authorization", "").partition(" ")
        return _same(cookie, self.session) or (scheme.lower() == "bearer" and _same(given.strip(), self.token))

    def opens(self, scope: Scope) -> bool:
        """Whether the address of the page has the token."""
        given = parse_qs(scope.get("query_string", b"").decode("latin-1")).get("token", [""])
        return _same(given[0], self.token)


@final
class Guard:
    """Refuses what `access` does not allow, before the application sees it, and adds `HEADERS` to every response."""

    def __init__(self, app: ASGIApp, access: Access) -> None:
        self._app = app
        self._access = access

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handles a request or a WebSocket."""
        if scope["type"] == "lifespan":
            await self._app(scope, receive, send)
            return
        answer = self._answer(scope)
        if answer is None:
            # Messages of sockets have no headers.
            await self._app(scope, receive, send if scope["type"] == "websocket" else _with_headers(send))
        elif scope["type"] == "websocket":
            await send({"type": "websocket.close", "code": _REFUSED, "reason": "not allowed"})
        else:
            await answer(scope, receive, _with_headers(send))

    def _answer(self, scope: Scope) -> Response | None:
        """The response to what does not reach the application; None if it may."""
        headers, access = Headers(scope=scope), self._access
        host, origin = headers.get("host"), headers.get("origin")
        if not access.knows_host(host):
            return PlainTextResponse("This host is not allowed; start with --allow-host NAME.", 403)
        if not access.knows_origin(origin, host):
            return PlainTextResponse("Pages of another origin are not allowed.", 403)
        if scope["path"] in _OPEN or access.is_known(headers):
            return None
        if scope["type"] == "http" and scope["path"] == "/" and access.opens(scope):
            response = RedirectResponse("/", 303)
            response.set_cookie(COOKIE, access.session, path="/", httponly=True, samesite="strict")
            return response
        return PlainTextResponse("Open the address that `echoic serve` printed; it has a token.", 401)


def _with_headers(send: Send) -> Send:
    async def wrapped(message: Message) -> None:
        if message["type"] == "http.response.start":
            message["headers"] = [
                *message.get("headers", []),
                *((name.encode(), value.encode()) for name, value in HEADERS.items()),
            ]
        await send(message)

    return wrapped


def _host_name(address: str) -> str | None:
    try:
        return urlsplit(address).hostname
    except ValueError:
        return None


def _same(one: str, other: str) -> bool:
    return hmac.compare_digest(one.encode("utf-8", "replace"), other.encode())
