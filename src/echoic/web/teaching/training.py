"""Training in a process of its own, beside live streams; the run replaces the one before when it is ready."""

import asyncio
import json
import shutil
import sys
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal, final

from echoic.errors import EchoicError, RunError
from echoic.web.teaching.defaults import SETTINGS
from echoic.write_errors import cannot_be_written

Status = Literal["none", "running", "stopping", "done", "stopped", "failed"]


@final
@dataclass
class Progress:
    """What the page shows of a training.

    Attributes:
        status: none: there was none yet.
        message: why it failed, or what was kept when it was stopped.
        stage: what is done, such as training on train and dev.
        fraction: of the stage that is done.
        evaluations: losses and accuracies so far.
        began_at, ended_at: by the clock of `time.monotonic`.
    """

    status: Status = "none"
    message: str = ""
    stage: str = ""
    fraction: float = 0.0
    evaluations: list[dict[str, float]] = field(default_factory=list)
    began_at: float = 0.0
    ended_at: float | None = None

    def to_json(self) -> dict[str, Any]:
        """Plain JSON values, with the seconds from its begin to its end or now."""
        end = time.monotonic() if self.ended_at is None else self.ended_at
        return {
            "status": self.status,
            "message": self.message,
            "stage": self.stage,
            "fraction": self.fraction,
            "evaluations": self.evaluations,
            "seconds": end - self.began_at if self.status != "none" else 0.0,
        }


@final
class Training:
    """Trains a run on the examples, again and again.

    Args:
        run: the folder of the run.
        examples: the folder of the examples.
        on_run: called, in another thread, when a new run has taken the folder.
    """

    def __init__(self, run: Path, examples: Path, on_run: Callable[[], None]) -> None:
        self._run = run
        self._examples = examples
        self._on_run = on_run
        self._new = run.with_name(f".{run.name}.training")
        self._old = run.with_name(f".{run.name}.before")
        if self._old.exists() and not run.exists():  # a server was killed while it replaced the run
            self._old.rename(run)
        self._process: asyncio.subprocess.Process | None = None
        self._watch: asyncio.Task[None] | None = None
        self.progress = Progress()

    @property
    def is_running(self) -> bool:
        """Whether a training runs."""
        return self.progress.status in ("running", "stopping")

    async def start(self, rate_hz: int) -> None:
        """Starts to train at this sampling rate; the caller knows that none runs.

        Raises:
            RunError: the remains of a training before cannot be removed.
        """
        self.progress = Progress("running", stage="reading the examples", began_at=time.monotonic())
        try:
            _remove(self._new)
            module = "echoic.web.teaching.child"
            settings = json.dumps(SETTINGS | {"rate_hz": rate_hz})
            command = [sys.executable, "-m", module, str(self._examples), str(self._new), settings]
            pipe = asyncio.subprocess.PIPE
            # A session of its own: Ctrl-C ends the server, which ends it.
            self._process = await asyncio.create_subprocess_exec(
                *command, stdin=pipe, stdout=pipe, start_new_session=True
            )
        except OSError as error:
            self.progress = Progress()
            raise RunError(f"The training cannot start: {cannot_be_written(self._new, error)}.") from None
        self._watch = asyncio.create_task(self._follow(self._process))

    def stop(self) -> None:
        """Lets the training stop, and keep the best network so far."""
        if self._process is not None and self.progress.status == "running":
            self.progress.status = "stopping"
            if self._process.stdin is not None:
                self._process.stdin.close()

    async def close(self) -> None:
        """Ends a training without its run, as the server stops."""
        if self._process is not None and self._watch is not None and not self._watch.done():
            self._watch.cancel()
            with suppress(ProcessLookupError):
                self._process.kill()
            await self._process.wait()
            _remove(self._new)

    async def _follow(self, process: asyncio.subprocess.Process) -> None:
        """Reads the lines of the training until it ends."""
        result: dict[str, Any] = {}
        if process.stdout is not None:
            async for raw in process.stdout:
                line = json.loads(raw)
                if "result" in line:
                    result = line
                else:
                    self._show(line)
        await process.wait()
        default = f"The training ended without a result (exit code {process.returncode}); train again."
        status, message = await asyncio.to_thread(self._end, {"result": "failed", "message": default} | result)
        self.progress.status, self.progress.message, self.progress.ended_at = status, message, time.monotonic()

    def _show(self, line: dict[str, Any]) -> None:
        self.progress.stage, self.progress.fraction = line["stage"], line["fraction"]
        if "evaluation" in line:
            self.progress.evaluations.append(line["evaluation"])

    def _end(self, result: dict[str, Any]) -> tuple[Status, str]:
        """Takes over the new run, if there is one; the status, and a sentence for the page."""
        if result["result"] == "failed":
            return "failed", result["message"]
        if not (self._new / "model.safetensors").exists():
            return "stopped", "Stopped before there was a network."
        try:
            self._replace()
            self._on_run()
        except OSError as error:
            return "failed", f"{cannot_be_written(self._run, error)}."
        except EchoicError as error:
            return "failed", str(error)
        return ("done", "") if result["result"] == "done" else ("stopped", "Stopped; the best network so far is kept.")

    def _replace(self) -> None:
        """Puts the new run into the place of the old one."""
        _remove(self._old)
        if self._run.exists():
            self._run.rename(self._old)
        self._new.rename(self._run)
        _remove(self._old)


def _remove(folder: Path) -> None:
    if folder.is_symlink():  # only the link: what it leads to is not ours
        folder.unlink()
    elif folder.exists():
        shutil.rmtree(folder)
