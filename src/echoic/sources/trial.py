"""Formats whose readers can end the process on a damaged file are read in a child process first."""

import subprocess
import sys
from pathlib import Path

from echoic.errors import DataError

PARQUET = "import polars; polars.read_parquet(data)"
"""Aborts on some damaged files."""

MATLAB = "from scipy.io import loadmat; loadmat(data)"
"""Ends in a segmentation fault on some damaged files."""

TIMEOUT_S = 600

# An ordinary exception is left to this process, which meets it again and names the place.
_SCRIPT = """
import io, sys
data = io.BytesIO(sys.stdin.buffer.read())
try:
    {statement}
except Exception:
    pass
"""


def survive_reading(path: Path, raw: bytes, statement: str) -> None:
    """Reads `raw`, the bytes of `path`, in a child process by `statement`.

    Raises:
        DataError: that process crashed, or did not end within ten minutes.
    """
    if not sys.executable:
        return  # embedded in another program: there is no interpreter to start
    command = [sys.executable, "-P", "-c", _SCRIPT.format(statement=statement)]
    try:
        code = subprocess.run(  # noqa: S603 (our own script)
            command, input=raw, capture_output=True, check=False, timeout=TIMEOUT_S
        ).returncode
    except subprocess.TimeoutExpired:
        code = -1
    except OSError:
        return  # no process can be started here
    if code:
        raise DataError(f"{path} is damaged (its reader crashed on it); write or copy the file again.")
