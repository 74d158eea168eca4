"""Prints pid and random numbers, then what else a process sees of itself; exit code 7. `wait` waits to be killed."""

import os
import random
import signal
import sys
from pathlib import Path

import numpy as np
import torch

from echoic.forks import _Forks

STREAM = ("name", "encoding", "errors", "line_buffering", "write_through")

print(os.getpid(), random.random(), np.random.random(), torch.rand(1).item(), flush=True)  # noqa: NPY002, S311, T201
if sys.argv[1] == "wait":
    signal.pause()
status = dict(line.split(":", 1) for line in Path("/proc/self/status").read_text().splitlines())
for seen in (
    sys.argv[1:],
    Path("/proc/self/cmdline").read_bytes().rstrip(b"\0"),
    Path.cwd(),
    sys.path,
    {name: value for name, value in sorted(os.environ.items()) if name != "_"},
    {name: status[name].strip()[-8:] for name in ("SigBlk", "SigIgn", "SigCgt", "Threads", "Umask")},
    sorted(path.name for path in Path("/proc/self/fd").iterdir())[:-1],
    [[getattr(one, name) for name in STREAM] for one in (sys.stdin, sys.stdout, sys.stderr)],
    [os.getsid(0), os.getpgid(0)],
    _Forks.is_child,
    torch.get_num_threads(),
    __name__,
    "worker_program" in sys.modules,
):
    print(seen)  # noqa: T201
sys.exit(7)
