"""`echoic live --to` an address at which something else answers than a server of runs."""

import asyncio
import json
from collections.abc import Callable, Coroutine, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import numpy as np
import pytest

pytest.importorskip("starlette", reason="the extra [serve] is not installed")

from served_runs import TOKEN, serving
from websockets.asyncio.server import ServerConnection, serve

from echoic.errors import ConfigError
from echoic.web.client import wire
from echoic.web.client.address import ServedRun, ServerAddress
from echoic.web.client.feed import Feed
from echoic.web.client.outgoing import Pace, TheirLimits
from echoic.web.client.sender import Sender
from echoic.web.errors import ServerError
from echoic.web.limits import Limits

RUN = ServedRun(run="x", job="forecast", takes="values", rate_hz=1, features=("x",), channel=None)
LIMITS = Limits().to_json()
RESULT = {"type": "result", "position": 1, "records": []}


def in_thread(work: Callable[[], Coroutine[Any, Any, Any]]) -> None:
    """Runs a coroutine in a thread of its own: this one may run the loop of a browser's driver."""
    with ThreadPoolExecutor(1) as thread:
        thread.submit(lambda: asyncio.run(work())).result()


def sent_to(*answers: Any) -> None:
    """Sends three rows to a server that says only this, whatever comes."""

    async def answer(socket: ServerConnection) -> None:
        for one in answers:
            await socket.send(one if isinstance(one, str | bytes) else json.dumps(one))
        await socket.wait_closed()

    def items() -> Iterator[Any]:
        for _ in range(3):
            yield np.array([[1.0]])

    async def send() -> None:
        async with serve(answer, "127.0.0.1", 0) as server:
            port = next(iter(server.sockets)).getsockname()[1]
            address = ServerAddress.parse(f"http://127.0.0.1:{port}", "token")
            await Sender(address, RUN, {}, lambda _: None, lambda _: None).send(Feed(items))

    in_thread(send)


@pytest.mark.parametrize(
    "answer",
    [
        "no JSON",
        b"\xff\0",
        [1],
        {},
        {"type": "other"},
        {"type": "result", "position": 1},
        RESULT | {"position": "x"},
        RESULT | {"records": 3},
        {"type": "state"},
        {"type": "error"},
    ],
)
def test_answers_that_are_not_understood_end_it_with_a_sentence(answer: Any) -> None:
    with pytest.raises(ServerError, match="answers, but not as a server of runs of this version; check the address"):
        sent_to({"type": "hello", "limits": LIMITS}, answer)


class Talking:
    """A socket that gives results to nothing."""

    async def recv(self) -> str:
        return json.dumps(RESULT)


def test_a_result_that_nothing_was_sent_for_ends_it() -> None:
    limits = TheirLimits.model_validate(LIMITS)
    address = ServerAddress.parse("http://127.0.0.1:1", "token")
    talking: Any = Talking()
    with pytest.raises(ServerError, match="not as a server of runs"):
        in_thread(wire.Wire(talking, address, Pace(RUN, 1, limits), limits).receive)


@pytest.mark.parametrize("limit", LIMITS)
def test_limits_that_let_nothing_through_are_refused(limit: str) -> None:
    if limit != "state_bytes":
        with pytest.raises(ServerError, match="not as a server of runs"):
            sent_to({"type": "hello", "limits": LIMITS | {limit: 0}})


def test_a_server_that_says_nothing_is_left(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(wire, "TIMEOUT_S", 0.1)
    with pytest.raises(ServerError, match="not as a server of runs"):
        sent_to()


def test_a_server_without_runs_is_named() -> None:
    with serving({}, Limits()) as served, pytest.raises(ConfigError, match="has no runs; teach one on its page"):
        ServerAddress.parse(f"http://127.0.0.1:{served.port}", TOKEN).run(None)
