"""Trainings that are disturbed, resumed, and compared with an undisturbed one."""

import gc
import os
import random
import shutil
import signal
import sys
import time
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

import echoic
from children import fork, wait
from echoic.errors import RunError
from echoic.run import Checkpoint, RunFolder
from faulty_disk import FaultyDisk

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


def train(run: Path) -> None:
    """Resumes the run, or trains if there is none, like a user after a crash."""
    if (run / "config.json").exists():
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # a run that was killed at its end is finished
            echoic.load(run).resume()
    else:
        echoic.train("forecast", DATA, out=run, config=SETTINGS)


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


def report_checkpoints(pipe: int) -> None:
    """Writes `saved STEP` to a pipe whenever a checkpoint is complete."""
    write = RunFolder.write_checkpoint

    def write_and_report(folder: RunFolder, step: int, checkpoint: Checkpoint) -> None:
        write(folder, step, checkpoint)
        os.write(pipe, f"saved {step}\n".encode())

    RunFolder.write_checkpoint = write_and_report  # type: ignore[method-assign, assignment]


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

    def fail_at_calls(self, how: str, calls: range) -> None:
        """One attempt per file call of a run with a number in `calls`."""
        for at in calls:
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
