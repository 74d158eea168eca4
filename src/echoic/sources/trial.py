"""Formats whose readers can end the process on a damaged file are read in a child process first."""

import subprocess
import sys
from pathlib import Path

from echoic.errors import DataError
from echoic.sources.textfile import check_size, most_bytes

PARQUET = """
import polars
lazy = polars.scan_parquet(data)
check(8 * len(lazy.collect_schema()) * lazy.select(polars.len()).collect().item())
polars.read_parquet(data)
"""
"""Aborts on some damaged files."""

MATLAB = """
from scipy.io import loadmat
limit_memory()
loadmat(data)
"""
"""Ends in a segmentation fault on some damaged files."""

TIMEOUT_S = 600

_TOO_LARGE = 3
"""The exit code of a process whose file unpacks to too much."""

# An ordinary exception is left to this process, which meets it again and names the place.
_SCRIPT = """
import io, os, sys
most = int(sys.argv[1])
data = io.BytesIO(sys.stdin.buffer.read())

def check(size):
    if size > most:
        os._exit({code})

def limit_memory():
    try:
        import resource
        used = int(open("/proc/self/statm").read().split()[0]) * resource.getpagesize()
        resource.setrlimit(resource.RLIMIT_AS, (used + most, used + most))
    except (ImportError, OSError, ValueError):
        pass  # another system

try:
    exec({statement!r})
except MemoryError:
    os._exit({code})
except Exception:
    pass
"""


def survive_reading(path: Path, raw: bytes, statement: str) -> None:
    """Reads `raw`, the bytes of `path`, in a child process by `statement`.

    Raises:
        DataError: that process crashed, did not end within ten minutes, or the file unpacks to too much.
    """
    if not sys.executable:
        return  # embedded in another program: there is no interpreter to start
    most = most_bytes(len(raw))
    command = [sys.executable, "-P", "-c", _SCRIPT.format(statement=statement, code=_TOO_LARGE), str(most)]
    try:
        code = subprocess.run(  # noqa: S603 (our own script)
            command, input=raw, capture_output=True, check=False, timeout=TIMEOUT_S
        ).returncode
    except subprocess.TimeoutExpired:
        code = -1
    except OSError:
        return  # no process can be started here
    if code == _TOO_LARGE:
        check_size(path, most + 1, len(raw))
    if code:
        raise DataError(f"{path} is damaged (its reader crashed on it); write or copy the file again.")
