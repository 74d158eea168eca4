"""Two hosts as network namespaces, with a cable of limited speed between them."""

import json
import os
import subprocess
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

_RESULT = "ECHOIC_RESULT"
_ADDRESSES = ("10.231.8.1", "10.231.8.2")
_PORT = "29533"


def run(command: Sequence[str], gbit: float) -> dict[str, Any]:
    """What the first of two hosts has told by `tell`, in which `command` runs as two processes of one training.

    Raises:
        subprocess.CalledProcessError: there are no rights to make namespaces, or a process failed.
    """
    with _hosts(gbit) as names, tempfile.TemporaryDirectory() as folder:
        result = Path(folder) / "result.json"
        own = {"WORLD_SIZE": "2", "LOCAL_RANK": "0", "LOCAL_WORLD_SIZE": "1", "MASTER_ADDR": _ADDRESSES[0]}
        own |= {"MASTER_PORT": _PORT, _RESULT: str(result), "OMP_NUM_THREADS": "1"}
        processes = [
            subprocess.Popen(["ip", "netns", "exec", name, *command], env=os.environ | own | {"RANK": str(rank)})
            for rank, name in enumerate(names)
        ]
        try:
            for process in processes:
                if process.wait():
                    raise subprocess.CalledProcessError(process.returncode, process.args)
        finally:
            for process in processes:
                process.kill()
                process.wait()
        found: dict[str, Any] = json.loads(result.read_text())
        return found


def tell(result: Mapping[str, Any]) -> None:
    """Tells the process that has called `run`, if there is one."""
    if _RESULT in os.environ:
        Path(os.environ[_RESULT]).write_text(json.dumps(result))


@contextmanager
def _hosts(gbit: float) -> Iterator[list[str]]:
    """The names of two namespaces with a cable between them."""
    number = os.getpid()
    names, ends = [f"cabled{number}a", f"cabled{number}b"], [f"ca{number}"[:15], f"cb{number}"[:15]]
    try:
        for name in names:
            _ip("netns", "add", name)
        _ip("link", "add", ends[0], "type", "veth", "peer", "name", ends[1])
        for name, end, address in zip(names, ends, _ADDRESSES, strict=True):
            _ip("link", "set", end, "netns", name)
            _ip("-n", name, "addr", "add", f"{address}/24", "dev", end)
            _ip("-n", name, "link", "set", end, "up")
            _ip("-n", name, "link", "set", "lo", "up")
            limit = ["rate", f"{1000 * gbit:g}mbit", "burst", "256kb", "latency", "50ms"]
            subprocess.run(["tc", "-n", name, "qdisc", "add", "dev", end, "root", "tbf", *limit], check=True)
        yield names
    finally:
        for name in names:
            subprocess.run(["ip", "netns", "del", name], check=False, capture_output=True)


def _ip(*arguments: str) -> None:
    subprocess.run(["ip", *arguments], check=True)
