"""`echoic live --to`: the results of `echoic live`, followers that have them too, and a server that goes away."""

import asyncio
import io
import json
import os
import re
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile
from served_process import Process, Sending, lasting_port, sent
from served_runs import TOKEN, Served, serving

from echoic.api.live import run_live
from echoic.api.live_input import LiveInput
from echoic.api.run import Run
from echoic.cli import main
from echoic.errors import ConfigError
from echoic.sources.live import PcmFormat
from echoic.web.client import sender
from echoic.web.client.address import ServerAddress
from echoic.web.client.feed import Feed
from echoic.web.errors import ServerError
from echoic.web.limits import Limits

PAGE = (Path(__file__).parents[2] / "docs" / "serve.md").read_text("utf-8")

pytestmark = pytest.mark.slow  # a run of each job that is served is trained for these tests


def address_of(port: int) -> str:
    return f"http://127.0.0.1:{port}/"


def inputs(runs: dict[str, Run]) -> dict[str, bytes]:
    """What is sent to each run."""
    sound = next(one for one in sorted(runs["detect"].path.parents[1].glob("detect*/test*.wav")))
    beep = 0.3 * np.sin(np.arange(800) * 0.9)
    clips = np.concatenate([beep, np.zeros(1000), beep, np.zeros(700)])
    return {
        "detect": sound.read_bytes(),
        "classify": (clips * 32767).astype("<i2").tobytes(),
        "forecast": ("time,y\n" + "".join(f"{at},{'' if at == 9 else at % 7}\n" for at in range(30))).encode(),
        "text": "abcdefghij\nabcå\n".encode(),
        "music": b'[48, 60]\n[48, 60]\n{"pitches": [48, 60], "onsets": [60]}\n[]\n[50]\n',
        "audio": soundfile.read(sound, dtype="int16")[0][:1234].astype("<i2").tobytes(),
    }


@pytest.mark.parametrize("name", ["detect", "classify", "forecast", "text", "music", "audio"])
def test_results_are_those_of_live(served: Served, runs: dict[str, Run], name: str) -> None:
    data = inputs(runs)[name]
    given = LiveInput(io.BytesIO(data), "data", PcmFormat(), None, None)
    here = list(run_live(runs[name], given, None))
    there, said, code = sent(["--to", address_of(served.port), "--run", name], data, TOKEN)
    assert (len(there) > 0, code) == (True, 0)
    if name == "forecast":  # rows that wait have one result
        assert there[-1] == here[-1]
        here = [one for one in here if one in there]
    assert there == json.loads(json.dumps(here))
    assert said == f"{name}: pages of this run can follow.\n"


def test_the_command_in_the_documents(served: Served, tmp_path: Path) -> None:
    (command,) = re.findall(r"^\$ (\(head.*--to .*)$", PAGE, re.MULTILINE)
    (tmp_path / "sensor.csv").write_text("x,y\n" + "".join(f"7,{at % 7}\n" for at in range(20)))
    command = command.replace("tail -f", "tail -n +2").replace("--run ett", "--run forecast")
    command = command.replace("127.0.0.1:8420", f"127.0.0.1:{served.port}").replace(
        "Q2h1...", TOKEN.replace(" ", "%20")
    )
    command = command.replace("echoic live", f"{sys.executable} -m echoic live")
    done = subprocess.run(
        ["bash", "-c", command], cwd=tmp_path, capture_output=True, text=True, timeout=120, check=True
    )
    assert json.loads(done.stdout.splitlines()[-1])["step"] == 20


def test_followers_have_the_results_of_the_sensor_from_wherever_they_join(served: Served) -> None:
    sending = Sending("--to", address_of(served.port), "--run", "forecast", token=TOKEN)
    with sending, served.client("forecast") as early, served.client("forecast") as late:
        assert early.answer({"type": "follow"}) == {"type": "source", "state": None}
        sending.write("y\n1\n2\n")
        *_, newest = sending.records(2)
        source = early.receive()
        assert (source["position"], source["options"], source["records"]) == (0, {}, [])
        assert [early.receive()["values"] for _ in range(2)] == [[[1.0]], [[2.0]]]
        source = late.answer({"type": "follow"})
        assert (source["position"], source["records"]) == (2, [newest])
        start = {"type": "start"} | {name: source[name] for name in ("options", "state", "position")}
        assert late.answer(start) == {"type": "started", "position": 2}
        sending.write("null\n")
        shared = late.receive()
        assert shared == {"type": "shared", "values": [[None]]}
        (theirs,) = sending.records(1)
        assert late.answer({"type": "push", "values": shared["values"]})["records"] == [theirs]
        assert early.receive()["values"] == [[None]]
        early.send({"type": "unfollow"})
        assert early.answer({"type": "save"})["type"] == "state"  # the server has read it
        sending.write("4\n")
        assert late.receive()["values"] == [[4.0]]
        left, _, code = sending.end()
        assert (len(left), code) == (1, 0)
        assert late.receive() == {"type": "source", "state": None}
        assert early.answer({"type": "save"})["type"] == "state"  # nothing more has come


def test_sound_is_shared_with_its_rate(served: Served) -> None:
    sound = np.linspace(-0.5, 0.5, 480, dtype=np.float32)
    with served.client("detect") as source, served.client("detect") as follower:
        assert follower.answer({"type": "follow"})["state"] is None
        source.answer({"type": "start", "options": {"rate_hz": 48_000}, "share": True})
        assert follower.receive()["options"] == {"rate_hz": 48_000}
        source.answer(sound.tobytes())
        np.testing.assert_array_equal(np.frombuffer(follower.receive(), np.float32), sound)
        assert follower.receive() == {"type": "shared", "samples": 480}


def test_the_newest_sensor_takes_the_place_of_the_one_before(served: Served) -> None:
    with served.client("forecast") as follower, served.client("forecast") as first, served.client("forecast") as second:
        follower.answer({"type": "follow"})
        first.answer({"type": "start", "share": True})
        assert follower.receive()["position"] == 0
        second.answer({"type": "start", "share": True})
        error = first.receive()
        assert error == {"type": "error", "message": "Another client of this run shares its input now."}
        assert follower.receive()["state"] is None
        assert follower.receive()["position"] == 0
        second.answer({"type": "push", "values": [[5.0]]})
        assert follower.receive()["values"] == [[5.0]]


def test_a_follower_that_does_not_read_is_dropped_and_the_others_are_not(runs: dict[str, Run]) -> None:
    limits = Limits(waiting_messages=4, messages_per_s=1e6, speed=1e9)
    block = np.zeros(16_000, np.float32).tobytes()
    with serving({"detect": runs["detect"]}, limits) as served, served.client("detect") as source:
        with served.client("detect") as slow, served.client("detect") as quick:
            source.answer({"type": "start", "share": True})
            assert slow.answer({"type": "follow"})["type"] == "source"
            assert quick.answer({"type": "follow"})["type"] == "source"
            number = 0
            while not served.server.monitor.dropped:
                number += 1
                assert source.answer(block)["position"] == 16_000 * number
                assert quick.receive() == block
                assert quick.receive()["samples"] == 16_000
        assert served.server.monitor.dropped == {"limit": 1}


def test_rows_that_come_faster_than_messages_may_go_are_sent_together(runs: dict[str, Run]) -> None:
    rows = "".join(f"{at % 7}\n" for at in range(300)).encode()
    with serving({"forecast": runs["forecast"]}, Limits(messages_per_s=3)) as served:
        records, _, code = sent(["--to", address_of(served.port)], rows, TOKEN)
        assert (records[-1]["step"], code) == (300, 0)
        assert len(records) < 100
        assert not served.server.monitor.dropped


def test_a_sensor_of_a_killed_server_goes_on_as_if_nothing_had_happened(runs: dict[str, Run]) -> None:
    run = runs["forecast"]
    with Process(run.path, port=lasting_port()) as first, Sending("--to", address_of(first.port)) as sending:
        sending.write("".join(f"{at % 7}\n" for at in range(20)))
        records = sending.until(20)
        first.end(signal.SIGKILL)
        sending.write("".join(f"{at % 7}\n" for at in range(20, 30)))
        with Process(run.path, port=first.port):
            records += sending.until(30)
            left, said, code = sending.end()
    assert (left, code) == ([], 0)
    assert said.splitlines()[1:] == ["The connection is lost; trying again for 60 s.", "The server is back."]
    stream = run.stream()
    state = stream.start()
    expected = {}
    for number in range(30):
        result, state = stream.push(np.array([[float(number % 7)]]), state)
        expected[number + 1] = stream.records(result)[0]
    steps = [one["step"] for one in records]
    assert steps == sorted(set(steps))
    assert records == [expected[step] for step in steps]


def test_a_server_that_stays_away_ends_it(runs: dict[str, Run], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sender, "PATIENCE_S", 0.3)
    told: list[Any] = []
    stops = threading.Event()

    def items() -> Iterator[Any]:
        yield np.array([[1.0]])
        stops.wait(60)

    with serving({"forecast": runs["forecast"]}, Limits()) as served:
        address = ServerAddress.parse(address_of(served.port), TOKEN)
        run = address.run(None)

        def stop_then(record: dict[str, Any]) -> None:
            told.append(record)
            stopping.start()

        stopping = threading.Thread(target=lambda: setattr(served.running, "should_exit", True))

        async def send() -> None:
            await sender.Sender(address, run, {}, stop_then, lambda _: None).send(Feed(items))

        with pytest.raises(ServerError, match=r"Nothing answers at 127\.0\.0\.1:\d+ \(.*\); start `echoic serve`, or"):
            asyncio.run(send())
    stops.set()
    assert len(told) == 1


def test_a_bad_line_ends_it_after_the_results_of_those_before(served: Served) -> None:
    address = ["--to", address_of(served.port), "--run", "forecast"]
    records, said, code = sent(address, b"1\n2\nmany\n", TOKEN)
    assert (len(records), code) == (2, 2)
    assert said.splitlines()[1:] == ["echoic: standard input: line 3 has 'many' for 'y', which is no number."]


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_ends_it_while_it_waits_for_input(served: Served, number: signal.Signals) -> None:
    with Sending("--to", address_of(served.port), "--run", "forecast", token=TOKEN) as sending:
        sending.write("1\n")
        sending.records(1)
        sending.process.send_signal(number)
        sending.process.wait(60)
        _, said, code = sending.end()
    assert code == 128 + number
    assert said.splitlines()[1:] == [f"echoic: stopped by {number.name}."]


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (["ADDRESS", "--run", "other"], "The server has no run 'other'; it has detect, classify, "),
        (["ADDRESS"], "The server has the runs detect, classify, .*; choose one with --run"),
        (["http://127.0.0.1:1/"], r"Nothing answers at 127.0.0.1:1 \(Connection refused\); start `echoic serve`, or"),
        (["ADDRESS?token=wrong"], "does not know this token; give the address that it printed last"),
        (["nowhere"], "'nowhere' is no address of a server; give the one that `echoic serve` printed"),
        (["ADDRESS", "--state", "file"], "--state: not with --to"),
        (["ADDRESS", "--run", "text", "--rate-hz", "8000"], "Raw samples are for runs on sound; this one takes text"),
        (["ADDRESS", "--run", "text", "missing.txt"], "missing.txt cannot be read"),
        (["ADDRESS", "--run", "classify", "--pause-s", "-1"], "`pause_s` must be a positive number"),
    ],
)
def test_what_is_wrong_is_said_in_a_sentence(
    served: Served,
    words: list[str],
    sentence: str,
    monkeypatch: pytest.MonkeyPatch,
    capfd: pytest.CaptureFixture[str],
) -> None:
    words = [word.replace("ADDRESS", address_of(served.port)) for word in words]
    monkeypatch.setattr(sys, "argv", ["echoic", "live", "--to", *words])
    monkeypatch.setenv("ECHOIC_TOKEN", TOKEN)
    with Path(os.devnull).open() as nothing:
        monkeypatch.setattr(sys, "stdin", nothing)
        with pytest.raises(SystemExit) as ended:
            main()
    assert ended.value.code == 2
    out, said = capfd.readouterr()
    assert out == ""
    assert re.search(sentence, said.splitlines()[-1])
    assert "Traceback" not in said


def test_addresses_are_read_as_they_are_printed() -> None:
    found = ServerAddress.parse("http://127.0.0.1:8420/?token=a%20b#x", None)
    assert (found.place, found.token, found.socket("a/b")) == ("127.0.0.1:8420", "a b", "ws://127.0.0.1:8420/ws/a%2Fb")
    found = ServerAddress.parse("https://[::1]:84/", "other")
    assert (found.token, found.socket("x")) == ("other", "wss://[::1]:84/ws/x")
    for text in ("", "127.0.0.1:8420", "ftp://x/", "http:///", "http://x:port/", "http://[::1/", "http://x:99999/"):
        with pytest.raises(ConfigError, match="is no address of a server"):
            ServerAddress.parse(text, "token")
    with pytest.raises(ConfigError, match="has no token"):
        ServerAddress.parse("http://x/", None)
    with pytest.raises(ConfigError, match="printable ASCII"):
        ServerAddress.parse("http://x/?token=%0A", None)
    assert "secret" not in repr(ServerAddress.parse("http://x/?token=secret", None))
