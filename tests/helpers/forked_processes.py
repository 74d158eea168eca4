"""Commands of `echoic` that tests start: processes forked from a server that has imported them, in place of new ones.

Importing torch takes a process two seconds, and most commands of tests do little else. After `install`,
`subprocess.Popen` has the server of this session (`fork_server.py`) fork what it would start. To whoever starts
it, it is the same process: a pid to signal and kill, pipes, an exit code to wait for, arguments in /proc. Not forked
are all commands that the server has not imported, those whose environment is read while Python or torch start, and
those that something else starts: a shell, asyncio. A forked process ends without freeing what it holds.
"""

import atexit
import json
import os
import re
import secrets
import select
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path
from typing import Any

HELPERS = Path(__file__).parent
ROOT = HELPERS.parents[1]
MODULES = {"echoic", "echoic.studies.worker", "echoic.api.training_worker", "torch.distributed.run"}
SCRIPTS = (ROOT / "benchmarks", ROOT / "tests")
READER = ["-P", str(ROOT / "src/echoic/sources/reader_process.py")]
"""So does echoic.sources start a process that reads a file whose reader can end it."""

HAS_TORCH = find_spec("torch") is not None
"""`scripts/pythons` runs some tests without it."""

READ_AT_START = re.compile(
    r"(OMP|MKL|OPENBLAS|MALLOC|LD|LC|MPL)_|PYTHON|TORCH(?!ELASTIC|_NCCL|INDUCTOR_CACHE_DIR)|LANG|GLIBC_TUNABLES"
)
"""Variables that are read once, by Python, the C library, torch and others; `PYTHONPATH` is read again.

torch's compiler sets the folder of its cache when some test has it imported, and reads it when it compiles.
"""

_New = subprocess.Popen


class Server:
    """The fork server of a session; it starts when it is first needed, with the environment that the session had."""

    address = ""
    environment: dict[str, str] = {}  # noqa: RUF012
    process: subprocess.Popen[bytes] | None = None
    lock = threading.Lock()

    @classmethod
    def begin(cls) -> None:
        """Starts it, if it does not run."""
        with cls.lock:
            if cls.address:
                return
            address = f"\0echoic-tests-{secrets.token_hex(8)}"
            with socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET) as listening:
                listening.bind(address)
                listening.listen(64)
                # Over the last argument the children write theirs.
                command = [sys.executable, str(Path(__file__).with_name("fork_server.py")), str(listening.fileno())]
                cls.process = _New(
                    [*command, " " * 8000],
                    pass_fds=[listening.fileno()],
                    env=cls.environment,
                    cwd=ROOT,
                    stdin=subprocess.PIPE,  # its end tells that the session has ended
                )
            cls.address = address
            atexit.register(cls.end, os.getpid())

    @classmethod
    def end(cls, pid: int) -> None:
        """Ends it with the session, not with a fork of it."""
        if cls.process is not None and os.getpid() == pid:
            cls.process.kill()
            cls.process.__exit__(None, None, None)


def _can_be_forked(words: list[str], environment: dict[str, str]) -> bool:
    """Whether the server has imported the command, for such an environment."""
    if words[0] != sys.executable or len(words) < 3 or not HAS_TORCH:
        return False
    script = Path(words[1])
    is_known = words[1] == "-m" and (words[2] in MODULES or (HELPERS / f"{words[2]}.py").is_file())
    is_known |= words[1:3] == READER
    is_ours = script.suffix == ".py" and any(script.is_relative_to(folder) for folder in SCRIPTS)
    return (is_known or is_ours) and _read_at_start(environment) == _read_at_start(Server.environment)


def _read_at_start(environment: dict[str, str]) -> dict[str, str]:
    return {name: value for name, value in environment.items() if READ_AT_START.match(name) and name != "PYTHONPATH"}


class Forked(_New):  # type: ignore[type-arg]
    """`subprocess.Popen`, with the processes of commands that the server can fork."""

    _connection: socket.socket | None = None

    def _execute_child(
        self, args: Any, executable: Any, preexec_fn: Any, close_fds: Any, pass_fds: Any, cwd: Any, env: Any, *more: Any
    ) -> None:
        _startupinfo, _flags, shell, *pipes = more[:9]
        *_, start_new_session, _group = more
        environment = dict(os.environ if env is None else env)
        words = [os.fsdecode(one) for one in ([args] if isinstance(args, str | bytes | os.PathLike) else args)]
        is_unbuffered = words[1:2] == ["-u"]  # as torchrun starts its processes
        if is_unbuffered:
            del words[1]
        is_plain = not shell and preexec_fn is None and not pass_fds and close_fds
        if not (is_plain and _can_be_forked(words, environment)):
            given = (args, executable, preexec_fn, close_fds, pass_fds, cwd, env, *more)
            super()._execute_child(*given)  # type: ignore[misc]
            return
        Server.begin()
        p2cread, _, _, c2pwrite, _, errwrite = pipes
        request = {
            "words": words[1:],
            "environment": environment,
            "folder": os.path.abspath(os.fsdecode(cwd or ".")),  # noqa: PTH100 - as it is
            "session": bool(start_new_session),
            "unbuffered": is_unbuffered,
            "ignored": [one for one in _ENDING if signal.getsignal(one) is signal.SIG_IGN],
        }
        handles = [number if given == -1 else given for number, given in enumerate((p2cread, c2pwrite, errwrite))]
        connection = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        try:
            connection.connect(Server.address)
            socket.send_fds(connection, [json.dumps(request).encode()], handles)
            self.pid = int(connection.recv(32))
        except (OSError, ValueError):
            connection.close()
            raise
        finally:
            self._close_pipe_fds(*pipes)  # type: ignore[attr-defined]
        self._child_created = True
        self._connection = connection

    def _try_wait(self, wait_flags: int) -> tuple[int, int]:
        if self._connection is None:
            return super()._try_wait(wait_flags)  # type: ignore[misc, no-any-return]
        if not select.select([self._connection], [], [], 0 if wait_flags else None)[0]:
            return 0, 0
        status = int(self._connection.recv(32))
        self._connection.close()  # the server waits for the process, whose pid may be another's then
        return self.pid, status

    def _internal_poll(self, _deadstate: Any = None, **_more: Any) -> Any:
        if self._connection is None:
            return super()._internal_poll(_deadstate)  # type: ignore[misc]
        return super()._internal_poll(_deadstate, _waitpid=lambda _, flags: self._try_wait(flags))  # type: ignore[misc]


_ENDING = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGQUIT)


def install(environment: Mapping[str, str]) -> None:
    """From now on, in this process: commands are forked where they can be."""
    if sys.platform != "linux":
        return
    Server.environment = dict(environment)
    subprocess.Popen = Forked  # type: ignore[misc]


@contextmanager
def without_forking() -> Iterator[None]:
    """For tests of the start itself: starts all processes of the block without forking."""
    before, subprocess.Popen = subprocess.Popen, _New  # type: ignore[misc]
    try:
        yield
    finally:
        subprocess.Popen = before  # type: ignore[misc]


def wait_for_end(process: subprocess.Popen[Any]) -> None:
    """Waits for the end of a process, and leaves it to be waited for."""
    connection = getattr(process, "_connection", None)
    if connection is not None:
        select.select([connection], [], [])
    else:
        os.waitid(os.P_PID, process.pid, os.WEXITED | os.WNOWAIT)
