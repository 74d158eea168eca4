"""Runs the project's scripts in this process, which has torch loaded already."""

import runpy
import sys
from pathlib import Path


def run_script(script: Path, *arguments: str) -> None:
    """Runs a script as `python SCRIPT ARGUMENTS` would; an exit code other than 0 is an error."""
    before = sys.argv
    sys.argv = [str(script), *arguments]
    try:
        runpy.run_path(str(script), run_name="__main__")
    except SystemExit as end:
        if end.code:
            raise
    finally:
        sys.argv = before
