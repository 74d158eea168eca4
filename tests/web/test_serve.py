"""Runs over WebSockets: the results of `predict`, many clients together, and states that outlive the server."""

import base64
import http.client
import json
import re
import signal
import threading
from contextlib import closing
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile
from served_process import Process, lasting_port
from served_runs import TOKEN, Client, Served
from websockets.exceptions import ConnectionClosed

from echoic.api.run import Run
from echoic.errors import ConfigError, RunError
from echoic.web.limits import Limits
from echoic.web.security import Access
from echoic.web.served import ServedRun
from echoic.web.serving import Place, bound, serve

Records = list[dict[str, Any]]

pytestmark = pytest.mark.slow  # a run of each job that is served is trained for these tests


def sound_of(run: Run) -> tuple[Path, np.ndarray]:
    folder = Path(run.config["data"]["path"]).parent if "path" in run.config["data"] else run.path.parent
    file = next(one for one in sorted(folder.parent.glob("detect*/test*.wav")))
    return file, soundfile.read(file, dtype="float32")[0]


def streamed(client: Client, sound: np.ndarray, size: int = 400) -> Records:
    records: Records = []
    for at in range(0, len(sound), size):
        result = client.answer(sound[at : at + size].tobytes())
        assert result["position"] == at + len(sound[at : at + size])
        records += result["records"]
    return records


def test_events_are_those_of_predict(served: Served, runs: dict[str, Run]) -> None:
    file, sound = sound_of(runs["detect"])
    table = runs["detect"].predict(file)
    with served.client("detect", hello=False) as client:
        hello = client.receive()
        assert (hello["job"], hello["takes"], hello["rate_hz"], hello["labels"]) == (
            "detect",
            "sound",
            2000,
            ["high", "low"],
        )
        records = streamed(client, sound) + client.answer({"type": "finish"})["records"]
    assert len(records) > 3
    assert [one["onset_s"] for one in records] == table["onset_s"].tolist()
    assert [one["label"] for one in records] == table["label"].tolist()


def test_frames_and_16_bit_samples_on_request(served: Served, runs: dict[str, Run]) -> None:
    _, sound = sound_of(runs["detect"])
    with served.client("detect") as client:
        assert client.answer({"type": "start", "samples": "s16", "frames": True})["type"] == "started"
        result = client.answer((sound[:2000] * 32767).astype("<i2").tobytes())
    assert result["position"] == 2000
    assert result["frames"]["first"] == 0
    assert np.array(result["frames"]["probs"]).sum(1) == pytest.approx(1, abs=1e-3)


def test_sound_out_of_sound_on_request(served: Served, runs: dict[str, Run]) -> None:
    sound = np.sin(np.arange(2000) / 9).astype(np.float32)
    made = list[np.ndarray]()
    with served.client("pedal") as client:
        assert "samples" not in client.answer(sound.tobytes())  # as nobody asked for it
        assert client.answer({"type": "start", "sound": True})["type"] == "started"
        for block in np.split(sound, 5):
            made.append(np.frombuffer(client.answer(block.tobytes()), np.float32))
            assert client.receive()["samples"] == len(made[-1])
    np.testing.assert_allclose(np.concatenate(made), runs["pedal"].predict(sound)["target"], atol=1e-5)


def test_many_clients_at_once_are_each_alone(served: Served, runs: dict[str, Run]) -> None:
    _, sound = sound_of(runs["detect"])
    with served.client("detect") as client:
        alone = streamed(client, sound)
    found: dict[int, Records] = {}

    def use(number: int) -> None:
        with served.client("detect") as client:
            found[number] = streamed(client, sound, 160 + 40 * number)

    threads = [threading.Thread(target=use, args=(number,)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(found) == 8
    for records in found.values():
        assert [one["onset_s"] for one in records] == [one["onset_s"] for one in alone]


def test_a_wrong_chunk_harms_no_other_client(served: Served) -> None:
    stop = threading.Event()

    def attack() -> None:
        while not stop.is_set():
            with served.client("detect") as client:
                client.send(np.full(100, np.nan, np.float32).tobytes())
                assert client.receive()["type"] == "error"

    thread = threading.Thread(target=attack)
    thread.start()
    with served.client("detect") as client:
        for number in range(1, 60):
            assert client.answer(bytes(4 * 100))["position"] == 100 * number
    stop.set()
    thread.join()


def test_text_is_completed_without_moving_the_state(served: Served, runs: dict[str, Run]) -> None:
    with served.client("text") as client:
        assert client.answer({"type": "start", "seed": 3})["position"] == 0
        first = client.answer({"type": "push", "text": "abc"})
        assert (first["position"], first["records"][0]["characters"]) == (3, 3)
        futures = []
        for _ in range(2):
            client.send({"type": "generate", "length": 20, "id": "a"})
            futures.append(collected(client))
        client.send({"type": "generate", "length": 20, "seed": 9, "options": {"temperature": 100}})
        other = collected(client)
        client.send({"type": "generate", "length": 12, "keep": True})
        kept = collected(client)
        client.send({"type": "generate", "length": 8})
        assert kept + collected(client) == futures[0]
    assert futures == [runs["text"].generate(20, prime="abc", seed=3)] * 2
    assert other != futures[0]


def collected(client: Client) -> str:
    """What is generated, in pieces."""
    text = ""
    while True:
        message = client.receive()
        assert message["type"] == "generated"
        text += str(message["text"])
        if message["done"]:
            return text


def test_music_and_sound_go_on(served: Served, runs: dict[str, Run]) -> None:
    with served.client("music") as client:
        result = client.answer({"type": "push", "steps": [[48, 60], [48, 60], [48, 62]]})
        assert [one["nats"] is None for one in result["records"]] == [True, False, False]
        client.send({"type": "generate", "length": 6, "options": {"temperature": 0.5}})
        pieces: Records = []
        while not pieces or not pieces[-1]["done"]:
            pieces.append(client.receive())
        assert sum(len(one["steps"]) for one in pieces) == 6
    prime = np.sin(np.arange(600) * 0.3).astype(np.float32) * 0.3
    with served.client("audio") as client:
        assert client.answer(prime.tobytes())["records"] == [{"samples": 600}]
        client.send({"type": "generate", "length": 700})
        sound = b""
        while True:
            message = client.receive()
            if isinstance(message, bytes):
                sound += message
            elif message["done"]:
                break
    stream = runs["audio"].stream()
    _, state = stream.push(prime, stream.start())
    np.testing.assert_array_equal(np.frombuffer(sound, np.float32), stream.generate(700, state)[0])  # type: ignore[attr-defined]


def test_a_forecast_after_every_value_with_missing_ones(served: Served, runs: dict[str, Run]) -> None:
    stream = runs["forecast"].stream()
    values = [[1.0], [2.0], [None], [4.0]]
    with served.client("forecast") as client:
        (record,) = client.answer({"type": "push", "values": values})["records"]
    (expected,) = stream.records(stream.push(np.array(values, np.float64), stream.start())[0])
    assert record == expected


def test_clips_end_at_pauses(served: Served) -> None:
    beep = np.sin(np.arange(800) * 0.9).astype(np.float32) * 0.3
    silence = np.zeros(2000, np.float32)
    with served.client("classify") as client:
        client.answer({"type": "start", "options": {"pause_s": 0.3}})
        records = streamed(client, np.concatenate([silence, beep, silence]))
    assert [one["ended"] for one in records].count(True) == 1
    assert 0.85 < next(one for one in records if one["ended"])["onset_s"] < 1.0


def test_a_client_comes_back_with_sound_held_in_a_pause(served: Served) -> None:
    options = {"type": "start", "options": {"rate_hz": 48_000, "pause_s": 1.0}}
    tone = (0.3 * np.sin(np.arange(4_800) / 6)).astype(np.float32)
    with served.client("classify") as client:
        client.answer(options)
        for sound in (tone, *[np.zeros(4_800, np.float32)] * 9):
            client.answer(sound.tobytes())
        saved = client.answer({"type": "save"})
    assert saved["bytes"] > 1 << 16
    with served.client("classify") as client:
        again = options | {"state": saved["state"], "position": saved["position"]}
        assert client.answer(again) == {"type": "started", "position": 48_000}
        assert client.answer(np.zeros(4_800, np.float32).tobytes())["records"][0]["ended"]


def test_hello_says_what_a_client_must_know(served: Served, runs: dict[str, Run]) -> None:
    with closing(http.client.HTTPConnection("127.0.0.1", served.port)) as connection:
        connection.request("GET", "/runs", headers={"Authorization": f"Bearer {TOKEN}"})
        listed = {one["run"]: one for one in json.loads(connection.getresponse().read())}
    for name, run in runs.items():
        with served.client(name, hello=False) as client:
            hello = client.receive()
            assert hello["state_bytes"] == client.answer({"type": "save"})["bytes"]
        assert hello.items() >= listed[name].items()
        assert hello["limits"] == {
            "message_bytes": 65_536, "state_bytes": 1_048_576, "messages_per_s": 200, "steps_per_s": 2000, "speed": 4
        }  # fmt: skip
        assert ("step_beats" in hello) == (name == "music")
        assert run.path.name == name
    assert (listed["music"]["step_beats"], listed["music"]["step_s"]) == (0.25, None)


def test_health_and_metrics_count_what_happens(served: Served) -> None:
    with served.client("text") as client:
        client.answer({"type": "push", "text": "abc"})
        with closing(http.client.HTTPConnection("127.0.0.1", served.port)) as connection:
            connection.request("GET", "/metrics", headers={"Authorization": f"Bearer {TOKEN}"})
            text = connection.getresponse().read().decode()
    assert float(re.findall(r"^echoic_connections (\d+)", text, re.MULTILINE)[0]) >= 1
    chunks = int(re.findall(r"^echoic_chunks_total (\d+)", text, re.MULTILINE)[0])
    assert chunks >= 1
    assert f'echoic_latency_seconds_bucket{{le="+Inf"}} {chunks}' in text
    assert f"echoic_latency_seconds_count {chunks}" in text


def test_another_host_needs_a_token_of_its_own(runs: dict[str, Run]) -> None:
    named = {"text": ServedRun(runs["text"], 2)}
    with pytest.raises(ConfigError, match="can be reached from other machines; choose a secret with --token"):
        serve(named, Place("0.0.0.0"), Limits(), print, open_browser=False)  # noqa: S104 (it is refused)
    with pytest.raises(ConfigError, match="`--token` must have at least 16 characters"):
        serve(named, Place(token="short"), Limits(), print, open_browser=False)  # noqa: S106


@pytest.mark.parametrize("host", ["a..b", "x" * 70])
def test_a_host_that_is_no_name_is_refused_in_a_sentence(host: str) -> None:
    with pytest.raises(RunError, match=r"cannot be used \(no name of a host\)"):
        bound(host, 0)


def test_hosts_are_known_in_any_case() -> None:
    access = Access.of({"Live.Example"}, None)
    assert access.knows_host("live.example:8420")
    assert access.knows_host("LIVE.example")


def test_clients_of_a_killed_server_go_on_as_if_nothing_had_happened(runs: dict[str, Run]) -> None:
    run = runs["detect"]
    _, sound = sound_of(run)
    with Process(run.path, port=lasting_port()) as first, first.connect(run.path.name) as client:
        records = streamed(client, sound[:4000])
        saved = client.answer({"type": "save"})
        lost = streamed_from(client, sound, 4000, 5200)
        first.end(signal.SIGKILL)
        with pytest.raises(ConnectionClosed):
            client.receive()
    with Process(run.path, port=first.port) as second, second.connect(run.path.name) as client:
        start = {"type": "start", "state": saved["state"], "position": saved["position"]}
        assert client.answer(start)["position"] == 4000
        again = streamed_from(client, sound, 4000, len(sound))
        records += again + client.answer({"type": "finish"})["records"]
    assert again[: len(lost)] == lost
    stream = run.stream()
    result, state = stream.push(sound, stream.start())
    expected = stream.records(result) + stream.records(stream.finish(state))
    assert [(one["onset_s"], one["label"]) for one in records] == [(one["onset_s"], one["label"]) for one in expected]


def streamed_from(client: Client, sound: np.ndarray, begin: int, end: int) -> Records:
    records: Records = []
    for at in range(begin, end, 400):
        records += client.answer(sound[at : min(at + 400, end)].tobytes())["records"]
    return records


def test_a_server_that_is_terminated_sends_the_states_and_says_no_secret(runs: dict[str, Run]) -> None:
    with Process(runs["text"].path) as process, process.connect(runs["text"].path.name) as client:
        client.answer({"type": "push", "text": "abc"})
        said = process.end(signal.SIGTERM)
        message = client.receive()
    assert (message["type"], message["position"]) == ("state", 3)
    stream = runs["text"].stream()
    state = stream.from_bytes(base64.b64decode(message["state"]))
    np.testing.assert_allclose(stream.push("d", state)[0], stream.push("abcd", stream.start())[0][3:], atol=1e-5)
    assert said.count("token") == 2  # the address alone: its parameter, and this one's value
    assert said.splitlines()[1:] == ["echoic: stopped by SIGTERM."]
