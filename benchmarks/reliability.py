"""Kills training at every critical point, resumes it, and counts the runs that are not bit for bit the same.

    python benchmarks/reliability.py               # every write, power cut and disk fault; 200 kills at random times
    python benchmarks/reliability.py --only random --kills 1000
    python benchmarks/reliability.py --only flips --flips 500

The parent imports torch once and forks a child for each attempt. A shim around the file calls of the child counts
them and fails at a given one. Compared with an undisturbed run: weights, optimiser, random state and trainer state of
the last checkpoint, the best model, the metrics and the calibration.

    writes   SIGKILL before every file call and in the middle of every write
    power    the same, and all data not yet synced are lost: contents, renames and deletions
    faults   each file call in turn fails as on a full disk, once or from then on
    random   SIGKILL after a random time, up to three times in a row
    flips    one bit flipped in a file of a finished run, round all files of runs of three jobs (see bit_flips.py)
"""

import argparse
import errno
import gc
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
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any, NoReturn, Self

os.environ["OMP_NUM_THREADS"] = "1"

import torch

import echoic
from bit_flips import Flips, train_runs
from echoic.errors import RunError
from echoic.run import Checkpoint, RunFolder

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
MAX_CALLS = 1000
"""More file calls than a run makes."""


class FaultyDisk:
    """A shim around the calls that change files below `root`: counts them, and injects a fault at call number `at`.

    `how`: kill (the process is killed), lose and tear (a power cut, too: data not yet synced are undone; with tear,
    renames and deletions are kept), once and full (the call fails: only that one, or all from there on).
    """

    def __init__(self, root: Path, at: int = MAX_CALLS, how: str = "kill") -> None:
        self.root = str(root)
        self.at = at
        self.how = how
        self.calls = 0
        self.durable: dict[str, int] = {}
        self.undo: list[tuple[str, Callable[[], None]]] = []
        self.real = {name: getattr(os, name) for name in ("fsync", "replace", "unlink", "mkdir")} | {"open": io.open}

    def install(self) -> None:
        """Installs the shim for the rest of the process."""
        for name in ("fsync", "replace", "unlink", "mkdir"):
            setattr(os, name, getattr(self, name))
        io.open = self.open

    def call(self, name: str) -> None:
        """Counts a call, and injects the fault if its number has come."""
        self.calls += 1
        if self.how in {"once", "full"}:
            if self.calls == self.at or (self.how == "full" and self.calls > self.at and name != "unlink"):
                os.write(2, f"fault in {name}\n".encode())
                raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        elif self.calls == self.at:
            self.power_cut()
            os.kill(os.getpid(), signal.SIGKILL)

    def power_cut(self) -> None:
        """Leaves the disk in a state that is possible after a power cut."""
        if self.how == "kill":
            return
        for path, size in self.durable.items():
            if Path(path).exists():
                os.truncate(path, size)
        for _, undo in reversed(self.undo) if self.how == "lose" else ():
            undo()

    def open(self, file: Any, mode: str = "r", *args: Any, **kwargs: Any) -> Any:
        """Replaces `io.open`."""
        path = str(file)
        if not path.startswith(self.root) or mode.strip("bt") == "r":
            return self.real["open"](file, mode, *args, **kwargs)
        self.call("open")
        new = not Path(path).exists()
        opened = self.real["open"](file, mode, *args, **kwargs)
        self.durable.setdefault(path, 0 if "a" not in mode else Path(path).stat().st_size)
        if new:
            self._can_undo(path, lambda: Path(path).exists() and self.real["unlink"](path))
        return FaultyFile(self, opened)

    def fsync(self, handle: int) -> None:
        """Replaces `os.fsync`."""
        self.call("fsync")
        self.real["fsync"](handle)
        path = str(Path(f"/proc/self/fd/{handle}").readlink())
        if Path(path).is_dir():
            self.undo = [(folder, undo) for folder, undo in self.undo if folder != path]
        else:
            self.durable.pop(path, None)

    def replace(self, source: Any, target: Any) -> None:
        """Replaces `os.replace`."""
        self.call("replace")
        before = Path(target).read_bytes() if Path(target).exists() else None
        self.real["replace"](source, target)
        if str(source) in self.durable:
            self.durable[str(target)] = self.durable.pop(str(source))
        self._can_undo(str(target), lambda: self._restore(Path(target), before))

    def unlink(self, path: Any, **kwargs: Any) -> None:
        """Replaces `os.unlink`."""
        self.call("unlink")
        before = Path(path).read_bytes() if Path(path).exists() else None
        self.real["unlink"](path, **kwargs)
        self._can_undo(str(path), lambda: self._restore(Path(path), before))

    def mkdir(self, *args: Any, **kwargs: Any) -> None:
        """Replaces `os.mkdir`."""
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


class FaultyFile:
    """A file opened for writing; a write counts as two calls, so that it can be interrupted."""

    def __init__(self, disk: FaultyDisk, file: Any) -> None:
        self.disk, self.file = disk, file

    def write(self, data: bytes) -> int:
        """Writes and flushes each half."""
        half = len(data) // 2
        for chunk in (data[:half], data[half:]):
            self.disk.call("write")
            self.file.write(chunk)
            self.file.flush()
        return len(data)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.file.close()

    def __getattr__(self, name: str) -> Any:
        return getattr(self.file, name)


def train(run: Path) -> None:
    """Resumes the run, or trains if there is none, like a user after a crash."""
    if (run / "config.json").exists():
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # a run that was killed at its end is finished
            echoic.load(run).resume()
    else:
        echoic.train("forecast", DATA, out=run, config=SETTINGS)


def fork(work: Callable[[], None]) -> int:
    """Runs `work` in a child process; its id."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)  # Python 3.12 warns about forks with threads
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


def wait(process: int) -> int:
    """Waits for a child; its exit code, or minus the signal that killed it."""
    return os.waitstatus_to_exitcode(os.waitpid(process, 0)[1])


def newest_step(run: Path) -> int:
    """The step of the newest checkpoint, which must be readable; -1 before the first."""
    if not (run / "config.json").exists():
        return -1
    folder = RunFolder.open(run)
    _, damaged = folder.read_checkpoint()
    if damaged:
        raise RunError(f"a kill left a damaged checkpoint: {damaged}")
    return max((int(path.stem.split("-")[1]) for path in folder.checkpoints.glob("step-*.safetensors")), default=-1)


def content(run: Path) -> dict[str, Any]:
    """The parts of a run that must not depend on interruptions."""
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
    return {"state": timeless, "best": best, "names": names} | bits | files


class Trial:
    """Injects faults into runs, and compares them with an undisturbed run."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.number = 0
        self.failures: list[str] = []
        self.attempts: dict[str, int] = {}
        reference = folder / "reference"
        calls = self.folder / "calls"
        disk = FaultyDisk(reference)

        def undisturbed() -> None:
            disk.install()
            train(reference)
            with disk.real["open"](calls, "w") as file:
                file.write(str(disk.calls))

        train(folder / "warm-up")  # imports and compilation are done once, not in each child
        gc.freeze()  # a collection in a child would copy all memory
        started_at = time.monotonic()
        if wait(fork(undisturbed)):
            sys.exit("The undisturbed run failed.")
        self.seconds = time.monotonic() - started_at
        self.calls = int(calls.read_text())
        self.reference = content(reference)

    def attempt(self, how: str, point: str, disturb: Callable[[Path], list[str]]) -> None:
        """Disturbs a new run, resumes it and compares it."""
        self.number += 1
        run = self.folder / f"run-{self.number}"
        self.attempts[how] = self.attempts.get(how, 0) + 1
        try:
            errors = disturb(run)
            newest_step(run)
            if wait(fork(lambda: train(run))):
                errors.append("the resume failed")
            else:
                resumed = content(run)
                errors += [f"{key} differs" for key in self.reference if resumed.get(key) != self.reference[key]]
        except RunError as error:
            errors = [str(error)]
        self.failures += [f"{how} {point}: {one}" for one in errors]
        shutil.rmtree(run, ignore_errors=True)

    def train_with_fault(self, run: Path, at: int, how: str) -> list[str]:
        """Trains with a fault at call number `at`; the errors found in how training ended."""
        reader, writer = os.pipe()

        def work() -> None:
            os.dup2(writer, 2)
            FaultyDisk(run, at, how).install()
            report_checkpoints(writer)
            train(run)

        code = wait(fork(work))
        os.close(writer)
        with open(reader, encoding="utf-8") as file:  # noqa: PTH123
            lines = file.read().splitlines()
        errors = []
        steps = [int(line.split()[1]) for line in lines if line.startswith("saved ")]
        if steps and newest_step(run) < steps[-1]:
            errors.append(f"checkpoint {steps[-1]} was complete, but {newest_step(run)} is the newest")
        if how in {"once", "full"}:
            message = lines[-1] if lines else ""
            reported = code != 0 and "cannot be" in message and "No space left" in message
            harmless = code == 0 and "fault in unlink" in lines  # an old checkpoint is kept longer
            if not reported and not harmless:
                errors.append(f"exit code {code}, message {message!r}")
        elif code != -signal.SIGKILL:
            errors.append(f"exit code {code}: {lines[-1:]}")
        return errors

    def fail_at_every_call(self, how: str) -> None:
        """One attempt per file call of a run."""
        for at in range(1, self.calls + 1):
            self.attempt(how, f"at call {at}", lambda run, at=at: self.train_with_fault(run, at, how))  # type: ignore[misc]

    def kill_at_random(self, kills: int, seed: int) -> None:
        """Kills training after random times, one to three times in a row."""
        generator = random.Random(seed)  # noqa: S311
        killed = 0
        while killed < kills:
            chain = min(generator.randint(1, 3), kills - killed)

            def disturb(run: Path, chain: int = chain) -> list[str]:
                nonlocal killed
                errors = []
                before = -1
                for _ in range(chain):
                    process = fork(lambda: train(run))
                    time.sleep(generator.uniform(0, self.seconds))
                    os.kill(process, signal.SIGKILL)
                    killed += wait(process) == -signal.SIGKILL
                    if newest_step(run) < before:
                        errors.append(f"fell back from step {before} to {newest_step(run)}")
                    before = newest_step(run)
                return errors

            self.attempt("random", f"chain of {chain}", disturb)
        self.attempts["random"] = killed


def flip_bits(folder: Path, count: int, seed: int) -> tuple[dict[str, int], list[str]]:
    """Flips `count` bits in all; the outcomes by name, and the failures."""
    folder.mkdir()
    outcomes, failures, runs = Counter[str](), list[str](), train_runs(folder)
    for number, run in enumerate(runs):
        flips = Flips(run, seed)
        flips.flip(count * (number + 1) // len(runs) - count * number // len(runs))
        outcomes += flips.outcomes
        failures += [f"{run.name} {one}" for one in flips.failures]
    return dict(outcomes), failures


def report_checkpoints(pipe: int) -> None:
    """Writes `saved STEP` to a pipe whenever a checkpoint is complete."""
    write = RunFolder.write_checkpoint

    def write_and_report(folder: RunFolder, step: int, checkpoint: Checkpoint) -> None:
        write(folder, step, checkpoint)
        os.write(pipe, f"saved {step}\n".encode())

    RunFolder.write_checkpoint = write_and_report  # type: ignore[method-assign, assignment]


KINDS = {"writes": ["kill"], "power": ["lose", "tear"], "faults": ["once", "full"]}


def main() -> None:
    """Runs the attempts and prints a line for each kind; the exit code is 1 if a run failed."""
    parser = argparse.ArgumentParser(description="Kill training at every critical point, and resume it.")
    parser.add_argument("--kills", type=int, default=200, help="kills at random times")
    parser.add_argument("--flips", type=int, default=500, help="flipped bits")
    parser.add_argument("--seed", type=int, default=0, help="seed of the random times")
    parser.add_argument("--epochs", type=int, default=SETTINGS["epochs"], help="epochs of each training")
    parser.add_argument(
        "--only", choices=[*KINDS, "random", "flips"], action="append", help="kinds to run; all by default"
    )
    parser.add_argument("--smoke", action="store_true", help="one kill at a random time, to try the script")
    parser.add_argument("--json", action="store_true", help="print the counts as JSON")
    options = parser.parse_args()
    if options.smoke:
        options.only, options.kills = ["random"], 1
    SETTINGS["epochs"] = options.epochs
    torch.set_num_threads(1)
    memory = Path("/dev/shm")  # noqa: S108 - in memory, to be fast
    with tempfile.TemporaryDirectory(prefix="echoic-kills-", dir=memory if memory.is_dir() else None) as folder:
        kinds = options.only or [*KINDS, "random", "flips"]
        outcomes: dict[str, int] = {}
        flip_failures: list[str] = []
        if "flips" in kinds:
            started_at = time.monotonic()
            outcomes, flip_failures = flip_bits(Path(folder) / "flips", options.flips, options.seed)
            kinds.remove("flips")
            if not options.json:
                print(f"flips    {options.flips:5} in {time.monotonic() - started_at:.0f} s: {outcomes}", flush=True)
        if not kinds:
            end(options.json, {"flips": outcomes}, flip_failures)
        trial = Trial(Path(folder))
        for kind in kinds:
            started_at = time.monotonic()
            if kind == "random":
                trial.kill_at_random(options.kills, options.seed)
            for how in KINDS.get(kind, ()):
                trial.fail_at_every_call(how)
            if not options.json:
                count = sum(trial.attempts.get(how, 0) for how in KINDS.get(kind, ["random"]))
                print(f"{kind:8} {count:5} attempts in {time.monotonic() - started_at:.0f} s", flush=True)
    if not options.json:
        print(f"{sum(trial.attempts.values())} attempts")
    end(
        options.json,
        {"calls": trial.calls, "attempts": trial.attempts, "flips": outcomes},
        trial.failures + flip_failures,
    )


def end(as_json: bool, counts: dict[str, Any], failures: list[str]) -> NoReturn:  # noqa: FBT001
    """Prints the failures, and exits with 1 if there are any."""
    if as_json:
        print(json.dumps(counts | {"failures": failures}))
    else:
        print(f"{len(failures)} failures")
        print("\n".join(failures))
    sys.exit(1 if failures else 0)


if __name__ == "__main__":
    main()
