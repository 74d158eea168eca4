"""The command in this process, which has torch loaded already."""

import io
import sys
from contextlib import redirect_stderr, redirect_stdout
from typing import NamedTuple

from echoic.cli import main


class Done(NamedTuple):
    """Exit code, output and errors of a command."""

    code: int
    out: str
    err: str


def run_command(*words: object) -> Done:
    """Runs `echoic WORDS`."""
    before, sys.argv = sys.argv, ["echoic", *map(str, words)]
    code = 0
    try:
        with redirect_stdout(io.StringIO()) as out, redirect_stderr(io.StringIO()) as err:
            main()
    except SystemExit as end:
        code = int(end.code or 0)
    finally:
        sys.argv = before
    return Done(code, out.getvalue(), err.getvalue())
