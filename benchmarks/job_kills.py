"""Trainings of every job that are killed at random times, resumed, and compared with undisturbed ones.

Compared bit for bit: every tensor of the weights and the newest checkpoint, every line of the metrics, the calibration
and the baselines, of the run and of its folds, also with two threads, whose number a resumed run keeps.
"""

import gc
import json
import os
import pkgutil
import random
import shutil
import signal
import time
import warnings
from functools import partial
from importlib import import_module
from multiprocessing import get_context
from pathlib import Path
from typing import Any

import echoic
import echoic.api
import echoic.jobs
import echoic.sources
from children import fork, wait
from echoic.errors import EchoicError
from echoic.run.files import read_tensors
from small_jobs import SMALL_JOBS, SmallJob, write_data


def import_all(folder: Path) -> None:
    """Imports once what every child needs, but starts no threads, which the children would lack."""
    for name in ("polars", "scipy.signal", "scipy.stats", "echoic.cli", "sklearn.metrics"):
        import_module(name)
    for package in (echoic.jobs, echoic.sources, echoic.api):
        for module in pkgutil.walk_packages(package.__path__, f"{package.__name__}."):
            import_module(module.name)
    train(SMALL_JOBS["forecast"], folder, folder / "warm-up")
    gc.freeze()  # a collection in a child would copy all memory


def content(run: Path) -> dict[str, Any]:
    """Every file of a run, without the times it took and the settings, which name places."""
    files = {}
    for path in sorted(one for one in run.rglob("*") if one.is_file()):
        name = str(path.relative_to(run))
        if path.suffix == ".safetensors":
            tensors, metadata = read_tensors(path)
            state = metadata.get("state", {})
            metadata["state"] = {key: value for key, value in state.items() if not key.endswith("seconds")}
            files[name] = json.dumps(metadata, sort_keys=True).encode()
            files |= {f"{name} {key}": tensor.numpy().tobytes() for key, tensor in tensors.items()}
        else:
            files[name] = b"" if path.name in {"config.json", "run.lock"} else path.read_bytes()
    return files


def train(small: SmallJob, folder: Path, out: Path) -> None:
    """Resumes the run, or trains if there is none, like a user after a crash."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # a run that was killed at its end is finished
        if (out / "config.json").exists():
            echoic.load(out).resume()
        else:
            small.train(folder, out)


def start(small: SmallJob, folder: Path, out: Path) -> int:
    """Trains in a child process, forked or, since a forked one has one thread only, new; its id."""
    if small.settings.get("threads", 1) == 1:
        return fork(lambda: train(small, folder, out))
    process = get_context("spawn").Process(target=train, args=(small, folder, out))
    process.start()
    assert process.pid is not None  # noqa: S101 - it was started
    return process.pid


class JobKills:
    """Kills trainings of one job, and compares each with an undisturbed one."""

    def __init__(self, name: str, folder: Path) -> None:
        self.name, self.folder = name, folder
        self.start = partial(start, SMALL_JOBS[name], folder)
        self.kills = 0
        self.failures: list[str] = []
        started_at = time.monotonic()
        if wait(self.start(folder / name)):
            self.failures = [f"{name}: the undisturbed run failed"]
            return
        self.seconds = time.monotonic() - started_at
        self.reference = content(folder / name)

    def attempt(self, chain: int, draw: random.Random) -> None:
        """Kills a new run up to `chain` times in a row, resumes it to its end and compares it."""
        run = self.folder / "killed"
        for _ in range(chain):
            process = self.start(run)
            time.sleep(draw.uniform(0, self.seconds))
            os.kill(process, signal.SIGKILL)
            code = wait(process)
            self.kills += code == -signal.SIGKILL
            if code not in {0, -signal.SIGKILL}:
                self.failures.append(f"{self.name}: exit code {code} before the kill")
        if wait(self.start(run)):
            self.failures.append(f"{self.name}: the resume failed")
        else:
            self._compare(run)
        shutil.rmtree(run, ignore_errors=True)

    def _compare(self, run: Path) -> None:
        try:
            resumed = content(run)
        except EchoicError as error:
            self.failures.append(f"{self.name}: {error}")
            return
        names = self.reference.keys() | resumed.keys()
        different = sorted(name for name in names if self.reference.get(name) != resumed.get(name))
        self.failures += [f"{self.name}: {len(different)} parts differ, first {different[0]}"] if different else []


def kill_jobs(folder: Path, kills: int, seed: int) -> tuple[dict[str, int], list[str]]:
    """Kills trainings `kills` times in all, going round the jobs; the kills by job, and the failures."""
    folder.mkdir()
    write_data(folder)
    import_all(folder)
    draw = random.Random(seed)  # noqa: S311
    jobs = [JobKills(name, folder) for name in list(SMALL_JOBS)[:kills]]
    trained = [job for job in jobs if not job.failures]
    while trained and (left := kills - sum(job.kills for job in jobs)) > 0:
        min(trained, key=lambda job: job.kills).attempt(min(draw.randint(1, 3), left), draw)
    return {job.name: job.kills for job in jobs}, [f"jobs {one}" for job in jobs for one in job.failures]
