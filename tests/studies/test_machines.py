"""Two machines in network namespaces, with their own names and folders, on one study in PostgreSQL."""

import os
import shutil
import signal
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import numpy as np
import postgresql_server
import pytest
from killed_studies import HUNG_S, SETTINGS, TRIALS, checkpoints, studying, wait_until

import echoic

pytestmark = pytest.mark.slow

BRIDGE = "10.213.7.1"


class Machine(NamedTuple):
    name: str
    folder: Path
    before: tuple[str, ...]


def _run(*words: str) -> None:
    subprocess.run(words, check=True)


@pytest.fixture
def machines(tmp_path: Path) -> Iterator[list[Machine]]:
    """Two machines that reach this one, and do not see the folders of each other."""
    if os.name != "posix" or os.getuid() != 0 or not all(map(shutil.which, ("ip", "unshare"))):
        pytest.skip("network namespaces need root, ip and unshare")
    if subprocess.run(["ip", "link", "add", "echoic-br", "type", "bridge"], check=False).returncode:
        pytest.skip("network namespaces are not allowed here")
    found = []
    try:
        _run("ip", "addr", "add", f"{BRIDGE}/24", "dev", "echoic-br")
        _run("ip", "link", "set", "echoic-br", "up")
        for number, name in enumerate(("host-a", "host-b")):
            space, link = f"echoic-{name}", f"echoic-v{number}"
            _run("ip", "netns", "add", space)
            _run("ip", "link", "add", link, "type", "veth", "peer", "name", "eth0", "netns", space)
            _run("ip", "link", "set", link, "master", "echoic-br", "up")
            inside = ("ip", "netns", "exec", space)
            _run(*inside, "ip", "addr", "add", f"10.213.7.{number + 2}/24", "dev", "eth0")
            _run(*inside, "ip", "link", "set", "eth0", "up")
            _run(*inside, "ip", "link", "set", "lo", "up")
            folder = tmp_path / name
            folder.mkdir()
            other = tmp_path / ("host-b" if name == "host-a" else "host-a")
            script = f'hostname {name} && mount -t tmpfs none {other} && exec "$@"'
            found.append(Machine(name, folder, (*inside, "unshare", "--uts", "--mount", "sh", "-c", script, "sh")))
        yield found
    finally:
        for name in ("host-a", "host-b"):
            subprocess.run(["ip", "netns", "del", f"echoic-{name}"], check=False)
        subprocess.run(["ip", "link", "del", "echoic-br"], check=False)


def test_the_trials_of_a_machine_that_hangs_go_on_at_another(
    machines: list[Machine], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    if reason := postgresql_server.missing():
        pytest.skip(reason)
    monkeypatch.setenv("ECHOIC_GRACE_S", "3")
    first, second = machines
    for name in ("host-a/wave.csv", "host-b/same.csv"):
        np.savetxt(tmp_path / name, np.sin(np.arange(300) / 3), header="y", comments="")
    with postgresql_server.running(BRIDGE) as server:
        monkeypatch.setenv("PGPASSWORD", server.password)
        url = server.url(server.new_database())
        begin = ["forecast", first.folder / "wave.csv", *SETTINGS, "--workers=1", "--storage", url, "--study", "ett"]
        join = ["--join", url, "--study", "ett", "--data", second.folder / "same.csv", "--out", second.folder / "s"]
        with studying(*begin, "--out", first.folder / "s", before=first.before) as hanging:
            wait_until(lambda: checkpoints(first.folder / "s"))
            hanging.send_signal(signal.SIGSTOP)
            began = {trial.number for trial in echoic.load_study(first.folder / "s").trials if not trial.losses}
            with studying(*join, before=second.before) as living:
                _, error = living.communicate(timeout=HUNG_S)
            hanging.send_signal(signal.SIGCONT)
            assert living.returncode == 0, error
            _, error = hanging.communicate(timeout=HUNG_S)
            assert hanging.returncode == 0, error
        study = echoic.load_study(second.folder / "s")
        ends = [(number, "complete") for number in range(TRIALS)]
        assert [(trial.number, trial.state) for trial in study.trials] == ends
        hosts = {trial.number: trial.place.host for trial in study.trials if trial.place is not None}
        assert began
        assert {hosts[number] for number in began} == {"host-b"}
        for trial in study.trials:
            assert trial.loss == min(row["dev_loss"] for row in study.run(trial.number).metrics())
    # The winner is on one of them, whose folder the other does not see: it comes through the store.
    weights = [(machine.folder / "s/best/model.safetensors").read_bytes() for machine in machines]
    assert weights[0] == weights[1]
