"""What every benchmark shares: options, seeds, tables, and its own section of RESULTS.md."""

import argparse
import platform
import statistics
import sys
from collections.abc import Iterable, Sequence
from importlib.metadata import version
from pathlib import Path

RESULTS = Path(__file__).parent / "RESULTS.md"


def arguments(description: str, seeds: int = 3) -> argparse.ArgumentParser:
    """The options of every benchmark."""
    parser = argparse.ArgumentParser(description=description)
    parser.add_argument("--data", type=Path, default=Path("../shared/data"), help="folder of the data sets")
    parser.add_argument("--seeds", type=int, default=seeds, help="how many seeds, from 0 on")
    parser.add_argument("--threads", type=int, default=None, help="CPU threads; torch's choice by default")
    parser.add_argument("--write", action="store_true", help="put the table into RESULTS.md")
    return parser


def spread(values: Sequence[float], digits: int = 4) -> str:
    """Mean and standard deviation over seeds."""
    mean = statistics.fmean(values)
    return f"{mean:.{digits}f} ± {statistics.stdev(values) if len(values) > 1 else 0.0:.{digits}f}"


def table(headers: Sequence[str], rows: Iterable[Sequence[object]]) -> str:
    """A Markdown table."""
    lines = ["| " + " | ".join(headers) + " |", "|" + " --- |" * len(headers)]
    return "\n".join([*lines, *("| " + " | ".join(str(cell) for cell in row) + " |" for row in rows)])


def publish(name: str, title: str, body: str, *, write: bool) -> None:
    """Prints the section `name`, and replaces it in RESULTS.md if asked to."""
    command = "python " + " ".join(sys.argv).replace(" --write", "")
    versions = f"echoic {version('echoic')}, torch {version('torch')}, Python {platform.python_version()}"
    section = f"<!-- {name} -->\n## {title}\n\n`{command}` ({versions})\n\n{body}\n<!-- end {name} -->\n"
    print(section)
    if not write:
        return
    text = RESULTS.read_text() if RESULTS.exists() else "# Measured results\n\n"
    before, begin, rest = text.partition(f"<!-- {name} -->\n")
    after = rest.partition(f"<!-- end {name} -->\n")[2] if begin else ""
    RESULTS.write_text(f"{before}{section}{after}" if begin else f"{text.rstrip()}\n\n{section}")
