"""Command lines run in forks of this process, each in its own copy of a folder, and what they left there."""

import os
import pkgutil
import shutil
import sys
import tempfile
import time
import warnings
from collections.abc import Callable
from dataclasses import dataclass, field
from importlib import import_module
from pathlib import Path

import echoic.cli
from children import fork, wait
from command_lines import prepare
from echoic.__main__ import main
from echoic.cli import demo
from job_kills import import_all

OLD = b"what was there before"

OUTPUTS = ["out.csv", "out.parquet", "out.txt", "out.mid", "out.wav", "out.flac", "out.png", "out.pdf", "out.html"]

CHANGING = {"run.lock"}
"""Files that differ from one run of a command to the next."""


@dataclass(frozen=True)
class Done:
    """A command line that has ended: exit code, texts, the time of its end, and what is wrong with what it left."""

    code: int
    out: str
    err: str
    ended_at: float
    problems: list[str] = field(default_factory=list)

    @property
    def failed(self) -> bool:
        """Whether an undisturbed command has failed; `check` ends with 1 where the loss does not fall."""
        checks = self.code == 1 and self.out.startswith("loss of one batch")
        return bool(self.problems) or (self.code != 0 and not checks)


LIBRARIES = ["matplotlib.backends.backend_agg", "matplotlib.backends.backend_pdf", "plotly.graph_objects", "mido"]
"""What the verbs import when they need it."""

Disturb = Callable[[], Callable[[], object]]
"""Prepares a fault in the child process; what it returns is called when the command has ended there."""


def undisturbed() -> Callable[[], object]:
    """Prepares nothing."""
    return lambda: None


class ForkedCommands:
    """Runs command lines in copies of a folder of data and runs, all below `folder`.

    The files that they write are there already.
    """

    def __init__(self, folder: Path) -> None:
        self.base, self.work = folder / "base", folder / "work"
        (folder / "warm-up").mkdir(parents=True)
        for name in [*LIBRARIES, *(one.name for one in pkgutil.walk_packages(echoic.cli.__path__, "echoic.cli."))]:
            import_module(name)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # data as small as these
            import_all(folder / "warm-up")
            # Not in this process: training starts threads, which forks would lack.
            if wait(fork(lambda: prepare(self.base))):
                sys.exit("The runs cannot be made.")
        self.streams = [folder / "stdout", folder / "stderr"]
        self._complete: dict[str, tuple[Done, dict[str, bytes]]] = {}
        tempfile.tempdir = str(self.work / "temporary")

    def complete(self, line: str) -> Done:
        """Runs `line` undisturbed, to know what it prints and leaves."""
        done = self.run(line)
        self._complete[line] = done, tree(self.work)
        return done

    def run(self, line: str, disturb: Disturb = undisturbed) -> Done:
        """Runs `line` after `disturb` in a child process, in a new copy of the folder."""
        shutil.rmtree(self.work, ignore_errors=True)
        shutil.copytree(self.base, self.work)
        (self.work / "temporary").mkdir()
        for name in OUTPUTS:
            (self.work / name).write_bytes(OLD)
        before = tree(self.work)
        process = fork(lambda: self._command(line, disturb))
        code = wait(process)
        ended_at = time.monotonic()
        out, err = (path.read_text(errors="replace") for path in self.streams)
        problems = [*self._left(line, before), *_left_processes(process), *_tracebacks(err)]
        if code == 0 and line in self._complete and out != self._complete[line][0].out:
            problems.append("the result on stdout is another one")
        return Done(code, out, err, ended_at, problems)

    def training_goes_on(self, line: str) -> list[str]:
        """Trains on in the folder that a disturbed training has left, like its user; the problems."""
        if not line.startswith("train"):
            return []
        can_resume = (self.work / "new" / "config.json").exists()
        process = fork(lambda: self._command("train --resume new" if can_resume else line, undisturbed))
        return [f"the next training ended with exit code {code}"] if (code := wait(process)) else []

    def _command(self, line: str, disturb: Disturb) -> None:
        os.setsid()
        os.chdir(self.work)
        for handle, path in zip((1, 2), self.streams, strict=True):
            os.dup2(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC), handle)
        os.environ["XDG_CACHE_HOME"] = str(self.work / "cache")
        demo.SETTINGS |= {"epochs": 1, "stride": 64}
        sys.argv = ["echoic", *line.split()]
        finish = disturb()
        try:
            main()
        except SystemExit as end:
            finish()
            os._exit(int(end.code or 0))

    def _left(self, line: str, before: dict[str, bytes]) -> list[str]:
        """What should not be in the folder: torn, lost and left-over files."""
        after = tree(self.work)
        problems = [f"{name} is left" for name in after if name.endswith(".tmp") or name.startswith("temporary/")]
        if line not in self._complete:
            return problems
        complete = self._complete[line][1]
        problems += [f"{name} is lost" for name in before if name in complete and name not in after]
        for name, content in after.items():
            if content not in (before.get(name), complete.get(name)) and not _may_differ(name):
                problems.append(f"{name} is torn")
        return problems


def _may_differ(name: str) -> bool:
    """Whether a file is the state of a stream or of a run in training, which may have come to any step."""
    folder = name.partition("/")[0]
    return (
        folder in {"new", "demo", "cache"}
        or folder.startswith("stopped-")
        or Path(name).name in CHANGING
        or name == "out.state"
    )


def tree(folder: Path) -> dict[str, bytes]:
    """Every file below a folder."""
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def _left_processes(session: int) -> list[str]:
    """Processes of a session whose leader has ended."""
    stats = [path for path in Path("/proc").glob("[0-9]*/stat") if _session(path) == session]
    return [f"process {path.parent.name} is left" for path in stats]


def _session(stat: Path) -> int:
    try:
        return int(stat.read_text().rpartition(")")[2].split()[3])
    except OSError:
        return -1  # it has ended


def _tracebacks(err: str) -> list[str]:
    """What is wrong with the text on stderr."""
    return [f"{word} on stderr" for word in ("Traceback", "Exception ignored") if word in err]
