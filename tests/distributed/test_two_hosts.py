"""Two machines, as two network namespaces with a cable between them."""

import os
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from ranked_commands import TRAIN, Command, contents

pytestmark = pytest.mark.slow


def run(*command: str) -> None:
    subprocess.run(command, check=True, capture_output=True)


@pytest.fixture
def hosts() -> Iterator[list[tuple[str, str]]]:
    """Names and addresses of two hosts."""
    if shutil.which("ip") is None or os.name == "nt" or os.geteuid() != 0:
        pytest.skip("network namespaces need root and the command `ip`")
    number = os.getpid()
    names = [f"echoic{number}a", f"echoic{number}b"]
    links, addresses = [f"ea{number}"[:15], f"eb{number}"[:15]], ["10.231.7.1", "10.231.7.2"]
    try:
        try:
            for name in names:
                run("ip", "netns", "add", name)
        except subprocess.CalledProcessError as error:
            pytest.skip(f"this machine makes no network namespaces: {error.stderr.decode().strip()}")
        run("ip", "link", "add", links[0], "type", "veth", "peer", "name", links[1])
        for name, link, address in zip(names, links, addresses, strict=True):
            run("ip", "link", "set", link, "netns", name)
            run("ip", "-n", name, "addr", "add", f"{address}/24", "dev", link)
            run("ip", "-n", name, "link", "set", link, "up")
            run("ip", "-n", name, "link", "set", "lo", "up")
        yield list(zip(names, addresses, strict=True))
    finally:
        for name in names:
            subprocess.run(["ip", "netns", "del", name], check=False, capture_output=True)


def test_two_hosts_train_one_network(hosts: list[tuple[str, str]], tmp_path: Path, whole: dict[str, Any]) -> None:
    commands = []
    for number, (host, _) in enumerate(hosts):
        torchrun = ["-m", "torch.distributed.run", "--nproc-per-node=1", "--nnodes=2", f"--node-rank={number}",
                    f"--master-addr={hosts[0][1]}", "--master-port=29511"]  # fmt: skip
        arguments = [*torchrun, "-m", "echoic", *TRAIN, "--out", "run"]
        commands.append(Command(arguments, tmp_path / host, ["ip", "netns", "exec", host]))
    ended = [command.wait() for command in commands]
    assert [one.code for one in ended] == [0, 0], ended
    assert contents(tmp_path / hosts[0][0] / "run") == whole
    assert not (tmp_path / hosts[1][0] / "run").exists()
    assert "trained" in ended[0].errors or "best dev loss" in ended[0].errors
    assert "best dev loss" not in ended[1].errors
