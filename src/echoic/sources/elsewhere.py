"""Reading in a new process, for a forked one in which the threads of polars are lost."""

import multiprocessing
import subprocess
import sys
from importlib import import_module
from multiprocessing.connection import Connection
from typing import TYPE_CHECKING, Any

from echoic.config.base import Section
from echoic.errors import DataError

if TYPE_CHECKING:
    from echoic.sources.base import Dataset

_SCRIPT = "import sys; from echoic.sources.elsewhere import serve; serve(int(sys.argv[1]))"


def read_elsewhere(data: Any, settings: Section) -> "Dataset":
    """As `echoic.sources.read`, in a new process, which takes about a second.

    Raises:
        DataError: the data cannot be read, or cannot be sent to another process.
    """
    if type(data).__module__.startswith("polars") or not sys.executable:
        raise forked("read this table")  # copying it would need those threads, too
    ours, theirs = multiprocessing.Pipe()
    handle = theirs.fileno()
    command = [sys.executable, "-c", _SCRIPT, str(handle)]
    with ours, theirs, subprocess.Popen(command, pass_fds=[handle]):  # noqa: S603 (our own script)
        theirs.close()  # so that the end of that process is noticed
        try:
            ours.send((sys.path, data, settings))
            result = ours.recv()
        except (OSError, EOFError, TypeError, AttributeError, ValueError):
            raise forked("read these data") from None
    if isinstance(result, Exception):
        raise result
    dataset: Dataset = result
    return dataset


def forked(action: str) -> DataError:
    """The error of a process that lost its threads."""
    return DataError(
        f"This process cannot {action}, because it was forked from one that had read tables; start it with "
        'multiprocessing.get_context("spawn").'
    )


def serve(handle: int) -> None:
    """Reads the data that come through the connection `handle`, and sends the data set or the error."""
    with Connection(handle) as connection:
        sys.path[:], data, settings = connection.recv()
        result: Any
        try:
            result = import_module("echoic.sources").read(data, settings)
        except Exception as error:  # noqa: BLE001 (raised again by the parent)
            result = error
        connection.send(result)
