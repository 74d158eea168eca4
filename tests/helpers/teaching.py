"""A server that teaches, and a client of its HTTP interface."""

import http.client
import io
import json
import time
import zipfile
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import quote

import numpy as np
import soundfile
from served_runs import TOKEN, Port, serving

from echoic.web.limits import Limits

RATE_HZ = 8000
LOOK_S = 0.2


class Answer(NamedTuple):
    status: int
    kind: str
    raw: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.raw)

    @property
    def error(self) -> str:
        """The sentence of a request that was refused."""
        assert 400 <= self.status < 500
        assert set(self.json) == {"error"}
        return str(self.json["error"])


class Taught(NamedTuple):
    """A server that teaches the run at `run`."""

    served: Port
    run: Path

    @property
    def examples(self) -> Path:
        return self.run.with_name(f"{self.run.name}-examples")

    @property
    def files(self) -> list[str]:
        """All files below the folder of the test, but for those of the run."""
        found = (path.relative_to(self.run.parent) for path in self.run.parent.rglob("*") if path.is_file())
        return sorted(str(path) for path in found if path.parts[0] != self.run.name)

    def call(self, method: str, path: str, body: Any = None, **headers: str) -> Answer:
        connection = http.client.HTTPConnection("127.0.0.1", self.served.port, timeout=60)
        sent = json.dumps(body) if isinstance(body, dict) else body
        with closing(connection):
            connection.request(method, path, sent, {"Authorization": f"Bearer {TOKEN}"} | headers)
            response = connection.getresponse()
            return Answer(response.status, response.getheader("content-type", ""), response.read())

    def shown(self) -> Any:
        return self.call("GET", "/teach").json

    def add_class(self, name: str) -> Any:
        return self.call("POST", "/teach/classes", {"name": name})

    def upload(self, raw: bytes, name: str, into: str | None = None, keep: str = "all") -> Answer:
        where = "" if into is None else f"&class={quote(into)}"
        return self.call("POST", f"/teach/examples?name={quote(name)}{where}&{keep}=1", raw)

    def names(self, name: str) -> list[str]:
        """Names of the examples of a class."""
        (found,) = (one for one in self.shown()["classes"] if one["name"] == name)
        return [one["name"] for one in found["examples"]]

    def trained(self) -> Any:
        """All that the page shows once a training has ended."""
        while (shown := self.shown())["training"]["status"] in ("running", "stopping"):
            time.sleep(LOOK_S)
        return shown

    def wait_for_an_evaluation(self) -> None:
        """Waits until the network that is trained has been evaluated."""
        while not self.shown()["training"]["evaluations"]:
            time.sleep(LOOK_S)


@contextmanager
def teaching(folder: Path) -> Iterator[Taught]:
    run = folder / "mine"
    with serving({}, Limits(), run) as served:
        yield Taught(served, run)


def tone(pitch_hz: float, seconds: float = 0.4, rate_hz: int = RATE_HZ) -> np.ndarray:
    return 0.3 * np.sin(2 * np.pi * pitch_hz * np.arange(round(seconds * rate_hz)) / rate_hz)


def encoded(samples: np.ndarray, kind: str = "WAV", rate_hz: int = RATE_HZ) -> bytes:
    file = io.BytesIO()
    soundfile.write(file, samples, rate_hz, format=kind)
    return file.getvalue()


def zipped(files: dict[str, bytes]) -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        for name, raw in files.items():
            archive.writestr(name, raw)
    return file.getvalue()


SHARP = {"clap": 400.0, "click": 1500.0}
"""Classes of tones, by their pitch in Hz."""


def with_tones(taught: Taught, count: int = 6) -> None:
    """Two classes of tones, without a background."""
    taught.call("DELETE", "/teach/classes/Background")
    draws = np.random.default_rng(0)
    for name, pitch_hz in SHARP.items():
        taught.add_class(name)
        for _ in range(count):
            assert taught.upload(encoded(tone(pitch_hz * draws.uniform(0.9, 1.1))), "a.wav", name).json["added"] == 1
