"""`echoic serve` and `echoic live` as processes of their own, which can be killed and started again."""

import json
import os
import re
import secrets
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Self

from served_runs import Client
from websockets.sync.client import connect

TOKEN = "a token of a process"  # noqa: S105
LASTING_PORTS = range(20_000, 30_000)


def lasting_port() -> int:
    """A free port below those of outgoing connections, so that none takes it before a server is started there again."""
    while True:
        port = secrets.choice(LASTING_PORTS)
        with socket.socket() as trying:
            if trying.connect_ex(("127.0.0.1", port)):
                return port


class Child:
    """A process that does not outlive its test."""

    process: subprocess.Popen[Any]

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.process.kill()
        self.process.__exit__(None, None, None)  # closes its pipes


class Process(Child):
    """`echoic serve` with these arguments at a port; 0 is a free one. `module` stands in for echoic."""

    def __init__(self, *arguments: str | Path, port: int = 0, module: str = "echoic") -> None:
        command = [sys.executable, "-m", module, "serve", *map(str, arguments), "--no-browser", "--port", str(port)]
        helpers = str(Path(__file__).parent)
        environment = os.environ | {"ECHOIC_TOKEN": TOKEN, "OMP_NUM_THREADS": "1", "PYTHONPATH": helpers}
        self.process = subprocess.Popen(command, stderr=subprocess.PIPE, text=True, env=environment)
        assert self.process.stderr
        self.said = ""
        while not (found := re.search(r":(\d+)/\?token=", self.said)):
            line = self.process.stderr.readline()
            assert line, f"the server has ended: {self.said}"
            self.said += line
        self.port = int(found[1])

    @contextmanager
    def connect(self, run: str) -> Iterator[Client]:
        headers = {"Authorization": f"Bearer {TOKEN}"}
        with connect(f"ws://127.0.0.1:{self.port}/ws/{run}", additional_headers=headers) as socket:
            client = Client(socket)
            assert client.receive()["type"] == "hello"
            yield client

    def end(self, number: signal.Signals) -> str:
        """Sends a signal; returns what the process has said since it began."""
        self.process.send_signal(number)
        said: str = self.process.communicate(timeout=60)[1]
        return self.said + said


class Sending(Child):
    """`echoic live`, with a pipe that stays open."""

    def __init__(self, *words: str | Path, token: str = TOKEN) -> None:
        command = [sys.executable, "-m", "echoic", "live", *map(str, words)]
        pipe = subprocess.PIPE
        environment = os.environ | {"ECHOIC_TOKEN": token}
        self.process = subprocess.Popen(command, stdin=pipe, stdout=pipe, stderr=pipe, env=environment)

    def write(self, data: bytes | str) -> None:
        assert self.process.stdin
        self.process.stdin.write(data.encode() if isinstance(data, str) else data)
        self.process.stdin.flush()

    def records(self, count: int) -> list[Any]:
        """The next results."""
        assert self.process.stdout
        return [json.loads(self.process.stdout.readline()) for _ in range(count)]

    def until(self, step: int) -> list[Any]:
        """The results up to that of a step."""
        found = self.records(1)
        while found[-1]["step"] != step:
            found += self.records(1)
        return found

    def end(self) -> tuple[list[Any], str, int]:
        """The results that are left after the end of the input, what the process has said, and its exit code."""
        out, said = self.process.communicate(timeout=120)
        return list(map(json.loads, out.splitlines())), said.decode(), self.process.returncode


def sent(words: Sequence[str | Path], data: bytes, token: str = TOKEN) -> tuple[list[Any], str, int]:
    """As `Sending.end` for all data at once."""
    with Sending(*words, token=token) as sending:
        out, said = sending.process.communicate(data, timeout=240)
        return list(map(json.loads, out.splitlines())), said.decode(), sending.process.returncode
