"""The process of which `forked_processes` makes the commands of tests: `fork_server.py HANDLE PADDING`.

It has imported what they import, uses no threads, and forks itself for each connection to the socket HANDLE. It says
the pid at once and the status at the end; the process stays to be waited for until the other side hangs up. It ends
with its standard input.
"""

import atexit
import contextlib
import ctypes
import gc
import io
import json
import os
import random
import re
import runpy
import selectors
import signal
import socket
import sys
import tempfile
import threading
from importlib import import_module
from pathlib import Path
from typing import Any

import forked_processes
import numpy as np
import torch

from echoic.cli import VERBS
from echoic.jobs import JOBS

PRELOADED = [
    *(f"echoic.cli.{verb}" for verb in VERBS),
    *(f"echoic.jobs.{job}" for job in JOBS),
    "echoic.api.train",
    "echoic.api.training_worker",
    "echoic.studies.worker",
    "optuna",
    "scipy.io",
    "scipy.signal",
    "sqlalchemy",
    "torch.distributed.run",
]
SLEEPING = re.compile("python|jemalloc_bg_thd|polars-ooc-clea")
"""Threads that a fork may lack: jemalloc starts its own again, and polars its own for data beyond the memory."""

FIRST_PATHS = len([sys.path[0], *filter(None, os.environ.get("PYTHONPATH", "").split(os.pathsep))])
PATHS = sys.path[FIRST_PATHS:]


class Server:
    """Forks for each connection, and tells the ends of the children."""

    def __init__(self, listening: socket.socket) -> None:
        self.events = selectors.DefaultSelector()
        self.listening = listening
        self.events.register(listening, selectors.EVENT_READ)
        self.events.register(sys.stdin.fileno(), selectors.EVENT_READ)

    def serve(self) -> tuple[dict[str, Any], list[int]]:
        """Returns in a child, with what was asked for and its standard streams."""
        while True:
            for key, _ in self.events.select():
                if key.fileobj is self.listening:
                    asked = self._fork(self.listening.accept()[0])
                    if asked is not None:
                        return asked
                elif key.data is None:
                    sys.exit()
                else:
                    self._see(key)

    def _fork(self, connection: socket.socket) -> tuple[dict[str, Any], list[int]] | None:
        message, handles, _, _ = socket.recv_fds(connection, 1 << 20, 3)
        if not message:
            connection.close()
            return None
        pid = os.fork()
        if pid == 0:
            for key in list(self.events.get_map().values()):
                if key.data is not None:
                    os.close(key.data[1])
                    key.data[2].close()
            self.events.close()
            self.listening.close()
            connection.close()
            return json.loads(message), handles
        for handle in handles:
            os.close(handle)
        connection.send(str(pid).encode())
        of_process = os.pidfd_open(pid)
        self.events.register(of_process, selectors.EVENT_READ, (pid, of_process, connection))
        return None

    def _see(self, key: selectors.SelectorKey) -> None:
        """A child has ended, or whoever had it started has hung up."""
        pid, of_process, connection = key.data
        if key.fileobj == of_process:
            self.events.unregister(of_process)
            ended = os.waitid(os.P_PID, pid, os.WEXITED | os.WNOWAIT)
            assert ended is not None
            status = ended.si_status << 8 if ended.si_code == os.CLD_EXITED else ended.si_status
            self.events.register(connection, selectors.EVENT_READ, key.data)
            with contextlib.suppress(OSError):  # it has hung up already
                connection.send(str(status).encode())
        else:
            self.events.unregister(connection)
            connection.close()
            os.close(of_process)
            os.waitpid(pid, 0)


def become(asked: dict[str, Any], handles: list[int]) -> None:
    """Gives this child the state of a new process."""
    if asked["session"]:
        os.setsid()
    for number, handle in enumerate(handles):
        os.dup2(handle, number)
    os.closerange(3, max(handles) + 1)
    os.environ.clear()
    os.environ.update(asked["environment"])
    os.chdir(asked["folder"])
    signal.signal(signal.SIGINT, signal.default_int_handler)
    for number in asked["ignored"]:
        signal.signal(number, signal.SIG_IGN)
    for name, number, mode in (("stdin", 0, "r"), ("stdout", 1, "w"), ("stderr", 2, "w")):
        old = getattr(sys, name)
        is_unbuffered = asked["unbuffered"] or old.write_through
        binary: Any = open(number, f"{mode}b", 0 if is_unbuffered and mode == "w" else -1, closefd=False)  # noqa: SIM115
        getattr(binary, "raw", binary).name = old.name
        by_line = not is_unbuffered and (number == 2 or os.isatty(number))
        new = io.TextIOWrapper(binary, old.encoding, old.errors, None, by_line, is_unbuffered)
        setattr(sys, name, new)
        setattr(sys, f"__{name}__", new)
    tempfile.tempdir = None
    random.seed()
    np.random.seed()  # noqa: NPY002
    torch.default_generator.seed()
    import_module("echoic.forks")._Forks.is_child = False
    show(asked["words"])


def show(words: list[str]) -> None:
    """Shows the arguments where other processes look for them."""
    begin, end = map(int, Path("/proc/self/stat").read_text().rpartition(")")[2].split()[45:47])
    text = b"".join(word.encode() + b"\0" for word in [sys.executable, *words])[: end - begin - 1]
    ctypes.memmove(begin, text.ljust(end - begin, b"\0"), end - begin)


def run(words: list[str], environment: dict[str, str]) -> None:
    """As `python WORDS`."""
    given = list(filter(None, environment.get("PYTHONPATH", "").split(os.pathsep)))
    if words[:2] == forked_processes.READER:
        sys.argv = words[1:]
        sys.path[:] = [*given, *PATHS]
        runpy.run_path(words[1], run_name="__main__")
    elif words[0] == "-m":
        sys.argv = words[1:]
        sys.path[:] = [os.getcwd(), *given, *PATHS]  # noqa: PTH109
        if words[1] != "echoic":
            sys.modules.pop(words[1], None)  # its main part has not run yet
        runpy.run_module(words[1], run_name="__main__", alter_sys=True)
    else:
        sys.argv = words
        sys.path[:] = [str(Path(words[0]).resolve().parent), *given, *PATHS]
        runpy.run_path(words[0], run_name="__main__")


def end(code: object) -> None:
    """Ends as the interpreter does, but does not free one by one what was imported, for a third of a second.

    What it cannot write it leaves to the interpreter to say, as it does what is no number.
    """
    threading._shutdown()  # type: ignore[attr-defined]
    atexit._run_exitfuncs()
    try:
        for stream in filter(None, (sys.stdout, sys.stderr)):
            stream.flush()
    except (OSError, ValueError):
        return
    if code is None or isinstance(code, int):
        os._exit((code or 0) & 0xFF)


def main() -> None:
    """Serves; in children, runs what was asked for."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the session ends it
    forked_processes.install(os.environ)
    for name in PRELOADED:
        import_module(name)
    names = {(task / "comm").read_text() for task in Path("/proc/self/task").iterdir()}
    assert all(map(SLEEPING.match, names)), names
    gc.collect()
    gc.freeze()
    listening = socket.socket(fileno=int(sys.argv[1]))
    forked_processes.Server.address = listening.getsockname()  # for what the children start
    asked, handles = Server(listening).serve()
    become(asked, handles)
    try:
        run(asked["words"], asked["environment"])
    except SystemExit as ended:
        end(ended.code)
        raise
    end(0)


if __name__ == "__main__":
    main()
