"""Training on the examples of the page: an ordinary run, stopped at any time, that replaces the one before."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import numpy as np
import pytest

pytest.importorskip("starlette", reason="the extra [serve] is not installed")

from brief_teaching import STEPS
from served_runs import TOKEN, Port, serving
from teaching import LOOK_S, RATE_HZ, SHARP, Taught, encoded, teaching, tone, with_tones

import echoic
from echoic.errors import ConfigError
from echoic.web.limits import Limits
from echoic.web.teaching.defaults import SETTINGS
from echoic.web.teaching.training import Training

pytestmark = pytest.mark.slow


def test_training_says_what_is_missing(taught: Taught) -> None:
    assert "two classes" in taught.shown()["problem"]
    taught.add_class("clap")
    assert taught.shown()["problem"].startswith("Background has no examples")
    taught.upload(encoded(tone(500)), "a.wav", "Background")
    assert "1 of 3" in taught.shown()["problem"]
    answer = taught.call("POST", "/teach/training")
    assert (answer.status, answer.error) == (409, taught.shown()["problem"])
    (taught.examples / "Background" / "bad.wav").write_bytes(b"x")
    assert taught.shown()["classes"][0]["examples"][1]["problem"]
    assert taught.call("DELETE", "/teach/training").status == 200


def test_one_button_trains_and_the_page_recognizes_at_once(taught: Taught, monkeypatch: pytest.MonkeyPatch) -> None:
    with_tones(taught)
    monkeypatch.setitem(SETTINGS, "steps", STEPS)
    assert taught.call("POST", "/teach/training").json["training"]["status"] == "running"
    assert taught.call("POST", "/teach/training").status == 409
    shown = taught.trained()
    assert (shown["training"]["status"], shown["version"], shown["is_ready"], shown["is_outdated"]) == (
        "done",
        1,
        True,
        False,
    )
    assert all(0 <= one.get("dev_accuracy", 1) <= 1 for one in shown["training"]["evaluations"])
    assert len(shown["training"]["evaluations"]) > 1
    assert taught.call("GET", "/runs").json[0]["classes"] == sorted(SHARP)

    sound = np.concatenate([part for pitch_hz in (1500, 400, 1500) for part in (np.zeros(6000), tone(pitch_hz))])
    sound = np.concatenate([sound, np.zeros(6000)]).astype("<f4")
    with taught.served.client("mine") as client:
        client.answer({"type": "start", "options": {"rate_hz": RATE_HZ, "pause_s": 0.3}})
        records = [
            one for at in range(0, len(sound), 800) for one in client.answer(sound[at : at + 800].tobytes())["records"]
        ]
        assert [one["label"] for one in records if one["ended"]] == ["click", "clap", "click"]

        # The run is an ordinary one; a new one takes its place, while streams of the one before go on.
        assert echoic.load(taught.run).config["data"]["path"] == str(taught.examples)
        taught.upload(encoded(tone(900)), "a.wav", "clap")
        assert taught.shown()["is_outdated"]
        monkeypatch.undo()
        taught.call("POST", "/teach/training")
        taught.wait_for_an_evaluation()
        taught.call("DELETE", "/teach/training")
        assert taught.trained()["version"] == 2
        assert client.answer(sound[:800].tobytes())["type"] == "result"
    assert sorted(one.name for one in taught.run.parent.iterdir()) == ["mine", "mine-examples"]


def test_a_run_folder_that_is_a_link_is_replaced_and_what_it_leads_to_is_kept(tmp_path: Path) -> None:
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "elsewhere" / "file").write_text("kept")
    (tmp_path / "mine").symlink_to(tmp_path / "elsewhere")
    told: list[str] = []
    training = Training(tmp_path / "mine", tmp_path, lambda: told.append("ready"))
    (tmp_path / ".mine.training").mkdir()
    (tmp_path / ".mine.training" / "model.safetensors").touch()
    assert training._end({"result": "done"}) == ("done", "")
    assert (tmp_path / "mine" / "model.safetensors").exists()
    assert (told, (tmp_path / "elsewhere" / "file").read_text()) == (["ready"], "kept")
    assert sorted(one.name for one in tmp_path.iterdir()) == ["elsewhere", "mine"]


def test_a_training_that_is_stopped_keeps_the_best_network(taught: Taught) -> None:
    with_tones(taught)
    taught.call("POST", "/teach/training")
    taught.wait_for_an_evaluation()
    assert taught.call("DELETE", "/teach/training").json["training"]["status"] == "stopping"
    shown = taught.trained()
    assert (shown["training"]["status"], shown["is_ready"]) == ("stopped", True)
    assert "kept" in shown["training"]["message"]
    with taught.served.client("mine") as client:
        assert client.answer({"type": "start", "options": {"pause_s": 0.3}})["type"] == "started"


def test_a_training_that_is_stopped_at_once_leaves_the_run_before(taught: Taught) -> None:
    with_tones(taught)
    taught.call("POST", "/teach/training")
    taught.call("DELETE", "/teach/training")
    shown = taught.trained()
    assert (shown["training"]["status"], shown["is_ready"], taught.run.exists()) == ("stopped", False, False)


def test_a_training_that_fails_says_why_and_leaves_the_run_before(taught: Taught) -> None:
    with_tones(taught, count=3)
    taught.run.write_text("in the way")
    taught.run.with_name(".mine.training").write_text("in the way")
    answer = taught.call("POST", "/teach/training")
    assert "cannot start" in answer.error
    assert taught.run.read_text() == "in the way"
    assert taught.shown()["training"]["status"] == "none"


def test_a_run_on_other_data_is_not_replaced(taught: Taught, tmp_path: Path) -> None:
    with_tones(taught)
    other = tmp_path / "other"
    echoic.train("classify", taught.examples, out=other, epochs=1, threads=1, layers=(4,))
    with pytest.raises(ConfigError, match="trained on other data"), serving({}, Limits(), other):
        pass
    with (
        pytest.raises(ConfigError, match="Two runs are named"),
        serving({"other": echoic.load(other)}, Limits(), Path("other")),
    ):
        pass


@pytest.mark.parametrize("name", [".", "..", "/", ".hidden"])
def test_a_folder_without_a_name_of_its_own_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(ConfigError, match="runs/mine"), serving({}, Limits(), Path(name)):
        pass
    assert list(tmp_path.iterdir()) == []


def test_what_a_killed_server_left_is_cleared_and_its_run_comes_back(tmp_path: Path) -> None:
    (tmp_path / "mine-examples" / ".incoming-x").mkdir(parents=True)
    (tmp_path / ".mine.before").mkdir()
    (tmp_path / ".mine.before" / "config.json").write_text("{}")
    with pytest.raises(echoic.errors.RunError, match="run format"), teaching(tmp_path):
        pass
    assert (tmp_path / "mine" / "config.json").exists()
    assert list((tmp_path / "mine-examples").iterdir()) == []


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGKILL])
def test_a_training_ends_with_its_server(tmp_path: Path, number: signal.Signals) -> None:
    examples = tmp_path / "mine-examples"
    for name, pitch_hz in SHARP.items():
        (examples / name).mkdir(parents=True)
        for one in range(6):
            (examples / name / f"{one}.wav").write_bytes(encoded(tone(pitch_hz + one)))
    command = [
        sys.executable,
        "-m",
        "echoic",
        "serve",
        "--teach",
        str(tmp_path / "mine"),
        "--no-browser",
        "--port",
        "0",
    ]
    environment: dict[str, Any] = {**os.environ, "ECHOIC_TOKEN": TOKEN}
    with subprocess.Popen(command, stderr=subprocess.PIPE, text=True, env=environment) as process:
        assert process.stderr is not None
        port = int(process.stderr.readline().split(":")[2].split("/")[0])
        taught = Taught(Port(port), tmp_path / "mine")
        assert taught.call("POST", "/teach/training").status == 200
        taught.wait_for_an_evaluation()
        children = _children(process.pid)
        assert len(children) >= 2  # the training, and what reads sound
        process.send_signal(number)
    while any(Path(f"/proc/{one}/cmdline").exists() for one in children):
        time.sleep(LOOK_S)
    if number == signal.SIGTERM:
        assert not (tmp_path / ".mine.training").exists()


def _children(process: int) -> list[int]:
    """Processes that it started."""
    return [int(one) for one in Path(f"/proc/{process}/task/{process}/children").read_text().split()]
