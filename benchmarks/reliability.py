"""Kills training wherever it can hurt, resumes it, and counts the runs that do not come back bit for bit.

    python benchmarks/reliability.py               # every write, power cut and disk fault; 200 kills at random times
    python benchmarks/reliability.py --only random --kills 1000

The parent imports torch once and forks a child for every attempt; a shim around the file calls of the child counts
them and strikes at a given one. What is compared with a run that nobody disturbed: weights, optimiser, random state
and position in the last checkpoint, the best model, the metrics and the calibration.

    writes   SIGKILL before every file call and in the middle of every write
    power    the same, and everything not yet synced is lost: contents, renames and deletions
    faults   every file call in turn fails as on a full disk, once or from then on
    random   SIGKILL after a random time, up to three times in a row
"""

import argparse
import errno
import io
import json
import os
import random
import shutil
import signal
import sys
import tempfile
import time
import traceback
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any, Self

os.environ["OMP_NUM_THREADS"] = "1"

import torch

import echoic
from echoic.errors import RunError
from echoic.run import RunFolder

DATA = "synth:sine,steps=120"
SETTINGS: dict[str, Any] = {
    "strategy": "recursive",
    "lookback": 10,
    "refit": True,
    "cell": "lstm",
    "layers": (4,),
    "dropout": 0.2,
    "input_noise_std": 0.1,
    "ema_decay": 0.9,
    "threads": 1,
    "epochs": 2,
    "stride": 16,
    "batch_size": 2,
    "checkpoint_interval_s": 1e-9,  # a checkpoint after every step
}
MOST_CALLS = 1000
"""More file calls than a run makes; a loop over them ends when a run comes through."""


class Disk:
    """A shim around the calls that change files below `root`: counts them, and strikes at number `times`.

    `how`: kill (the process ends there), lose and tear (so does the power: what was not synced is undone; with tear,
    renames and deletions happen to be kept), once and full (the call fails, that one or every one from there on).
    """

    def __init__(self, root: Path, at: int = MOST_CALLS, how: str = "kill") -> None:
        self.root = str(root)
        self.at = at
        self.how = how
        self.calls = 0
        self.durable: dict[str, int] = {}
        self.undo: list[tuple[str, Callable[[], None]]] = []
        self.real = {name: getattr(os, name) for name in ("fsync", "replace", "unlink", "mkdir")} | {"open": io.open}

    def install(self) -> None:
        """Puts the shim in place, for the rest of the process."""
        for name in ("fsync", "replace", "unlink", "mkdir"):
            setattr(os, name, getattr(self, name))
        io.open = self.open  # type: ignore[assignment]

    def call(self, name: str) -> None:
        """Counts a call and strikes if it is the one."""
        self.calls += 1
        if self.how in {"once", "full"}:
            if self.calls == self.at or (self.how == "full" and self.calls > self.at and name != "unlink"):
                os.write(2, f"struck {name}\n".encode())
                raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        elif self.calls == self.at:
            self.power_cut()
            os.kill(os.getpid(), signal.SIGKILL)

    def power_cut(self) -> None:
        """Leaves on the disk what a machine without power might."""
        if self.how == "kill":
            return
        for path, size in self.durable.items():
            if Path(path).exists():
                os.truncate(path, size)
        for _, undo in reversed(self.undo) if self.how == "lose" else ():
            undo()

    def open(self, file: Any, mode: str = "r", *args: Any, **kwargs: Any) -> Any:
        """Stands in for `io.open`."""
        path = str(file)
        if not path.startswith(self.root) or mode.strip("bt") == "r":
            return self.real["open"](file, mode, *args, **kwargs)
        self.call("open")
        new = not Path(path).exists()
        opened = self.real["open"](file, mode, *args, **kwargs)
        self.durable.setdefault(path, 0 if "a" not in mode else Path(path).stat().st_size)
        if new:
            self._can_undo(path, lambda: Path(path).exists() and self.real["unlink"](path))
        return Watched(self, opened)

    def fsync(self, handle: int) -> None:
        """Stands in for `os.fsync`."""
        self.call("fsync")
        self.real["fsync"](handle)
        path = str(Path(f"/proc/self/fd/{handle}").readlink())
        if Path(path).is_dir():
            self.undo = [(folder, undo) for folder, undo in self.undo if folder != path]
        else:
            self.durable.pop(path, None)

    def replace(self, source: Any, target: Any) -> None:
        """Stands in for `os.replace`."""
        self.call("replace")
        before = Path(target).read_bytes() if Path(target).exists() else None
        self.real["replace"](source, target)
        if str(source) in self.durable:
            self.durable[str(target)] = self.durable.pop(str(source))
        self._can_undo(str(target), lambda: self._restore(Path(target), before))

    def unlink(self, path: Any, **kwargs: Any) -> None:
        """Stands in for `os.unlink`."""
        self.call("unlink")
        before = Path(path).read_bytes() if Path(path).exists() else None
        self.real["unlink"](path, **kwargs)
        self._can_undo(str(path), lambda: self._restore(Path(path), before))

    def mkdir(self, *args: Any, **kwargs: Any) -> None:
        """Stands in for `os.mkdir`."""
        self.call("mkdir")
        self.real["mkdir"](*args, **kwargs)

    def _can_undo(self, path: str, undo: Callable[[], Any]) -> None:
        self.undo.append((str(Path(path).parent), undo))

    def _restore(self, path: Path, content: bytes | None) -> None:
        if content is not None:
            with self.real["open"](path, "wb") as file:
                file.write(content)
        elif path.exists():
            self.real["unlink"](path)


class Watched:
    """A file opened for writing: a write is two calls, so that it can be struck in its middle."""

    def __init__(self, disk: Disk, file: Any) -> None:
        self.disk, self.file = disk, file

    def write(self, data: bytes) -> int:
        """Writes and flushes half, then the other half."""
        half = len(data) // 2
        for part in (data[:half], data[half:]):
            self.disk.call("write")
            self.file.write(part)
            self.file.flush()
        return len(data)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.file.close()

    def __getattr__(self, name: str) -> Any:
        return getattr(self.file, name)


def train(run: Path) -> None:
    """Trains anew, or goes on if there is a run to go on with: what a user does after a crash."""
    if (run / "config.json").exists():
        echoic.load(run).resume()
    else:
        echoic.train("forecast", DATA, out=run, config=SETTINGS)


def forked(work: Callable[[], None]) -> int:
    """Runs `work` in a child; the process id."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)  # Python 3.12 warns of forks beside threads
        process = os.fork()
    if process:
        return process
    code = 1
    try:
        work()
        code = 0
    except RunError as error:
        print(error, file=sys.stderr)
        code = error.exit_code
    finally:
        if code == 1:
            traceback.print_exc()
        sys.stderr.flush()
        os._exit(code)


def ended(process: int) -> int:
    """Waits for a child; its exit code, or minus the signal that ended it."""
    return os.waitstatus_to_exitcode(os.waitpid(process, 0)[1])


def newest(run: Path) -> int:
    """The step of the newest checkpoint, which must be readable; -1 before the first."""
    if not (run / "config.json").exists():
        return -1
    folder = RunFolder.open(run)
    _, damaged = folder.read_checkpoint()
    if damaged:
        raise RunError(f"a kill left a damaged checkpoint: {damaged}")
    return max((int(path.stem.split("-")[1]) for path in folder.checkpoints.glob("step-*.safetensors")), default=-1)


def content(run: Path) -> dict[str, Any]:
    """All that has to be the same however often training was interrupted."""
    folder = RunFolder.open(run)
    checkpoint, _ = folder.read_checkpoint()
    weights, best = folder.read_model()
    if checkpoint is None:
        raise RunError(f"{run}: has no checkpoint")
    timeless = checkpoint.metadata | {
        "state": {k: v for k, v in checkpoint.metadata["state"].items() if not k.endswith("seconds")}
    }
    tensors = {f"best {name}": tensor for name, tensor in weights.items()} | checkpoint.tensors
    bits = {name: (str(tensor.dtype), tensor.numpy().tobytes()) for name, tensor in tensors.items()}
    files = {name: (run / name).read_bytes() for name in ("metrics.jsonl", "calibration.json", "codec.json")}
    names = sorted(str(path.relative_to(run)) for path in run.rglob("*"))
    return {"position": timeless, "best": best, "names": names} | bits | files


class Range:
    """The undisturbed run, and attempts to break others."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.number = 0
        self.bad: list[str] = []
        self.attempts: dict[str, int] = {}
        reference = folder / "reference"
        calls = self.folder / "calls"
        disk = Disk(reference)

        def undisturbed() -> None:
            disk.install()
            train(reference)
            with disk.real["open"](calls, "w") as file:
                file.write(str(disk.calls))

        train(folder / "warm-up")  # what is loaded and compiled now need not be in every child
        started_at = time.monotonic()
        if ended(forked(undisturbed)):
            sys.exit("The undisturbed run failed.")
        self.seconds = time.monotonic() - started_at
        self.calls = int(calls.read_text())
        self.reference = content(reference)

    def attempt(self, how: str, what: str, disturb: Callable[[Path], list[str]]) -> None:
        """Disturbs a new run, then resumes it and compares."""
        self.number += 1
        run = self.folder / f"run-{self.number}"
        self.attempts[how] = self.attempts.get(how, 0) + 1
        try:
            wrong = disturb(run)
            newest(run)
            if ended(forked(lambda: train(run))):
                wrong.append("the resume failed")
            else:
                here = content(run)
                wrong += [f"{key} differs" for key in self.reference if here.get(key) != self.reference[key]]
        except RunError as error:
            wrong = [str(error)]
        self.bad += [f"{how} {what}: {one}" for one in wrong]
        shutil.rmtree(run, ignore_errors=True)

    def struck(self, run: Path, at: int, how: str) -> list[str]:
        """Trains with the disk striking at a call; what was wrong with how it ended."""
        heard, said = os.pipe()

        def work() -> None:
            os.dup2(said, 2)
            Disk(run, at, how).install()
            tell_of_checkpoints(said)
            train(run)

        code = ended(forked(work))
        os.close(said)
        with open(heard, encoding="utf-8") as file:  # noqa: PTH123
            lines = file.read().splitlines()
        wrong = []
        steps = [int(line.split()[1]) for line in lines if line.startswith("saved ")]
        if steps and newest(run) < steps[-1]:
            wrong.append(f"checkpoint {steps[-1]} was complete, but {newest(run)} is the newest")
        if how in {"once", "full"}:
            message = lines[-1] if lines else ""
            told = code != 0 and "cannot be" in message and "No space left" in message
            harmless = code == 0 and "struck unlink" in lines  # an old checkpoint stays a little longer
            if not told and not harmless:
                wrong.append(f"exit code {code}, message {message!r}")
        elif code != -signal.SIGKILL:
            wrong.append(f"exit code {code}: {lines[-1:]}")
        return wrong

    def strike_everywhere(self, how: str) -> None:
        """One attempt for every file call of a run."""
        for at in range(1, self.calls + 1):
            self.attempt(how, f"at call {at}", lambda run, at=at: self.struck(run, at, how))  # type: ignore[misc]

    def kill_at_random(self, kills: int, seed: int) -> None:
        """Kills after a random time, in chains of one to three."""
        draw = random.Random(seed)  # noqa: S311
        landed = 0
        while landed < kills:
            chain = min(draw.randint(1, 3), kills - landed)

            def disturb(run: Path, chain: int = chain) -> list[str]:
                nonlocal landed
                wrong = []
                before = -1
                for _ in range(chain):
                    process = forked(lambda: train(run))
                    time.sleep(draw.uniform(0, self.seconds))
                    os.kill(process, signal.SIGKILL)
                    landed += ended(process) == -signal.SIGKILL
                    if newest(run) < before:
                        wrong.append(f"fell back from step {before} to {newest(run)}")
                    before = newest(run)
                return wrong

            self.attempt("random", f"chain of {chain}", disturb)
        self.attempts["random"] = landed


def tell_of_checkpoints(pipe: int) -> None:
    """Writes `saved STEP` to a pipe whenever a checkpoint is complete."""
    write = RunFolder.write_checkpoint

    def telling(folder: RunFolder, step: int, checkpoint: Any) -> None:
        write(folder, step, checkpoint)
        os.write(pipe, f"saved {step}\n".encode())

    RunFolder.write_checkpoint = telling  # type: ignore[method-assign]


KINDS = {"writes": ["kill"], "power": ["lose", "tear"], "faults": ["once", "full"]}


def main() -> None:
    """Runs the attempts and prints a line for each kind; exit code 1 if any run did not come back."""
    parser = argparse.ArgumentParser(description="Kill training wherever it can hurt.")
    parser.add_argument("--kills", type=int, default=200, help="kills at random times")
    parser.add_argument("--seed", type=int, default=0, help="seed of the random times")
    parser.add_argument("--only", choices=[*KINDS, "random"], action="append", help="kinds to run; all by default")
    parser.add_argument("--json", action="store_true", help="print the counts as JSON")
    options = parser.parse_args()
    torch.set_num_threads(1)
    memory = Path("/dev/shm")  # noqa: S108 - killing needs no slow disk
    with tempfile.TemporaryDirectory(prefix="echoic-kills-", dir=memory if memory.is_dir() else None) as folder:
        shooting = Range(Path(folder))
        for kind in options.only or [*KINDS, "random"]:
            started_at = time.monotonic()
            if kind == "random":
                shooting.kill_at_random(options.kills, options.seed)
            for how in KINDS.get(kind, ()):
                shooting.strike_everywhere(how)
            if not options.json:
                count = sum(shooting.attempts.get(how, 0) for how in KINDS.get(kind, ["random"]))
                print(f"{kind:8} {count:5} attempts in {time.monotonic() - started_at:.0f} s", flush=True)
    if options.json:
        print(json.dumps({"calls": shooting.calls, "attempts": shooting.attempts, "bad": shooting.bad}))
    else:
        print(f"{sum(shooting.attempts.values())} attempts, {len(shooting.bad)} faults found")
        print("\n".join(shooting.bad))
    sys.exit(1 if shooting.bad else 0)


if __name__ == "__main__":
    main()
