"""Options of all benchmarks, tables, and sections of RESULTS.md."""

import argparse
import atexit
import platform
import shlex
import shutil
import statistics
import sys
import tempfile
from collections.abc import Iterable, Sequence
from importlib.metadata import version
from pathlib import Path

import miniature

RESULTS = Path(__file__).parent / "RESULTS.md"


def arguments(description: str, seeds: int = 3) -> argparse.ArgumentParser:
    """A parser with the options of all benchmarks."""
    parser = argparse.ArgumentParser(description=description)
    parser.add_argument("--data", type=Path, default=Path("../shared/data"), help="folder of the data sets")
    parser.add_argument("--seeds", type=int, default=seeds, help="number of seeds, starting at 0")
    parser.add_argument("--threads", type=int, default=None, help="CPU threads; default: chosen by torch")
    parser.add_argument("--write", action="store_true", help="write the table to RESULTS.md")
    parser.add_argument("--smoke", action="store_true", help="one short run on tiny synthetic data, to try the script")
    return parser


def parse(parser: argparse.ArgumentParser, *data_sets: str) -> argparse.Namespace:
    """Parses the command line; `--smoke` sets one seed, one thread and synthetic data.

    `overrides` in the result are settings that replace those of the benchmark: with `--smoke` one epoch of a small
    network, otherwise none.

    Args:
        parser: made by `arguments`.
        *data_sets: folders of `--data` that the benchmark reads.
    """
    options = parser.parse_args()
    options.overrides = {}
    if options.smoke:
        if options.write:
            parser.error("--write is not allowed with --smoke, whose results are meaningless; remove one of them")
        options.seeds, options.threads = 1, 1
        options.overrides = {"epochs": 1, "minutes": None, "layers": (8,)}
        options.data = Path(tempfile.mkdtemp(prefix="echoic-benchmarks-"))
        atexit.register(shutil.rmtree, options.data)
        miniature.write(options.data, data_sets)
    return options


def spread(values: Sequence[float], digits: int = 4) -> str:
    """Mean and standard deviation over seeds."""
    mean = statistics.fmean(values)
    return f"{mean:.{digits}f} ± {statistics.stdev(values) if len(values) > 1 else 0.0:.{digits}f}"


def table(headers: Sequence[str], rows: Iterable[Sequence[object]]) -> str:
    """A Markdown table."""
    lines = ["| " + " | ".join(headers) + " |", "|" + " --- |" * len(headers)]
    return "\n".join([*lines, *("| " + " | ".join(str(cell) for cell in row) + " |" for row in rows)])


def publish(name: str, title: str, body: str, *, write: bool) -> None:
    """Prints a section; `write` replaces the section `name` of RESULTS.md with it."""
    command = shlex.join(["python", *(word for word in sys.argv if word != "--write")])
    versions = f"echoic {version('echoic')}, torch {version('torch')}, Python {platform.python_version()}"
    section = f"<!-- {name} -->\n## {title}\n\n`{command}` ({versions})\n\n{body}\n<!-- end {name} -->\n"
    print(section)
    if not write:
        return
    text = RESULTS.read_text() if RESULTS.exists() else "# Measured results\n\n"
    before, begin, rest = text.partition(f"<!-- {name} -->\n")
    after = rest.partition(f"<!-- end {name} -->\n")[2] if begin else ""
    RESULTS.write_text(f"{before}{section}{after}" if begin else f"{text.rstrip()}\n\n{section}")
