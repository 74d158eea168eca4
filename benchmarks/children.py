"""Child processes that share what their parent has imported."""

import os
import sys
import traceback
import warnings
from collections.abc import Callable

from echoic.errors import RunError


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
