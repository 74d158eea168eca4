"""Attacks on the server: other hosts and origins, without the token, with paths, floods and forged states."""

import base64
import http.client
import time
from contextlib import closing, suppress
from typing import Any

import pytest
from served_runs import TOKEN, Served, serving
from websockets.exceptions import ConnectionClosed, InvalidStatus

from echoic.api.run import Run
from echoic.web.limits import Limits
from echoic.web.security import COOKIE, HEADERS, Access

BEARER: dict[str, Any] = {"Authorization": f"Bearer {TOKEN}"}
PATHS = ["/", "/runs", "/metrics", "/files/index.html", "/nothing"]

pytestmark = pytest.mark.slow  # a run of each job that is served is trained for these tests


def get(served: Served, path: str, method: str = "GET", **headers: str) -> tuple[int, dict[str, str], str]:
    connection = http.client.HTTPConnection("127.0.0.1", served.port, timeout=30)
    with closing(connection):
        connection.request(method, path, headers=headers)
        response = connection.getresponse()
        return response.status, {name.lower(): value for name, value in response.getheaders()}, response.read().decode()


@pytest.mark.parametrize("path", PATHS)
def test_without_the_token_there_is_nothing(served: Served, path: str) -> None:
    assert get(served, path)[0] == 401
    for wrong in ("Bearer", "Bearer wrong", f"Basic {TOKEN}", f"Bearer {TOKEN}x", "Bearer \xff"):
        assert get(served, path, Authorization=wrong)[0] == 401
    assert get(served, path, Cookie=f"{COOKIE}=wrong")[0] == 401
    assert get(served, f"{path}?token=wrong")[0] == 401


def test_the_token_opens_the_page_once_for_a_cookie_of_its_own(served: Served) -> None:
    status, headers, _ = get(served, f"/?token={TOKEN.replace(' ', '%20')}")
    assert (status, headers["location"]) == (303, "/")
    cookie, *attributes = headers["set-cookie"].split("; ")
    assert {"HttpOnly", "Path=/", "SameSite=strict"} <= set(attributes)
    assert TOKEN not in cookie
    assert get(served, "/", Cookie=cookie)[0] == 200
    assert get(served, "/", Cookie=f"other=1; {cookie}")[0] == 200
    # Elsewhere an address with a token opens nothing.
    assert get(served, f"/runs?token={TOKEN.replace(' ', '%20')}")[0] == 401


def test_a_page_stays_open_when_the_server_is_started_again_with_the_same_token() -> None:
    first, again, other = (Access.of((), token) for token in (TOKEN, TOKEN, f"{TOKEN}x"))
    assert first.session == again.session != other.session
    assert len(first.session) == 64
    assert TOKEN not in first.session
    assert Access.of((), None).session != Access.of((), None).session


def test_health_is_open_and_says_nothing(served: Served, runs: dict[str, Run]) -> None:
    assert get(served, "/health")[2] == f'{{"status":"ok","runs":{len(runs)}}}'


@pytest.mark.parametrize(
    "host",
    ["evil.com", "evil.com:8420", "127.0.0.1.evil.com", "localhost.evil.com", "[::2]", "", "@localhost", "1.1.1.1"],
)
def test_other_hosts_are_refused_as_after_dns_rebinding(served: Served, host: str) -> None:
    assert get(served, "/", Host=host, **BEARER)[0] in {400, 403}
    assert get(served, "/health", Host=host)[0] in {400, 403}
    with pytest.raises(InvalidStatus) as refused, served.client("text", Host=host):
        pass
    assert refused.value.response.status_code in {400, 403}


@pytest.mark.parametrize(
    "origin",
    [
        "null",
        "http://evil.com",
        "http://127.0.0.1:1",
        "http://localhost:1",
        "file://",
        "http://127.0.0.1.evil.com",
        "http://[::1",
        "",
    ],
)
def test_pages_of_other_origins_are_refused(served: Served, origin: str) -> None:
    assert get(served, "/runs", Origin=origin, **BEARER)[0] == 403
    known: list[dict[str, Any]] = [{}, {"Cookie": f"{COOKIE}=a session"}]
    for headers in known:
        with pytest.raises(InvalidStatus) as refused, served.client("text", Origin=origin, **headers):
            pass
        assert refused.value.response.status_code == 403


def test_the_page_itself_may_connect(served: Served) -> None:
    own: dict[str, Any] = {
        "Origin": f"http://127.0.0.1:{served.port}",
        "Authorization": "",
        "Cookie": f"{COOKIE}=a session",
    }
    with served.client("text", **own):
        pass
    with pytest.raises(InvalidStatus), served.client("text", **own | {"Cookie": ""}):
        pass


@pytest.mark.parametrize("path", [*PATHS, "/health"])
def test_every_response_keeps_the_page_to_itself(served: Served, path: str) -> None:
    for headers in (get(served, path)[1], get(served, path, **BEARER)[1], get(served, path, Host="evil.com")[1]):
        assert headers.items() >= HEADERS.items()
        assert "server" not in headers
        assert "access-control-allow-origin" not in headers


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "PATCH", "OPTIONS", "TRACE"])
def test_other_methods_do_nothing(served: Served, method: str) -> None:
    for path in PATHS:
        assert get(served, path, method, **BEARER)[0] in {404, 405}


@pytest.mark.parametrize(
    "name",
    [
        "../app.py",
        "..%2fapp.py",
        "%2e%2e/app.py",
        "..\\app.py",
        "/etc/passwd",
        "index.html%00.js",
        "page/index.html",
        "",
    ],
)
def test_no_path_reaches_the_file_system(served: Served, name: str) -> None:
    for path in (f"/files/{name}", f"/{name}x", f"/ws/{name}"):
        assert get(served, path, **BEARER)[0] == 404


def test_the_page_is_served_by_its_names(served: Served) -> None:
    status, headers, page = get(served, "/", **BEARER)
    assert (status, headers["content-type"]) == (200, "text/html; charset=utf-8")
    assert "<script>" not in page
    assert " style=" not in page
    assert " on" not in [attribute[:3] for attribute in page.split("=")]


def closed(client: Any) -> tuple[int, str]:
    """The error that a client gets, and the code of closing."""
    said = ""
    while True:
        try:
            message = client.receive()
        except ConnectionClosed as error:
            return (error.rcvd.code if error.rcvd else 0), said
        if not isinstance(message, bytes) and message["type"] == "error":
            said = message["message"]


@pytest.mark.parametrize(
    ("run", "message", "said"),
    [
        ("text", "nonsense", "is not understood: invalid JSON"),
        ("text", "[" * 60_000, "is not understood"),
        ("text", '"text"', "is not understood"),
        ("text", {"type": "shutdown"}, "is not understood"),
        ("text", {"type": "start", "path": "/etc"}, "is not understood: `start.path`"),
        ("text", {"type": "start", "options": {"series": "x"}}, "`stream` has no option `series`"),
        ("detect", {"type": "start", "options": {"rate_hz": [1]}}, "`rate_hz` must be a number or a text"),
        ("detect", {"type": "start", "options": {"rate_hz": -1}}, "cannot be resampled"),
        ("detect", {"type": "start", "options": {"rate_hz": 1e300}}, "cannot be resampled"),
        ("detect", {"type": "start", "options": {"rate_hz": "x"}}, "cannot be resampled"),
        ("detect", {"type": "start", "options": {"rate_hz": 2000.5}}, "cannot be resampled"),
        ("classify", {"type": "start", "options": {"pause_s": -1}}, "`pause_s` must be a positive number"),
        ("classify", {"type": "start", "options": {"pause_s": 1e12}}, "`pause_s` must be"),
        ("text", {"type": "start", "state": "!"}, "`state` is no base64"),
        ("text", {"type": "start", "state": "AAAA"}, "The state cannot be used"),
        ("text", {"type": "start", "position": -1}, "is not understood: `start.position`"),
        ("text", {"type": "push", "values": [[1]]}, "This run takes text: send `text` alone"),
        ("text", {"type": "push", "text": "a", "values": [[1]]}, "This run takes text: send `text` alone"),
        ("text", {"type": "push", "text": 5}, "is not understood"),
        ("text", b"\0\0\0\0", "Binary messages are sound; this run takes text"),
        ("detect", b"\0\0\0", "3 bytes are no whole number of f32 samples"),
        ("detect", b"\0\0\xc0\x7f" * 4, "values that are not finite"),
        ("detect", {"type": "generate", "length": 5}, "detect runs generate nothing"),
        ("forecast", {"type": "push", "values": [[1, 2]]}, "Rows must have 1 values"),
        ("forecast", {"type": "push", "values": [["1"]]}, "is not understood"),
        ("music", {"type": "push", "steps": [[128]]}, "is not understood"),
        ("text", {"type": "generate", "length": 0}, "is not understood"),
        ("text", {"type": "generate", "length": 1 << 40}, "`length` may be up to"),
        ("text", {"type": "generate", "length": 5, "options": {"temperature": -1}}, "temperature"),
        ("text", {"type": "generate", "length": 5, "options": {"prime": "/etc/passwd"}}, "no option `prime`"),
        ("text", {"type": "generate", "length": 5, "options": {"length": 3}}, "cannot be processed (TypeError)"),
        ("text", {"type": "start", "options": {"self": 1}}, "cannot be processed (TypeError)"),
    ],
)
def test_a_wrong_message_is_answered_in_one_sentence_and_ends_the_connection(
    served: Served, run: str, message: Any, said: str
) -> None:
    with served.client(run) as client:
        client.send(message)
        code, error = closed(client)
    assert code == 1008
    assert said in error
    assert "\n" not in error
    assert "Traceback" not in error


def test_an_unknown_run_and_a_full_server_are_closed(runs: dict[str, Run]) -> None:
    with serving({"text": runs["text"]}, Limits(connections=2)) as served:
        with pytest.raises(InvalidStatus), served.client("other"):
            pass
        with served.client("text"), served.client("text"):
            with pytest.raises(InvalidStatus), served.client("text"):
                pass
            assert 'echoic_dropped_total{reason="full"} 1' in get(served, "/metrics", **BEARER)[2]
        with served.client("text") as client:
            assert client.answer({"type": "push", "text": "abc"})["type"] == "result"


def test_floods_are_stopped(runs: dict[str, Run]) -> None:
    limits = Limits(messages_per_s=0.01, burst_s=500, speed=0.01, message_bytes=4096)
    with serving({"text": runs["text"], "detect": runs["detect"]}, limits) as served:
        with served.client("text") as client:
            for _ in range(6):  # five are allowed at once
                client.send({"type": "save"})
            assert closed(client) == (1013, "There were too many messages a second. Connect again with your state.")
        with served.client("detect") as client:  # 20 samples per second, and 10,000 at once
            client.send(bytes(4 * 1000) + bytes(4 * 24))
            for _ in range(3):
                client.send(bytes(4 * 1000))
            assert client.receive()["position"] == 1024
        with served.client("text") as client:
            client.send({"type": "push", "text": "a" * 5000})
            assert closed(client) == (1008, "Messages without a state are at most 4,096 bytes.")
    with (
        serving({"detect": runs["detect"]}, Limits(speed=0.01, burst_s=100)) as served,
        served.client("detect") as client,
    ):
        client.send(bytes(4 * 2001))  # 2,000 are allowed at once
        assert closed(client) == (1013, "Data came faster than this server takes them. Connect again with your state.")
    with (
        serving({"text": runs["text"]}, Limits(steps_per_s=0.1, burst_s=100)) as served,
        served.client("text") as client,
    ):
        assert client.answer({"type": "push", "text": "abcdefghij"})["position"] == 10
        client.send({"type": "push", "text": "a"})
        assert closed(client)[0] == 1013
    with serving({"text": runs["text"]}, Limits(idle_s=0.2)) as served, served.client("text") as client:
        assert closed(client) == (1013, "time is over; connect again with your state")


def test_a_client_that_waits_for_the_server_is_not_idle(runs: dict[str, Run]) -> None:
    with serving({"text": runs["text"]}, Limits(idle_s=2)) as served, served.client("text") as client:
        client.send({"type": "generate", "length": 1 << 20})
        began = time.monotonic()
        while time.monotonic() < began + 3:
            assert client.receive()["type"] == "generated"


def test_a_new_start_makes_no_client_faster(runs: dict[str, Run]) -> None:
    with (
        serving({"detect": runs["detect"]}, Limits(speed=0.01, burst_s=100)) as served,
        served.client("detect") as client,
    ):
        assert client.answer(bytes(4 * 1500))["position"] == 1500  # 2,000 are allowed at once
        assert client.answer({"type": "reset"})["type"] == "started"
        assert client.answer({"type": "start", "options": {"rate_hz": 4000}})["type"] == "started"
        client.send(bytes(4 * 1500))
        assert closed(client)[0] == 1013


def test_a_forged_state_ends_its_own_connection_alone(served: Served, runs: dict[str, Run]) -> None:
    stream = runs["forecast"].stream()
    # Steps were counted, and none is there.
    forged = base64.b64encode(stream.to_bytes(stream.start()._replace(num_steps=5))).decode()
    with served.client("forecast") as other:
        assert other.answer({"type": "push", "values": [[1.0]]})["position"] == 1
        with served.client("forecast") as client:
            assert client.answer({"type": "start", "state": forged})["type"] == "started"
            client.send({"type": "push", "values": []})
            code, said = closed(client)
        assert (code, "\n" in said) == (1008, False)
        assert other.answer({"type": "push", "values": [[2.0]]})["position"] == 2


def test_a_client_that_does_not_read_is_dropped(runs: dict[str, Run]) -> None:
    limits = Limits(waiting_messages=4, messages_per_s=1e6)
    with (
        serving({"text": runs["text"]}, limits) as served,
        suppress(ConnectionClosed),
        served.client("text") as client,
    ):
        while not served.server.monitor.dropped:
            client.send({"type": "save"})
    assert served.server.monitor.dropped["limit"] == 1
