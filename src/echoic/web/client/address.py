"""The address of a server, and the runs that it serves."""

import http.client
from dataclasses import dataclass, field
from typing import Self, final
from urllib.parse import parse_qs, quote, urlsplit

from pydantic import BaseModel, TypeAdapter, ValidationError

from echoic.errors import ConfigError
from echoic.streams.live import InputKind
from echoic.web.errors import ServerError

TIMEOUT_S = 10.0
"""How long a server may take to answer."""

_SECURE = {"http": False, "ws": False, "https": True, "wss": True}
_MOST_BYTES = 1 << 22


class ServedRun(BaseModel):
    """A run of a server: what it reads."""

    run: str
    job: str
    takes: InputKind
    rate_hz: int
    features: tuple[str, ...]
    channel: int | None


_RUNS = TypeAdapter(list[ServedRun])


@final
@dataclass(frozen=True)
class ServerAddress:
    """Where a server is, and its token.

    Attributes:
        place: host and port.
        is_secure: whether the connection is encrypted.
    """

    place: str
    is_secure: bool
    token: str = field(repr=False)

    @classmethod
    def parse(cls, text: str, token: str | None) -> Self:
        """The address as `echoic serve` prints it; `token` is used where it has none.

        Raises:
            ConfigError: it is no address, or there is no token.
        """
        try:
            parts = urlsplit(text)
            has_place = parts.scheme in _SECURE and bool(parts.hostname) and parts.port != 0
        except ValueError:  # a port that is none
            has_place = False
        if not has_place:
            raise ConfigError(
                f"{text!r:.80} is no address of a server; give the one that `echoic serve` printed, such as "
                "http://127.0.0.1:8420/?token=..."
            )
        known = parse_qs(parts.query).get("token", [token or ""])[0]
        if not known:
            raise ConfigError(
                "The address has no token; give the one that `echoic serve` printed, in quotes, or set ECHOIC_TOKEN."
            )
        if not (known.isascii() and known.isprintable()):
            raise ConfigError("The token must have printable ASCII characters only.")
        return cls(parts.netloc.rpartition("@")[2], _SECURE[parts.scheme], known)

    @property
    def headers(self) -> dict[str, str]:
        """Headers of every request."""
        return {"Authorization": f"Bearer {self.token}"}

    def socket(self, run: str) -> str:
        """The address of the WebSocket of a run."""
        return f"{'wss' if self.is_secure else 'ws'}://{self.place}/ws/{quote(run, safe='')}"

    def run(self, name: str | None) -> ServedRun:
        """The run of a name; None: the only one.

        Raises:
            ConfigError: there is no such run, or there are several.
            ServerError: the server cannot be reached, or it refuses.
        """
        runs = {one.run: one for one in self._runs()}
        if not runs:
            raise ConfigError(f"The server at {self.place} has no runs; teach one on its page, or start it with one.")
        known = ", ".join(runs)
        if name is None and len(runs) > 1:
            raise ConfigError(f"The server has the runs {known}; choose one with --run NAME.")
        chosen = runs.get(next(iter(runs), "") if name is None else name)
        if chosen is None:
            raise ConfigError(f"The server has no run {name!r}; it has {known}.")
        return chosen

    def refusal(self, status: int) -> ServerError:
        """What a response other than a success means."""
        if status == 401:
            return ServerError(
                f"The server at {self.place} does not know this token; give the address that it printed last."
            )
        if status == 403:
            name = urlsplit(f"//{self.place}").hostname
            return ServerError(f"The server does not answer to the name {name}; start it with --allow-host {name}.")
        return ServerError(f"{self.place} answers with status {status}, unlike a server of runs; check the address.")

    def unreachable(self, error: Exception) -> ServerError:
        """What a failure of the network means."""
        reason = getattr(error, "strerror", None) or str(error) or type(error).__name__
        return ServerError(f"Nothing answers at {self.place} ({reason}); start `echoic serve`, or check the address.")

    def stranger(self) -> ServerError:
        """What an answer that is not understood means."""
        return ServerError(f"{self.place} answers, but not as a server of runs of this version; check the address.")

    def _runs(self) -> list[ServedRun]:
        kind = http.client.HTTPSConnection if self.is_secure else http.client.HTTPConnection
        try:
            connection = kind(self.place, timeout=TIMEOUT_S)
            connection.request("GET", "/runs", headers=self.headers)
            response = connection.getresponse()
            status, content = response.status, response.read(_MOST_BYTES)
            connection.close()
        except (OSError, http.client.HTTPException) as error:
            raise self.unreachable(error) from None
        if status != 200:
            raise self.refusal(status)
        try:
            return _RUNS.validate_json(content)
        except ValidationError:
            raise self.stranger() from None
