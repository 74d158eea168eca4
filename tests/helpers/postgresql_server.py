"""A PostgreSQL server of the tests' own: an ordinary user's, on a free port, in a temporary folder."""

import contextlib
import os
import pwd
import secrets
import shutil
import socket
import subprocess
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

_USER = "echoic"


@dataclass(frozen=True)
class Server:
    """A running server.

    Attributes:
        host: its address.
        port: its port.
        password: of its user.
        folder: of its data.
    """

    host: str
    port: int
    password: str
    folder: Path

    @property
    def environment(self) -> dict[str, str]:
        """The password as clients look for it."""
        return {"PGPASSWORD": self.password}

    def url(self, database: str, *, password: bool = False) -> str:
        """The URL of a database."""
        secret = f":{self.password}" if password else ""
        return f"postgresql+psycopg://{_USER}{secret}@{self.host}:{self.port}/{database}"

    def new_database(self) -> str:
        """The name of a new database."""
        name = f"test_{secrets.token_hex(6)}"
        command = [str(_programs() / "createdb"), "-h", self.host, "-p", str(self.port), "-U", _USER, name]
        subprocess.run(command, check=True, env=os.environ | self.environment)
        return name

    def control(self, *arguments: str) -> None:
        """Runs `pg_ctl`, such as to stop the server."""
        with (self.folder / "control.txt").open("w") as output:
            command = [*_unprivileged(), str(_programs() / "pg_ctl"), "-D", str(self.folder / "data"), *arguments]
            # The server inherits the output, which must not be a pipe that is waited for.
            subprocess.run(command, check=True, stdout=output, stderr=output, cwd="/")

    def start(self) -> None:
        """Starts the server, and waits for it."""
        options = f"-p {self.port} -c listen_addresses={self.host} -c unix_socket_directories= -c fsync=off"
        self.control("-w", "-t", "120", "-l", str(self.folder / "log.txt"), "-o", options, "start")


def missing() -> str:
    """Why there can be no server here; empty if there can."""
    return "" if _folders() else "the PostgreSQL server is not installed (Debian: apt-get install postgresql)"


@contextlib.contextmanager
def running(host: str = "127.0.0.1") -> Iterator[Server]:
    """A server for the block."""
    folder = Path(tempfile.mkdtemp(prefix="echoic-postgresql-"))
    try:
        password = secrets.token_hex(12)
        (folder / "password.txt").write_text(password)
        if os.getuid() == 0:
            for path in (folder, folder / "password.txt"):
                shutil.chown(path, *_names())
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            port = probe.getsockname()[1]
        initdb = [*_unprivileged(), str(_programs() / "initdb"), "-D", str(folder / "data"), "-U", _USER, "-E", "UTF8"]
        authentication = ["--auth=scram-sha-256", f"--pwfile={folder / 'password.txt'}", "--no-sync", "--locale=C"]
        subprocess.run([*initdb, *authentication], check=True, stdout=subprocess.DEVNULL, cwd="/")
        server = Server(host, port, password, folder)
        if host != "127.0.0.1":
            with (folder / "data" / "pg_hba.conf").open("a") as file:
                file.write("host all all 10.0.0.0/8 scram-sha-256\n")
        server.start()
        try:
            yield server
        finally:
            server.control("-m", "immediate", "stop")
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _folders() -> list[Path]:
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"), key=lambda path: float(path.parts[-3]))
    elsewhere = shutil.which("initdb")
    return ([Path(elsewhere).resolve().parent] if elsewhere else []) + [path.parent for path in found]


def _programs() -> Path:
    return _folders()[-1]


def _names() -> tuple[str, str]:
    """A user and a group without privileges."""
    users = {one.pw_name for one in pwd.getpwall()}
    return ("postgres", "postgres") if "postgres" in users else ("nobody", "nogroup")


def _unprivileged() -> list[str]:
    """What runs a command as such a user: the server refuses to run as root."""
    if os.getuid() != 0:
        return []
    user, group = _names()
    return ["setpriv", f"--reuid={user}", f"--regid={group}", "--clear-groups", "--"]
