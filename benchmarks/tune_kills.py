"""Studies whose workers and parents are killed at random instants: trials lost, counted twice, or wedged, per store.

SQLite: one host with four workers. PostgreSQL, on a server of its own: two hosts with two workers and a folder each.
Workers are killed with SIGKILL until there were enough kills; every twentieth time the parent as well, which then
begins again with `--resume`. A study that ends before gets further trials.
"""

import contextlib
import json
import os
import random
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np

sys.path.insert(0, str(Path(__file__).parent.parent / "tests" / "helpers"))

import postgresql_server

import echoic
from common import arguments, parse, publish, table

EPOCHS = 60
_SETTINGS = [
    "--lookback=16", "--strategy=recursive", "--network-weight=1", "--layers=4", f"--epochs={EPOCHS}",
    f"--patience={EPOCHS}", "--stride=2", "--checkpoint-interval-s=0.05", "--search", "lr=0.001..0.1,log",
    "--sampler=random", "--pruner=none", "--confirm=0", "--threads=1",
]  # fmt: skip
_ANY_WORKER = 0.15
"""The part of kills that may hit a worker which has trained nothing yet: five of them in a row fail a trial."""

_PER_PARENT = 20
"""Kills of workers per kill of a parent."""

_MORE_TRIALS = 8

_WEDGED_S = 600
"""A study without any new checkpoint for so long is wedged."""


class Host:
    """A folder of the study with its parent process."""

    def __init__(self, folder: Path, first: list[str]) -> None:
        self.folder = folder
        self._first = first
        self.begin()

    def begin(self, trials: int | None = None) -> None:
        """Starts the parent, or starts it again, for another number of trials."""
        more = ["--resume", str(self.folder)] if (self.folder / "study.json").is_file() else self._first
        more = more if trials is None else [*more, f"--trials={trials}"]
        with self.folder.with_suffix(".txt").open("a") as output:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "echoic", "tune", *more], stdout=output, stderr=output, env=_environment()
            )

    def workers(self) -> dict[int, float]:
        """The processes that hold the locks of workers, and when they began."""
        found = {}
        for lock in self.folder.glob("workers/*.lock"):
            with contextlib.suppress(OSError, ValueError):
                pid = json.loads(lock.read_text())["pid"]
                if "echoic.studies.worker" in Path(f"/proc/{pid}/cmdline").read_text():
                    found[pid] = lock.stat().st_mtime
        return found

    def training(self) -> list[int]:
        """The workers that have written a checkpoint."""
        found, workers = [], self.workers()
        for lock in self.folder.glob("trials/*/run.lock"):
            with contextlib.suppress(OSError, ValueError):
                pid = json.loads(lock.read_text())["pid"]
                if pid in workers and newest(lock.parent) > workers[pid]:
                    found.append(pid)
        return found


def newest(folder: Path) -> float:
    """When the newest checkpoint below a folder was written."""
    times = [0.0]
    for path in folder.rglob("step-*.safetensors"):
        with contextlib.suppress(OSError):
            times.append(path.stat().st_mtime)
    return max(times)


def killed(hosts: list[Host], trials: int, kills: int, draw: random.Random) -> tuple[int, int, int]:
    """Kills until there were enough kills of workers; returns those of workers and of parents, and the trials."""
    workers = parents = 0
    any_worker = False
    while workers < kills:
        time.sleep(draw.uniform(0, 1))
        if all(host.process.poll() == 0 for host in hosts):
            trials += _MORE_TRIALS
            for host in hosts:
                host.begin(trials)
        _begin_ended(hosts)
        host = draw.choice(hosts)
        victims = list(host.workers()) if any_worker else host.training()
        if not victims:
            continue
        any_worker = draw.random() < _ANY_WORKER
        with contextlib.suppress(ProcessLookupError):
            os.kill(draw.choice(victims), signal.SIGKILL)
            workers += 1
            print(f"{time.strftime('%X')}: {workers} kills", file=sys.stderr, flush=True)
            if workers % _PER_PARENT == 0:
                host.process.kill()
                parents += 1
    return workers, parents, trials


def finished(hosts: list[Host]) -> bool:
    """Lets the study end undisturbed; whether it did."""
    began_s = time.time()
    while any(host.process.poll() != 0 for host in hosts):
        _begin_ended(hosts)
        time.sleep(0.2)
        if time.time() - max(began_s, *(newest(host.folder) for host in hosts)) > _WEDGED_S:
            return False
    return True


def _begin_ended(hosts: list[Host]) -> None:
    for host in hosts:
        if host.process.poll() not in (None, 0):
            host.begin()


def counted(study: Any, trials: int) -> tuple[int, int, int]:
    """The trials that are lost, counted twice, or have failed."""
    states = {trial.number: trial for trial in study.trials}
    lost = sum(number not in states or states[number].state == "unfinished" for number in range(trials))
    twice = max(0, len(study.trials) - trials)
    for trial in study.trials:
        if trial.state != "complete":
            continue
        rows = study.run(trial.number).metrics()
        epochs = Counter(row["epoch"] for row in rows)
        lost += epochs.keys() != set(range(EPOCHS)) or trial.loss != min(row["dev_loss"] for row in rows)
        twice += max(epochs.values()) > 1
    return lost, twice, sum(trial.state == "failed" for trial in study.trials)


def _environment() -> dict[str, str]:
    return os.environ | {"OMP_NUM_THREADS": "1"}


@contextlib.contextmanager
def hosts_of(store: str, folder: Path, trials: int) -> Iterator[list[Host]]:
    """The hosts of a study in a store, which are stopped at the end of the block."""
    begin = ["forecast", str(folder / "wave.csv"), *_SETTINGS, f"--trials={trials}"]
    with contextlib.ExitStack() as stack:
        if store == "sqlite":
            hosts = [Host(folder / "a", [*begin, "--workers=4", "--out", str(folder / "a")])]
        else:
            server = stack.enter_context(postgresql_server.running())
            os.environ.update(server.environment)
            begin += ["--workers=2", "--storage", server.url(server.new_database()), "--study=kills"]
            hosts = [Host(folder / name, [*begin, "--out", str(folder / name)]) for name in "ab"]
        try:
            yield hosts
        finally:
            for host in hosts:
                host.process.kill()
                host.process.wait()


def main() -> None:
    """Kills a study in each store, and prints a row for each."""
    parser = arguments(__doc__ or "")
    parser.add_argument("--kills", type=int, default=100, help="kills of workers in each store")
    parser.add_argument("--trials", type=int, default=12, help="trials of a study")
    parser.add_argument("--store", choices=["sqlite", "postgresql"], action="append", help="default: both")
    options = parse(parser)
    stores = options.store or ["sqlite", "postgresql"]
    if options.smoke:
        options.kills, options.trials, stores = 1, 2, ["sqlite"]
    rows = []
    for store in stores:
        folder = Path(tempfile.mkdtemp(prefix="echoic-kills-"))
        np.savetxt(folder / "wave.csv", np.sin(np.arange(300) / 3), header="y", comments="")
        began_s, trials = time.monotonic(), options.trials
        with hosts_of(store, folder, trials) as hosts:
            workers, parents, trials = killed(hosts, trials, options.kills, random.Random(0))  # noqa: S311
            ended = finished(hosts)
            lost, twice, failed = counted(echoic.load_study(hosts[0].folder), trials)
        minutes = (time.monotonic() - began_s) / 60
        rows.append([store, workers, parents, trials, lost, twice, failed, int(not ended), f"{minutes:.0f}"])
        if lost or twice or failed or not ended:
            print(f"see {folder}", file=sys.stderr)
        else:
            shutil.rmtree(folder)
    headers = [
        "store",
        "kills of workers",
        "of parents",
        "trials",
        "lost",
        "counted twice",
        "failed",
        "wedged",
        "minutes",
    ]
    publish("tune-kills", "Studies whose processes are killed", table(headers, rows), write=options.write)


if __name__ == "__main__":
    main()
